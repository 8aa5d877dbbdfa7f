/*
 * A window is a ring of slots, the oldest first. A tick goes to the newest slot while that has not
 * reached its length, else to a new one; slots that lie before the window's beginning, by more than
 * half, are emptied and used again, so that a steady state allocates nothing but blocks of
 * histograms, which come from the window's own slab and go back to it.
 */
#include "metric/window.h"

#include <assert.h>

#include "base/mem.h"

struct slot {
    span_ns from; /* the test's duration at its beginning and end */
    span_ns to;
    struct value value;
};

struct window {
    enum metric_type type;
    span_ns span;
    span_ns piece; /* least length of a slot that another follows */
    span_ns now;   /* of the last push */
    struct hist_slab *slab;
    struct slot slots[WINDOW_SLOTS_MAX];
    size_t first, n;
    struct value sum;
};

struct window *window_new(const struct metric *metric, span_ns span)
{
    struct window *w = xnew(struct window);

    assert(span > 0);
    w->type = metric->type;
    w->span = span;
    w->piece = span / WINDOW_PIECES;
    w->slab = hist_slab_new();
    for (size_t i = 0; i < WINDOW_SLOTS_MAX; i++)
        value_init(&w->slots[i].value, metric, w->slab);
    value_init(&w->sum, metric, w->slab);
    return w;
}

void window_free(struct window *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < WINDOW_SLOTS_MAX; i++)
        value_fini(&w->slots[i].value, w->type);
    value_fini(&w->sum, w->type);
    hist_slab_free(w->slab);
    free(w);
}

static struct slot *slot_at(struct window *w, size_t i)
{
    return &w->slots[(w->first + i) % WINDOW_SLOTS_MAX];
}

static void drop_first(struct window *w)
{
    value_clear(&slot_at(w, 0)->value, w->type);
    w->first = (w->first + 1) % WINDOW_SLOTS_MAX;
    w->n--;
}

/* Whether less than half of it is in a window that begins there. Ticks are never quite on time. */
static bool is_over(const struct slot *s, span_ns begin)
{
    return s->from + (s->to - s->from) / 2 <= begin;
}

/* The slot that a tick which ends now belongs to. */
static struct slot *newest(struct window *w, span_ns from, span_ns now)
{
    struct slot *last = w->n ? slot_at(w, w->n - 1) : NULL;

    if (last && (last->to - last->from < w->piece || now == last->to))
        return last;
    if (w->n == WINDOW_SLOTS_MAX)
        drop_first(w);

    struct slot *s = slot_at(w, w->n++);

    s->from = from;
    return s;
}

void window_push(struct window *w, const struct value *delta, span_ns elapsed)
{
    assert(elapsed >= w->now);
    while (w->n && is_over(slot_at(w, 0), elapsed - w->span))
        drop_first(w);

    struct slot *s = newest(w, w->now, elapsed);

    s->to = w->now = elapsed;
    if (delta)
        value_merge(&s->value, delta, w->type);
}

span_ns window_span(const struct window *w)
{
    return w->span;
}

bool window_is_full(const struct window *w)
{
    return w->now >= w->span;
}

void window_range(const struct window *w, span_ns *ret_from, span_ns *ret_to)
{
    *ret_from = w->n ? w->slots[w->first].from : w->now;
    *ret_to = w->now;
}

const struct value *window_sum(struct window *w)
{
    value_clear(&w->sum, w->type);
    for (size_t i = 0; i < w->n; i++)
        value_merge(&w->sum, &slot_at(w, i)->value, w->type);
    return &w->sum;
}
