/*
 * Senders take pieces from the queue and see each one through; what fails goes back to where it
 * came from and is tried again after a pause. They prefer what is on disk, for it is older.
 *
 * A delivery is a range of points. One that has to be cut is a stack of ranges, done from the left,
 * so that what is settled (acknowledged or dropped) is always a prefix: the rest is what goes back.
 */
#include <assert.h>
#include <errno.h>

#include "base/duration.h"
#include "base/mem.h"
#include "sink/push_core.h"

enum {
    RANGES = 40,       /* a batch is halved as often as that at most */
    BOUNDED_TRIES = 5, /* of a cause that may be permanent */
    HOPELESS = 100,    /* points refused one by one, and none taken between: the rest goes too */
};

#define BLOCKED_PAUSE (60 * NS_PER_S)
#define DRAIN_PAUSE   NS_PER_S

/* ---- settling ---- */

/* Where the points of a delivery are counted until they are settled. */
enum place {
    IN_MEMORY,
    ON_DISK,
};

struct delivery {
    struct push_sender *sender;
    struct batch_view points;
    enum place place;
    size_t settled; /* up to this point of the batch */
    struct {
        size_t from, to;
    } ranges[RANGES]; /* still to do, the leftmost last */
    size_t n_ranges;
    bool impatient;            /* it was tried often enough: what fails is cut at once */
    struct push_result result; /* the latest */
};

static void leave_place(struct push *p, enum place place, uint64_t n)
{
    uint64_t *from = place == IN_MEMORY ? &p->shared.taken : &p->shared.spooled;

    assert(*from >= n);
    *from -= n;
}

static size_t bytes_of(const struct batch_view *points, size_t from, size_t to)
{
    struct batch_view part = {points->bytes, points->ends, from, to, points->first_at};

    return batch_bytes(&part).n;
}

static void note_back(struct push *p)
{
    char text[DURATION_TEXT_BYTES];

    p->backoff = 0;
    p->tries = 0;
    p->refused = 0;
    if (!p->away_since)
        return;
    span_ns away = loop_now(p->loop) - p->away_since;

    push_tell(p, PUSH_SAY_INFO, "takes points again after %s",
              duration_format(away - away % NS_PER_MS, text));
    p->away_since = 0;
    p->blocked = false;
    coro_waitlist_wake_all(&p->work, 0);
    push_lock(p);
    p->shared.blocked = false;
    push_unlock(p);
}

/* The receiver has [from, to), but for those that it refused. */
static void settle_done(struct delivery *d, size_t from, size_t to)
{
    struct push *p = d->sender->push;
    size_t n = to - from;
    size_t rejected = d->result.n_rejected < n ? d->result.n_rejected : n;
    bool is_new = false;

    push_lock(p);
    leave_place(p, d->place, n);
    p->shared.acknowledged += n - rejected;
    p->shared.bytes += bytes_of(&d->points, from, to);
    if (rejected)
        is_new = push_drop(p, rejected, d->result.reason);
    push_unlock(p);
    if (is_new)
        push_tell_dropped(p, rejected, d->result.reason);
    d->settled = to;
    note_back(p);
}

static void settle_dropped(struct delivery *d, size_t from, size_t to)
{
    struct push *p = d->sender->push;

    push_lock(p);
    leave_place(p, d->place, to - from);
    bool is_new = push_drop(p, to - from, d->result.reason);

    push_unlock(p);
    if (is_new)
        push_tell_dropped(p, to - from, d->result.reason);
    p->refused += to - from;
    p->tries = 0;
    d->settled = to;
}

/* ---- one delivery ---- */

static void push_range(struct delivery *d, size_t from, size_t to)
{
    assert(d->n_ranges < RANGES);
    d->ranges[d->n_ranges].from = from;
    d->ranges[d->n_ranges++].to = to;
}

/* Cuts a range in two, or gives it up when it cannot be or is not worth it. */
static void cut(struct delivery *d, size_t from, size_t to)
{
    struct push *p = d->sender->push;
    size_t middle = from + (to - from) / 2;

    p->tries = 0;
    if (to - from == 1 || p->refused >= HOPELESS) {
        settle_dropped(d, from, to);
        return;
    }
    push_range(d, middle, to);
    push_range(d, from, middle);
}

