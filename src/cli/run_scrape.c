#include "cli/run_scrape.h"

#include "base/log.h"
#include "base/mem.h"
#include "cli/main_call.h"
#include "loop/loop.h"
#include "sink/sinks.h"
#include "web/web_server.h"

#define AWAIT_MAX (90 * NS_PER_S)

struct served {
    struct run_scrape *scrape;
    size_t sink;
    struct web_server *server;
    struct main_call *call;
    mono_ns last;  /* when it was scraped; 0: never */
    span_ns apart; /* the last two scrapes; 0: there were no two */
    bool has_seen_end;
};

struct run_scrape {
    struct loop *loop;
    struct sinks *sinks;
    struct served *served;
    size_t n;
    mono_ns ended; /* 0: the run goes on */
};

struct question {
    const struct web_request *req;
    struct web_answer *answer;
};

static void note_scrape(struct served *s)
{
    mono_ns now = loop_clock(s->scrape->loop);

    if (s->last)
        s->apart = now - s->last;
    s->last = now;
    s->has_seen_end |= s->scrape->ended != 0;
}

/* On the main loop. */
static void answer(void *arg, void *question)
{
    struct served *s = arg;
    const struct question *q = question;
    struct web_answer *a = q->answer;

    if (!str_is(q->req->method, "GET")) {
        web_answer_error(a, 405, "Method not allowed", "metrics are read with GET");
        return;
    }
    a->status = 200;
    if (sinks_request(s->scrape->sinks, s->sink, q->req->path, q->req->accept, &a->body,
                      &a->content_type)) {
        note_scrape(s);
    } else {
        web_answer_error(a, 404, "Not found", "metrics are at /metrics");
    }
}

/* On the server's thread. */
static bool ask(void *arg, const struct web_request *req, struct web_answer *ret_answer)
{
    struct question q = {req, ret_answer};

    return main_call_ask(((struct served *)arg)->call, &q);
}

static int serve(struct log *log, struct served *s, const char *address)
{
    struct web_server_config config = {
        .address = address, .option = "output", .is_public = true, .answer = ask, .arg = s};

    s->call = main_call_new(s->scrape->loop, answer, s);
    TRY(web_server_new(&config, &s->server));
    log_info(log, "metrics at http://%s/metrics", web_server_address(s->server));
    return 0;
}

int run_scrape_new(struct log *log, struct loop *loop, struct sinks *sinks,
                   struct run_scrape **ret_scrape)
{
    struct run_scrape *s = xnew(struct run_scrape);

    *ret_scrape = s;
    s->loop = loop;
    s->sinks = sinks;
    s->served = xnew_n(struct served, sinks_count(sinks));
    for (size_t i = 0; i < sinks_count(sinks); i++) {
        struct sinks_status status;

        sinks_status(sinks, i, &status);
        if (!status.listen)
            continue;
        s->served[s->n] = (struct served){.scrape = s, .sink = i};
        TRY(serve(log, &s->served[s->n++], status.listen));
    }
    return 0;
}

bool run_scrape_is_awaited(struct run_scrape *s)
{
    mono_ns now = loop_clock(s->loop);
    bool is_awaited = false;

    s->ended = s->ended ? s->ended : now;
    for (size_t i = 0; i < s->n; i++) {
        const struct served *one = &s->served[i];
        span_ns patience = one->apart + one->apart / 2 + NS_PER_S;

        patience = patience < AWAIT_MAX ? patience : AWAIT_MAX;
        is_awaited |= one->apart && !one->has_seen_end && now < one->last + patience;
    }
    return is_awaited;
}

void run_scrape_close(struct run_scrape *s)
{
    for (size_t i = 0; s && i < s->n; i++) {
        main_call_close(s->served[i].call);
        web_server_free(take(s->served[i].server));
    }
}

void run_scrape_free(struct run_scrape *s)
{
    if (!s)
        return;
    run_scrape_close(s);
    for (size_t i = 0; i < s->n; i++)
        main_call_free(s->served[i].call);
    free(s->served);
    free(s);
}
