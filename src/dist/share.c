#include "dist/share.h"

#include "base/arena.h"
#include "base/mem.h"
#include "dist/channel.h"
#include "dist/share_exchange.h"
#include "dist/share_message.h"
#include "loop/coro.h"
#include "metric/tick_codec.h"
#include "plan/plan.h"
#include "run/control.h"
#include "run/health.h"
#include "run/remote.h"

struct share {
    struct channel *channel;
    struct loop *loop;
    struct run *run; /* NULL: not yet */
    unsigned index, count;
    size_t n_defined; /* series that the other end knows */
    struct buf series, tick, exceptions, message;
    struct arena arena; /* of one message */
    struct run_remote_news news;
    int64_t *vus; /* what scenarios were scaled to; -1: never */
    double *rates;
    bool is_ready, may_go, is_gone;
    struct coro *waiter; /* share_execute(), at its end */
};

/* ---- what it says ---- */

static void send_ready(struct share *s, int result, const char *text)
{
    if (s->is_ready)
        return;
    s->is_ready = true;
    buf_reset(&s->message);
    share_put_ready(&s->message, &(struct share_ready){result, str_of(text)});
    channel_send(s->channel, SHARE_READY, buf_str(&s->message));
}

static void put_measured(struct share *s, struct run_remote_news *news)
{
    const struct snapshot *snapshot = run_snapshot(s->run);
    size_t n;
    struct snap_series *const *all = snapshot_series(snapshot, &n);

    buf_reset(&s->series);
    buf_reset(&s->tick);
    for (; s->n_defined < n; s->n_defined++)
        tick_put_series(all[s->n_defined], 0, &s->series);
    tick_put(snapshot, 0, &s->tick);
    news->series = buf_str(&s->series);
    news->tick = buf_str(&s->tick);
}

static void put_parts(struct share *s, struct run_remote_news *news)
{
    size_t n = run_n_parts(s->run);
    struct run_remote_part *parts = arena_new_n(&s->arena, struct run_remote_part, n + 1);

    for (size_t i = 0; i < n; i++) {
        struct run_part part;

        run_part(s->run, i, &part);
        parts[i] = (struct run_remote_part){
            .active = part.vus_active,
            .complete = part.complete,
            .dropped = part.dropped,
            .attempted = part.attempted,
            .is_interrupted = part.state == RUN_PART_INTERRUPTED,
        };
    }
    news->parts = parts;
    news->n_parts = n;
}

static void send_evidence(struct share *s)
{
    struct list all;
    struct exchange *x;

    list_init(&all);
    run_take_exchanges(s->run, &all);
    buf_reset(&s->message);
    list_each(x, &all, link) {
        share_put_exchange(&s->message, x);
    }
    if (s->message.len)
        channel_send(s->channel, SHARE_EVIDENCE, buf_str(&s->message));
    exchange_list_free(&all);
}

static uint64_t left_out(struct run *run)
{
    struct run_exchanges kept;

    run_exchanges(run, &kept);
    return kept.left_out;
}

static void on_tick(void *arg, struct run *run)
{
    struct share *s = arg;
    struct run_remote_news *news = &s->news;

    send_evidence(s);
    news->failed = run_has_failed(run);
    news->left_out = left_out(run);
    buf_reset(&s->exceptions);
    run_take_exceptions(run, &s->exceptions);
    news->exceptions = buf_str(&s->exceptions);
    arena_reset(&s->arena);
    put_measured(s, news);
    put_parts(s, news);
    run_totals(run, &news->totals);
    run_script_stats(run, &news->script);
    health_of_loop(run, 0, &news->from, &news->to);
    buf_reset(&s->message);
    share_put_news(&s->message, news);
    channel_send(s->channel, SHARE_NEWS, buf_str(&s->message));
}

static void on_ready(void *arg, struct run *run UNUSED)
{
    send_ready(arg, 0, "");
}

/* What the script or this process wants ended, all of it shall end. */
static void on_stop(void *arg, struct run *run UNUSED, enum run_stop why, const char *message)
{
    struct share *s = arg;

    if (why != RUN_STOP_ABORT && why != RUN_STOP_ERROR && why != RUN_STOP_OVER)
        return;
    buf_reset(&s->message);
    buf_putc(&s->message, (char)why);
    buf_puts(&s->message, message ? message : "");
    channel_send(s->channel, SHARE_ASKS_STOP, buf_str(&s->message));
}

/* ---- what it is told ---- */

static uint64_t share_of_users(const struct share *s, int64_t vus)
{
    uint64_t n = (uint64_t)vus;

    return n / s->count + (s->index < n % s->count);
}