static bool is_too_large(const struct delivery *d, size_t from, size_t to)
{
    const struct push_config *c = &d->sender->push->config;

    return to - from > 1 && ((c->max_points && to - from > c->max_points) ||
                             bytes_of(&d->points, from, to) > c->max_bytes);
}

/* Tries one range. False when it has to wait: it is back among the ranges then. */
static bool try_range(struct delivery *d, size_t from, size_t to)
{
    struct push *p = d->sender->push;
    struct batch_view part = {d->points.bytes, d->points.ends, from, to, d->points.first_at};

    d->result = (struct push_result){0};
    p->config.send(p->config.arg, &d->sender->wire, &part, &d->result);
    switch (d->result.outcome) {
    case PUSH_DONE:
        settle_done(d, from, to);
        return true;
    case PUSH_SPLIT:
    case PUSH_REFUSED:
        cut(d, from, to);
        return true;
    case PUSH_RETRY:
        if (!d->result.bounded || (!d->impatient && ++p->tries < BOUNDED_TRIES))
            break;
        d->impatient = true;
        cut(d, from, to);
        return true;
    case PUSH_BLOCKED:
        break;
    }
    push_range(d, from, to);
    return false;
}

/* Delivers all of it, or up to where it has to wait: d->settled, and d->result says why. */
static bool deliver(struct delivery *d)
{
    d->settled = d->points.from;
    push_range(d, d->points.from, d->points.to);
    while (d->n_ranges) {
        size_t from = d->ranges[--d->n_ranges].from;
        size_t to = d->ranges[d->n_ranges].to;

        if (d->sender->push->stopping) {
            push_range(d, from, to);
            push_result_set(&d->result, PUSH_RETRY, "the run is over");
            return false;
        }
        if (is_too_large(d, from, to)) {
            push_range(d, from + (to - from) / 2, to);
            push_range(d, from, from + (to - from) / 2);
        } else if (!try_range(d, from, to)) {
            return false;
        }
    }
    return true;
}

/* ---- failing ---- */

static void say_away(struct push *p, const struct push_result *r)
{
    const char *dir = p->host->spool_dir;

    if (r->outcome == PUSH_BLOCKED) {
        push_tell(p, PUSH_SAY_WARNING,
                  push_has_disk(p)
                      ? "%s; this needs mending: points are kept in %s until `brunt spool send`"
                      : "%s; this needs mending: points are kept in memory only%s",
                  r->reason, push_has_disk(p) ? dir : "");
    } else {
        push_tell(p, PUSH_SAY_WARNING, "%s; points wait %s%s, and it is tried again", r->reason,
                  push_has_disk(p) ? "in " : "in memory", push_has_disk(p) ? dir : "");
    }
}

static void note_away(struct push *p, const struct push_result *r)
{
    bool is_news = !p->away_since || (r->outcome == PUSH_BLOCKED && !p->blocked);

    p->blocked = r->outcome == PUSH_BLOCKED;
    if (!p->away_since)
        p->away_since = loop_now(p->loop);
    push_lock(p);
    p->shared.retries++;
    p->shared.blocked = p->blocked;
    if (!p->stopping) /* what was interrupted has another reason */
        snprintf(p->shared.trouble, sizeof(p->shared.trouble), "%s", r->reason);
    push_unlock(p);
    if (is_news && !p->stopping)
        say_away(p, r);
    coro_waitlist_wake_all(&p->save, 0);
}

/* From half of it to all of it, so that many senders do not come back at once. */
static span_ns jitter(struct push *p, span_ns span)
{
    return span / 2 + (span_ns)(rng_unit(&p->rng) * (double)span / 2);
}

static span_ns pause_of(struct push *p, const struct push_result *r)
{
    span_ns step = p->backoff ? p->backoff : p->config.backoff_min;
    span_ns pause = jitter(p, step);

    p->backoff = step * 2 < p->config.backoff_max ? step * 2 : p->config.backoff_max;
    if (r->outcome == PUSH_BLOCKED)
        return BLOCKED_PAUSE;
    if (p->draining && pause > DRAIN_PAUSE)
        pause = DRAIN_PAUSE;
    return pause > r->retry_after ? pause : r->retry_after;
}

