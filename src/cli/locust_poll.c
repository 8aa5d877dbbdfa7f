#include "cli/locust_poll.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "bridge/locust_csv.h"
#include "bridge/locust_tally.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "proto/http.h"
#include "proto/url.h"
#include "vu/vu_fetch.h"

enum {
    TOLD_BYTES = 300, /* of a cause, kept to say it once */
};

struct locust_poll {
    struct locust_poll_config config;
    struct url *url, *page_url, *csv_url;
    struct buf csv;               /* the last table; empty: none */
    double csv_requests;          /* that Locust had counted when it was asked for */
    bool has_no_csv;              /* this version does not have it */
    struct coro_waitgroup asking; /* the coroutine that asks */
    struct locust_stats *stats;   /* the last answer; NULL: none yet, or the last was none */
    mono_ns answered;             /* when it came; 0: never */
    wall_ns answered_wall;
    span_ns took;
    uint64_t polls, failures, restarts;
    double requests;       /* of the answer before, all together */
    wall_ns since;         /* they are counted; 0: before the first answer */
    char told[TOLD_BYTES]; /* the cause that was logged last; "": it answers */
    bool over;
};

/* ---- one exchange ---- */

static int fetch(const struct locust_poll *p, struct url *url, struct str accept,
                 struct buf *ret_body)
{
    struct http_header headers[] = {
        {STR("Accept"), accept},
        {STR("Authorization"), str_of(p->config.authorization ? p->config.authorization : "")}};
    struct http_request req = {.method = STR("GET"),
                               .url = url,
                               .headers = headers,
                               .n_headers = p->config.authorization ? 2 : 1,
                               .body_mode = HTTP_BODY_KEEP,
                               .timeout = p->config.timeout};
    int status;

    TRY(vu_fetch_request(&req, ret_body, &status));
    if (!status)
        return fault(-EIO, "no answer: %s", fault_text());
    if (status == 401 || status == 403)
        return fault(-EACCES, "status %d: it wants a user and a password (--user)", status);
    if (status != 200)
        return fault(-EIO, "status %d", status);
    return 0;
}

static void keep(struct locust_poll *p, struct locust_stats *stats, mono_ns asked)
{
    double requests = locust_requests(stats);

    bool is_first = !p->answered, went_back = requests < p->requests;

    p->restarts += went_back;
    p->requests = requests;
    p->answered = loop_clock(p->config.loop);
    p->answered_wall = clock_wall();
    if (went_back || (is_first && requests == 0))
        p->since = p->answered_wall;
    p->took = p->answered - asked;
    p->stats = stats;
    if (p->told[0])
        log_info(p->config.log, "%s answers again", p->config.url);
    p->told[0] = '\0';
}

/* Said once for each cause, not at each try. */
static void miss(struct locust_poll *p)
{
    p->failures++;
    if (strncmp(p->told, fault_text(), sizeof(p->told) - 1) == 0)
        return;
    snprintf(p->told, sizeof(p->told), "%s", fault_text());
    log_warn(p->config.log, "%s does not tell its statistics: %s", p->config.url, p->told);
}

/* The table is as old as the requests are: while there are no new ones, it is not asked for again.
 */
static void add_quantiles(struct locust_poll *p, struct locust_stats *stats)
{
    double requests = locust_requests(stats);

    if (p->has_no_csv || !locust_csv_is_needed(stats))
        return;
    if (!p->csv.len || requests != p->csv_requests) {
        buf_reset(&p->csv);
        if (fetch(p, p->csv_url, STR("text/csv"), &p->csv) < 0)
            buf_reset(&p->csv);
        p->csv_requests = requests;
    }
    p->has_no_csv = p->csv.len && locust_csv_fill(buf_str(&p->csv), stats) < 0;
}

