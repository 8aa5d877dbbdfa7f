/*
 * A remote worker keeps what it was told last beside the worker that stands for it; sums over all
 * workers grow by the difference.
 */
#include "run/remote.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "metric/tick_codec.h"
#include "run/run_priv.h"

enum {
    PENDING_BYTES_MAX = 256 << 20, /* of ticks that were not merged yet */
};

struct remote_state {
    struct run_remote *remote;
    struct tick_reader *reader;
    struct buf ticks; /* to be merged: each with its length before it */
    struct run_totals totals;
    struct script_stats script;
    struct run_remote_part *parts; /* one per scenario */
};

void remote_init(struct worker *w, struct run_remote *remote)
{
    struct remote_state *s = xnew(struct remote_state);

    s->remote = remote;
    s->ticks = (struct buf)BUF_INIT(PENDING_BYTES_MAX);
    s->parts = xnew_n(struct run_remote_part, w->run->n_scenarios + 1);
    s->reader = tick_reader_new(w->run->snapshot, w->run->config.registry);
    w->remote = s;
}

void remote_fini(struct worker *w)
{
    struct remote_state *s = take(w->remote);

    if (!s)
        return;
    s->remote->ops->quit(s->remote);
    tick_reader_free(s->reader);
    buf_fini(&s->ticks);
    free(s->parts);
    free(s);
}

int remote_open(struct worker *w)
{
    struct run_remote *r = w->remote->remote;

    return r->ops->open(r, w->run, w->index);
}

/* ---- what it is told ---- */

static double rate_of(const struct scenario_run *sr)
{
    return sr->is_rescaled ? sr->rescaled_rate : -1;
}

static void tell_control(struct worker *w)
{
    struct run *run = w->run;
    struct run_remote *r = w->remote->remote;
    scoped(freep) struct run_remote_scale *scales =
        xnew_n(struct run_remote_scale, run->n_scenarios + 1);

    for (size_t i = 0; i < run->n_scenarios; i++) {
        scales[i].vus = atomic_load(&run->scenarios[i].shared.scaled_vus);
        scales[i].rate = rate_of(&run->scenarios[i]);
    }
    atomic_store(&w->shared.control_posted, false);
    r->ops->control(r, run_is_paused(run), scales, run->n_scenarios);
}

void remote_tell(struct worker *w, const struct worker_message *m)
{
    struct run_remote *r = w->remote->remote;

    if (m == &w->start) {
        r->ops->start(r, w->run->setup_data);
    } else if (m == &w->stop || m == &w->stop_again) {
        r->ops->stop(r);
    } else if (m == &w->swap) {
        r->ops->tick(r);
    } else if (m == &w->control) {
        tell_control(w);
    }
}

/* ---- what it has told ---- */

void remote_totals(const struct worker *w, struct run_totals *totals)
{
    const struct run_totals *t = &w->remote->totals;

    totals->complete += t->complete;
    totals->interrupted += t->interrupted;
    totals->vus_active += t->vus_active;
    totals->vus_initialized += t->vus_initialized;
    totals->requests += t->requests;
    totals->in_flight += t->in_flight;
    totals->failed += t->failed;
}

void remote_script_stats(const struct worker *w, struct script_stats *ret_stats)
{
    *ret_stats = w->remote->script;
}

void remote_merge(struct worker *w)
{
    struct remote_state *s = w->remote;
    struct str rest = buf_str(&s->ticks);
    int r = 0;

    while (r == 0 && rest.n) {
        uint64_t n = 0;

        memcpy(&n, rest.p, sizeof(n));
        r = tick_reader_apply(s->reader, str_from(rest.p + sizeof(n), n), 0);
        rest = str_from_index(rest, sizeof(n) + n);
    }
    buf_reset(&s->ticks);
    if (r)
        run_remote_lost(w->run, w->index, "it sent values of series that it never named");
}