/* Waits until it is time to try again; draining ends that. */
static void wait_to_retry(struct push_sender *s, const struct push_result *r)
{
    struct push *p = s->push;
    mono_ns until = loop_clock(p->loop) + pause_of(p, r);

    if (p->blocked && p->draining)
        until = MONO_NEVER;
    while (!p->stopping) {
        if (coro_waitlist_wait(&p->pause, until) == -ETIMEDOUT)
            return;
        if (coro_cancelled(coro_self()) || (p->draining && !p->blocked))
            return;
    }
}

/* ---- from memory ---- */

/* Takes off what is settled. */
static void trim_chunk(struct push_chunk *chunk, size_t settled)
{
    struct batch rest = {.first_at = chunk->batch.first_at};
    struct batch_view view = batch_all(&chunk->batch);

    view.from = settled;
    if (view.from < view.to)
        batch_add(&rest, &view);
    batch_fini(&chunk->batch);
    chunk->batch = rest;
}

static bool is_on_disk(struct push *p)
{
    push_lock(p);
    bool is = p->shared.spooled > 0;

    push_unlock(p);
    return is;
}

/* Several senders have no order to keep: then it may follow the others to disk. */
static void give_back(struct push_sender *s, struct push_chunk *chunk)
{
    if (s->push->config.n_senders == 1 && is_on_disk(s->push)) {
        s->held = chunk; /* older than all that is there */
    } else {
        push_untake_chunk(s->push, chunk);
    }
}

/* While the receiver is away one sender tries whether it is back, and all else goes to disk. */
static bool is_saved_instead(const struct push_sender *s)
{
    return s->index && s->push->away_since && push_has_disk(s->push) && !s->push->disk_broken;
}

static bool send_chunk(struct push_sender *s)
{
    struct push *p = s->push;
    struct push_chunk *chunk = s->held;

    if (!chunk && (p->is_saving || is_saved_instead(s)))
        return false;
    s->held = NULL;
    chunk = chunk ? chunk : push_take_chunk(p);
    if (!chunk)
        return false;
    struct delivery *d = xnew(struct delivery);

    *d = (struct delivery){.sender = s, .points = batch_all(&chunk->batch), .place = IN_MEMORY};
    if (deliver(d)) {
        push_chunk_free(chunk);
    } else {
        trim_chunk(chunk, d->settled);
        give_back(s, chunk);
        note_away(p, &d->result);
        wait_to_retry(s, &d->result);
    }
    free(d);
    return true;
}

/* ---- from disk ---- */

static bool deliver_record(struct push_sender *s, struct batch *batch, uint64_t id)
{
    struct push *p = s->push;
    struct delivery *d = xnew(struct delivery);

    *d = (struct delivery){.sender = s, .points = batch_all(batch), .place = ON_DISK};
    d->points.from = p->settled < d->points.to ? p->settled : d->points.to - 1;
    bool done = deliver(d);

    if (done)
        push_record_done(p, id);
    p->settled = done ? 0 : d->settled;
    if (!done) {
        note_away(p, &d->result);
        wait_to_retry(s, &d->result);
    }
    free(d);
    return true;
}

/* Only the first sender: order is kept on disk. */
static bool send_record(struct push_sender *s)
{
    struct push *p = s->push;
    struct batch batch = {0};
    uint64_t id;
    bool sent = false;

    if (s->index || !is_on_disk(p))
        return false;
    if (push_peek_record(p, &batch, &id) == 0)
        sent = deliver_record(s, &batch, id);
    batch_fini(&batch);
    return sent;
}

void push_run_sender(void *arg)
{
    struct push_sender *s = arg;
    struct push *p = s->push;

    push_wire_init(&s->wire, p->loop, p->clients);
    while (!p->stopping) {
        coro_uncancel(coro_self());
        if ((s->held && send_chunk(s)) || send_record(s) || send_chunk(s))
            continue;
        ignored(coro_waitlist_wait(&p->work, MONO_NEVER));
    }
    if (s->held)
        push_untake_chunk(p, take(s->held));
    push_wire_fini(&s->wire);
}
