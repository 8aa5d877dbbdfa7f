/* A table of statuses; a 200 may still say that some points were thrown away. */
#include "sink/graphite_answer.h"

#include "sink/answer_scan.h"

enum {
    SAID_BYTES = 200,
};

static const struct rule {
    int status;
    enum push_outcome outcome;
    bool bounded;
    const char *advice;
} rules[] = {
    /* One bad point spoils the batch. Cut in two until it stands alone. */
    {400, PUSH_REFUSED, false, ""},
    {401, PUSH_BLOCKED, false, "; check ?username= (the instance's number) and ?apiKey="},
    {403, PUSH_BLOCKED, false, "; the access policy needs the scope metrics:write"},
    {404, PUSH_BLOCKED, false, "; the address ends in /graphite/metrics"},
    {415, PUSH_BLOCKED, false, "; something on the way changes the content type"},
    {499, PUSH_RETRY, false, ""},
    /* Also said for points that are too old or out of order: for ever, then. */
    {500, PUSH_RETRY, true, ""},
};

static void judge_stored(const struct push_answer *answer, size_t n_points, struct push_result *r)
{
    struct str body = buf_str(&answer->body);
    struct buf why = {0};
    uint64_t n = 0;

    if (!answer_u64(body, "invalid", &n) || n == 0) {
        push_result_set(r, PUSH_DONE, "%s", "");
        return;
    }
    if (!answer_first_key(body, "validationerrors", &why))
        buf_puts(&why, "no reason given");
    push_result_set(r, PUSH_DONE, "the gateway found points invalid: %.*s",
                    (int)(why.len < SAID_BYTES ? why.len : SAID_BYTES), why.data);
    r->n_rejected = n < n_points ? (size_t)n : n_points;
    for (char *p = r->reason; *p; p++)
        *p = (char)((unsigned char)*p < 0x20 || *p == 0x7f ? ' ' : *p);
    buf_fini(&why);
}

void graphite_judge(const struct push_answer *answer, size_t n_points, struct push_result *r)
{
    struct buf said = {0};

    *r = (struct push_result){0};
    if (answer->status / 100 == 2) {
        judge_stored(answer, n_points, r);
        return;
    }
    push_http_judge(answer, r);
    push_said(answer, &said, SAID_BYTES);
    for (size_t i = 0; i < countof(rules); i++) {
        if (rules[i].status != answer->status)
            continue;
        span_ns retry_after = r->retry_after;

        push_result_set(r, rules[i].outcome, "Grafana publish failed with status %d%s%.*s%s",
                        answer->status, said.len ? ": " : "", STR_ARG(buf_str(&said)),
                        rules[i].advice);
        r->bounded = rules[i].bounded;
        r->retry_after = retry_after;
    }
    buf_fini(&said);
}