static void ask(struct locust_poll *p)
{
    scoped(buf_fini) struct buf body = BUF_INIT(LOCUST_STATS_BYTES);
    struct locust_stats *stats = NULL;
    mono_ns asked = loop_clock(p->config.loop);
    int r = fetch(p, p->url, STR("application/json"), &body);

    if (p->over)
        return;
    p->polls++;
    if (r == 0)
        r = locust_stats_read(buf_str(&body), &stats);
    if (r == 0)
        add_quantiles(p, stats);
    if (p->over) {
        locust_stats_free(stats);
        return;
    }
    /* What it said before is not true any more, whether or not there is something new. */
    locust_stats_free(take(p->stats));
    if (r == 0)
        keep(p, stats, asked);
    else
        miss(p);
}

static void poll_coroutine(void *arg)
{
    struct locust_poll *p = arg;
    mono_ns due = loop_clock(p->config.loop);

    while (!p->over) {
        ask(p);
        if (p->config.asked && !p->over)
            p->config.asked(p->config.arg);
        due += p->config.interval;
        if (due < loop_clock(p->config.loop))
            due = loop_now(p->config.loop); /* it was slow: what was missed is not made up for */
        if (p->config.once || p->over || coro_sleep_until(due))
            break;
    }
}

/* ---- beginning and end ---- */

static int make_url(struct locust_poll *p)
{
    size_t n = strlen(p->config.url);

    while (n > 0 && p->config.url[n - 1] == '/')
        n--;
    scoped(freep) char *text = xasprintf("%.*s/stats/requests", (int)n, p->config.url);
    scoped(freep) char *page = xasprintf("%.*s/", (int)n, p->config.url);
    scoped(freep) char *csv = xasprintf("%s/csv", text);

    if (url_parse(str_of(text), NULL, &p->url) < 0 ||
        url_parse(str_of(page), NULL, &p->page_url) < 0 ||
        url_parse(str_of(csv), NULL, &p->csv_url) < 0)
        return fault(FAULT_EXIT(104), "--url %s: %s", p->config.url, fault_text());
    return 0;
}

int locust_poll_new(const struct locust_poll_config *config, struct locust_poll **ret_poll)
{
    struct locust_poll *p = xnew(struct locust_poll);

    p->config = *config;
    p->csv = BUF_INIT(LOCUST_STATS_BYTES);
    coro_waitgroup_init(&p->asking, config->loop);
    int r = make_url(p);

    if (r == 0)
        r = coro_waitgroup_spawn(&p->asking, CORO_STACK_LARGE, poll_coroutine, p);
    if (r < 0) {
        url_unref(p->url);
        url_unref(p->page_url);
        url_unref(p->csv_url);
        free(p);
        return r;
    }
    *ret_poll = p;
    return 0;
}

void locust_poll_source(const struct locust_poll *p, mono_ns now, struct locust_source *ret_source)
{
    /* A slow one is waited for as long as its time-out; then nobody knows. */
    bool is_fresh = p->stats && now - p->answered <= p->config.interval + p->config.timeout;

    *ret_source = (struct locust_source){
        .label = str_of(p->config.label),
        .stats = is_fresh ? p->stats : NULL,
        .polls = p->polls,
        .failures = p->failures,
        .restarts = p->restarts,
        .age = p->answered ? (double)(now - p->answered) / (double)NS_PER_S : -1,
        .took = (double)p->took / (double)NS_PER_S,
        .at = p->answered_wall,
        .since = p->since,
    };
}

struct locust_stats *locust_poll_stats(const struct locust_poll *p)
{
    return p->stats;
}

const char *locust_poll_trouble(const struct locust_poll *p)
{
    return p->told;
}

int locust_poll_page(const struct locust_poll *p, struct buf *ret_html)
{
    return fetch(p, p->page_url, STR("text/html"), ret_html);
}

void locust_poll_wait(struct locust_poll *p)
{
    coro_waitgroup_wait(&p->asking);
}

void locust_poll_stop(struct locust_poll *p)
{
    p->over = true;
    coro_waitgroup_cancel(&p->asking);
    coro_waitgroup_wait(&p->asking);
}

void locust_poll_free(struct locust_poll *p)
{
    if (!p)
        return;
    locust_poll_stop(p);
    locust_stats_free(p->stats);
    url_unref(p->url);
    url_unref(p->page_url);
    url_unref(p->csv_url);
    buf_fini(&p->csv);
    free(p);
}
