/* The toy API of ltlab: fast, slow, failing, computing, waiting. Delays and failures are drawn. */
#include <math.h>

#include "target/target_priv.h"

enum {
    CPU_ROUNDS = 10 * 1000 * 1000,
    N_USERS = 50,
    FAILURE_PERCENT = 30,
};

/* A drawn delay, scaled by --slowness; false when the target is ending. */
static bool sleep_between(struct exchange *x, int64_t min_ms, int64_t max_ms)
{
    int64_t ms = rng_between(&x->worker->rng, min_ms, max_ms);

    return exchange_sleep(
        x, (span_ns)((double)(ms * NS_PER_MS) * x->worker->target->options.slowness));
}

static void answer_ok(struct exchange *x, const char *name, const char *value)
{
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "ok");
    json_put_bool(&j, true);
    json_key(&j, name);
    json_put_cstr(&j, value);
    json_close(&j);
}

void toy_slow(struct exchange *x)
{
    if (sleep_between(x, 500, 2500))
        answer_ok(x, "speed", "slow");
}

void toy_io(struct exchange *x)
{
    if (sleep_between(x, 300, 1500))
        answer_ok(x, "io", "simulated");
}

void toy_error(struct exchange *x)
{
    if (rng_below(&x->worker->rng, 100) < FAILURE_PERCENT) {
        answer_error(x, 500, "Random failure");
        return;
    }
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "ok");
    json_put_bool(&j, true);
    json_close(&j);
}

/* Keeps its worker's loop busy on purpose: that is what this route is for. */
void toy_cpu(struct exchange *x)
{
    struct json_out j = answer_json(x);
    volatile double sum = 0;

    for (int i = 0; i < CPU_ROUNDS; i++)
        sum += sqrt(i);
    json_open_object(&j);
    json_key(&j, "ok");
    json_put_bool(&j, true);
    json_key(&j, "cpu");
    json_put_f64(&j, sum);
    json_close(&j);
}

void make_users(struct buf *body)
{
    buf_putc(body, '[');
    for (int i = 1; i <= N_USERS; i++) {
        buf_printf(body, "%s{\"id\":%d,\"name\":\"User %d\",\"email\":\"user%d@test.com\"}",
                   i > 1 ? "," : "", i, i, i);
    }
    buf_putc(body, ']');
}