/* A change that can't be made any more was made too late, which is no fault. */
static void scale(struct share *s, size_t index, const struct run_remote_scale *to)
{
    struct run_part part;

    run_part(s->run, index, &part);
    struct str name = str_of(part.scenario->name);

    if (to->vus >= 0 && to->vus != s->vus[index])
        ignored(run_scale_vus(s->run, name, share_of_users(s, to->vus), STR("the run")));
    if (to->rate >= 0 && to->rate != s->rates[index])
        ignored(run_scale_rate(s->run, name, to->rate / s->count, STR("the run")));
    s->vus[index] = to->vus;
    s->rates[index] = to->rate;
    fault_clear();
}

static void control(struct share *s, struct str bytes)
{
    struct share_control c;

    arena_reset(&s->arena);
    if (share_get_control(bytes, &s->arena, &c) || c.n != run_n_parts(s->run) || !s->may_go)
        return;
    if (c.paused != run_is_paused(s->run))
        ignored(c.paused ? run_pause(s->run, STR("the run")) : run_resume(s->run, STR("the run")));
    fault_clear();
    for (size_t i = 0; i < c.n; i++)
        scale(s, i, &c.scales[i]);
}

static void start(struct share *s, struct str bytes)
{
    if (bytes.n > 1)
        ignored(run_put_setup_data(s->run, str_from_index(bytes, 1), STR("the run")));
    s->may_go = true;
    ignored(run_resume(s->run, STR("the run")));
    fault_clear();
}

static void end(struct share *s)
{
    s->is_gone = true;
    if (s->run)
        run_stop(s->run, RUN_STOP_SIGNAL, STR("its run is over"));
    if (s->waiter)
        coro_wake(s->waiter, 0);
}

static void on_message(void *arg, unsigned kind, struct str bytes)
{
    struct share *s = arg;

    if (kind == SHARE_QUIT)
        end(s);
    if (!s->run)
        return;
    switch (kind) {
    case SHARE_START:
        start(s, bytes);
        break;
    case SHARE_STOP:
        run_stop(s->run, RUN_STOP_REMOTE, STR("the run"));
        break;
    case SHARE_OVER:
        run_stop(s->run, RUN_STOP_OVER, STR("the run"));
        break;
    case SHARE_TICK:
        run_tick_now(s->run);
        break;
    case SHARE_CONTROL:
        control(s, bytes);
        break;
    default:
        break;
    }
}

/* Load that nobody watches must not go on. */
static void on_closed(void *arg, const char *why UNUSED)
{
    end(arg);
}

/* ---- from beginning to end ---- */

int share_new(struct loop *loop, int fd, unsigned index, unsigned count, struct share **ret_share)
{
    struct share *s = xnew(struct share);
    const struct channel_config config = {
        .loop = loop, .fd = fd, .on_message = on_message, .on_closed = on_closed, .arg = s};
    int r = channel_new(&config, &s->channel);

    if (r < 0) {
        free(s);
        return r;
    }
    s->loop = loop;
    s->index = index;
    s->count = count;
    *ret_share = s;
    return 0;
}

void share_configure(struct share *s, struct run_config *config)
{
    config->share = true;
    config->paused = true;
    config->no_thresholds = true;
    config->n_loops = 1;
    config->on_ready = on_ready;
    config->on_tick = on_tick;
    config->on_stop = on_stop;
    config->arg = s;
}

static void wait_for_end(struct share *s)
{
    s->waiter = coro_self();
    while (!s->is_gone)
        ignored(coro_park_firm());
    s->waiter = NULL;
}

void share_execute(struct share *s, struct run *run)
{
    size_t n = run_n_parts(run);

    s->run = run;
    s->vus = xnew_n(int64_t, n + 1);
    s->rates = xnew_n(double, n + 1);
    for (size_t i = 0; i < n; i++)
        s->vus[i] = -1, s->rates[i] = -1;
    int r = s->is_gone ? 0 : run_execute(run);

    if (r < 0)
        send_ready(s, r, fault_text());
    fault_clear();
    channel_send(s->channel, SHARE_DONE, STR(""));
    wait_for_end(s);
}

void share_refuse(struct share *s, int code, const char *text)
{
    send_ready(s, code, text);
}

void share_free(struct share *s)
{
    if (!s)
        return;
    channel_free(s->channel);
    buf_fini(&s->series);
    buf_fini(&s->tick);
    buf_fini(&s->exceptions);
    buf_fini(&s->message);
    arena_fini(&s->arena);
    free(s->vus);
    free(s->rates);
    free(s);
}
