/* One exchange on a loop of its own; the answer is judged as during a run. */
#include "cli/connection_trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "proto/http.h"
#include "proto/url.h"
#include "sink/connection.h"
#include "sink/graphite_answer.h"
#include "vu/vu_fetch.h"

struct trial {
    const struct connection *to;
    struct loop *loop;
    struct buf authorization;
    struct buf *said;
    struct push_answer answer;
    int result;
};

static int exchange(struct trial *t)
{
    struct http_header headers[] = {{STR("Content-Type"), STR("application/json")},
                                    {STR("Authorization"), buf_str(&t->authorization)}};
    struct url *url = NULL;

    TRY(url_parse(str_of(t->to->endpoint), NULL, &url));
    struct http_request req = {.method = STR("POST"),
                               .url = url,
                               .headers = headers,
                               .n_headers = countof(headers),
                               .body = STR("[]"),
                               .has_body = true,
                               .body_mode = HTTP_BODY_KEEP,
                               .timeout = 10 * NS_PER_S};
    int r = vu_fetch_request(&req, &t->answer.body, &t->answer.status);

    url_unref(url);
    TRY(r);
    if (!t->answer.status)
        return fault(-EIO, "no answer from %s: %s", t->to->endpoint, fault_text());
    return 0;
}

static int judge(const struct trial *t)
{
    struct push_result r = {0};
    scoped(buf_fini) struct buf said = {0};

    graphite_judge(&t->answer, 1, &r);
    push_said(&t->answer, &said, 200);
    /* An old gateway calls an array without points a bad request: it was let in to say so. */
    bool is_in = r.outcome == PUSH_DONE || t->answer.status == 400;

    if (!is_in)
        return fault(-EACCES, "%s", r.reason);
    buf_printf(t->said, "connection '%s' works: %s answered %d%s%s\n", t->to->name, t->to->endpoint,
               t->answer.status, said.len ? ", " : "", said.len ? buf_cstr(&said) : "");
    return 0;
}

static void run_trial(void *arg)
{
    struct trial *t = arg;

    t->result = exchange(t);
    if (t->result == 0)
        t->result = judge(t);
    if (t->result)
        snprintf(t->answer.error, sizeof(t->answer.error), "%s", fault_text());
    loop_stop(t->loop);
}

static int with_loop(struct trial *t)
{
    TRY(loop_new(NULL, &t->loop));
    int r = coro_spawn(t->loop, CORO_STACK_LARGE, run_trial, t, NULL);

    if (r == 0)
        r = loop_run(t->loop);
    loop_free(t->loop);
    TRY(r);
    /* Words belong to the coroutine, which is gone. */
    return t->result ? fault(t->result, "%s", t->answer.error) : 0;
}

static int prepare(struct trial *t)
{
    scoped(buf_fini) struct buf key = {0};

    TRY(connection_check(t->to));
    int r = connection_key(t->to, cli_env, NULL, &key);

    if (r == 0)
        connection_authorization(t->to->username, buf_str(&key), &t->authorization);
    if (key.data)
        explicit_bzero(key.data, key.cap);
    return r;
}

int connection_trial(const struct connection *one, struct buf *ret_text)
{
    struct trial t = {.to = one, .said = ret_text};
    int r = prepare(&t);

    if (r == 0)
        r = with_loop(&t);
    if (t.authorization.data)
        explicit_bzero(t.authorization.data, t.authorization.cap);
    buf_fini(&t.authorization);
    buf_fini(&t.answer.body);
    return r;
}