static void take_part(const struct worker *w, size_t index, const struct run_remote_part *is)
{
    struct scenario_run *sr = &w->run->scenarios[index];
    struct run_remote_part *was = &w->remote->parts[index];

    atomic_fetch_add(&sr->shared.active, is->active - was->active);
    count_alone(&sr->complete[w->index].n, is->complete - was->complete);
    atomic_fetch_add(&sr->shared.dropped, is->dropped - was->dropped);
    atomic_fetch_add(&sr->shared.next_ticket, is->attempted - was->attempted);
    if (is->is_interrupted)
        atomic_store(&sr->shared.interrupted, true);
    *was = *is;
}

static int define(struct worker *w, struct str bytes)
{
    struct arena arena = {0};
    struct tick_series series;
    int r = 0;

    while (r == 0 && bytes.n) {
        r = tick_get_series(&bytes, &arena, &series);
        if (r == 0)
            r = tick_reader_series(w->remote->reader, &series);
        arena_reset(&arena);
    }
    arena_fini(&arena);
    return r;
}

static int bad(const struct worker *w)
{
    return fault(-EBADMSG, "worker %u sent what is no tick", w->index);
}

int run_remote_tick(struct run *run, unsigned index, const struct run_remote_news *news)
{
    struct worker *w = &run->workers[index];
    uint64_t n = news->tick.n;

    if (!w->remote || news->n_parts != run->n_scenarios)
        return bad(w);
    int r = define(w, news->series);

    if (r)
        return r < 0 ? r : bad(w);
    if (exception_book_learn(run->exceptions, news->exceptions, (int)index))
        return bad(w);
    buf_put(&w->remote->ticks, &n, sizeof(n));
    buf_putstr(&w->remote->ticks, news->tick);
    w->remote->totals = news->totals;
    w->remote->script = news->script;
    w->n_left_out = news->left_out;
    w->health.from = news->from;
    w->health.to = news->to;
    if (news->failed)
        run_fail(run);
    for (size_t i = 0; i < news->n_parts; i++)
        take_part(w, i, &news->parts[i]);
    tick_forget(w);
    return 0;
}

void run_remote_exchanges(struct run *run, unsigned index, struct list *exchanges)
{
    list_splice(&run->workers[index].exchanges, exchanges);
}

void run_remote_ready(struct run *run, unsigned index, int result, const char *text)
{
    struct worker *w = &run->workers[index];

    w->init_result = result;
    snprintf(w->init_text, sizeof(w->init_text), "%s", text);
    w->is_open = result == 0;
    run->n_ready++;
    run_wake(run);
}

static void end_parts(struct run *run)
{
    for (size_t i = 0; i < run->n_scenarios; i++)
        atomic_fetch_sub(&run->scenarios[i].shared.parts_left, 1);
}

void run_remote_done(struct run *run, unsigned index)
{
    struct worker *w = &run->workers[index];

    if (w->is_done)
        return;
    w->is_done = true;
    w->is_open = false; /* its last tick was told */
    tick_forget(w);
    end_parts(run);
    run->n_done++;
    run_wake(run);
}

void run_remote_lost(struct run *run, unsigned index, const char *why)
{
    struct worker *w = &run->workers[index];
    char text[1024];

    if (w->is_done)
        return;
    snprintf(text, sizeof(text), "worker %u is lost: %s", index + 1, why);
    if (!w->is_open) {
        run_remote_ready(run, index, fault(-EIO, "%s", text), text);
        return;
    }
    for (size_t i = 0; i < run->n_scenarios; i++) {
        struct run_remote_part over = w->remote->parts[i];

        over.active = 0;
        over.is_interrupted = true;
        take_part(w, i, &over);
    }
    w->remote->totals.vus_active = w->remote->totals.in_flight = 0;
    if (run->config.go_on_without_lost) {
        run_warn(run, text);
    } else {
        run_stop(run, RUN_STOP_ERROR, str_of(text));
    }
    if (run->stage == RUN_SCENARIOS)
        run_remote_done(run, index);
    w->is_open = false;
    w->is_done = true;
    tick_forget(w);
}
