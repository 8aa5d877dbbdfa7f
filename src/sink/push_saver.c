/*
 * While the receiver is away, or does not keep up, the saver moves the queue to disk, oldest first.
 * All use of the spool is here: one at a time, on a helper thread.
 */
#include "base/mem.h"
#include "sink/push_core.h"

struct disk_work {
    struct push *push;
    const struct batch_view *points; /* to append */
    struct batch *batch;             /* to fill */
    uint64_t id;
};

static int do_append(void *arg)
{
    struct disk_work *w = arg;
    struct push *p = w->push;

    if (!p->spool) {
        struct spool_config config = {.dir = p->host->spool_dir,
                                      .run = p->host->run,
                                      .label = p->config.label,
                                      .format = p->config.format,
                                      .spec = p->spec,
                                      .max_bytes = p->host->spool_bytes};

        TRY(spool_open(&config, &p->spool));
    }
    return spool_append(p->spool, w->points);
}

static int do_peek(void *arg)
{
    struct disk_work *w = arg;

    return spool_peek(w->push->spool, w->batch, &w->id);
}

static int do_done(void *arg)
{
    struct disk_work *w = arg;

    return spool_done(w->push->spool, w->id);
}

static int on_disk(struct push *p, offload_fn *fn, struct disk_work *work)
{
    /* Being cancelled ends a delivery, not this: `stopping` is what ends the coroutine. */
    while (coro_semaphore_take(&p->disk, MONO_NEVER))
        coro_uncancel(coro_self());
    int r = loop_offload(p->loop, fn, work);

    coro_semaphore_give(&p->disk);
    return r;
}

static void complain_of_disk(struct push *p)
{
    if (!p->disk_broken)
        push_tell(p, PUSH_SAY_WARNING, "the spool cannot be used: %s", fault_text());
    p->disk_broken = true;
}

/* Points that were written and cannot be read again are lost. */
static void count_damaged(struct push *p, bool is_empty)
{
    static const char cause[] = "a record of the spool was damaged";
    uint64_t n = spool_damaged(p->spool) - p->damaged;

    p->damaged += n;
    push_lock(p);
    n = n > p->shared.spooled || is_empty ? p->shared.spooled : n;
    p->shared.spooled -= n;
    if (!n) {
        push_unlock(p);
        return;
    }
    bool is_new = push_drop(p, n, cause);

    push_unlock(p);
    if (is_new)
        push_tell_dropped(p, n, cause);
}

int push_peek_record(struct push *p, struct batch *ret_batch, uint64_t *ret_id)
{
    struct disk_work work = {.push = p, .batch = ret_batch};
    int r = on_disk(p, do_peek, &work);

    count_damaged(p, r == SPOOL_E_EMPTY);
    if (r < 0)
        complain_of_disk(p);
    *ret_id = work.id;
    return r;
}

void push_record_done(struct push *p, uint64_t id)
{
    struct disk_work work = {.push = p, .id = id};

    if (on_disk(p, do_done, &work))
        complain_of_disk(p);
}

/* ---- to disk ---- */

/* Whether what is in memory is safer on disk. */
static bool wants_saving(struct push *p)
{
    if (!push_has_disk(p))
        return false;
    push_lock(p);
    bool behind = p->shared.queue.bytes > p->config.queue_bytes / 2;

    push_unlock(p);
    return behind || p->away_since || p->stopping;
}

void push_drop_chunk(struct push *p, struct push_chunk *chunk, const char *cause)
{
    uint64_t n = chunk->batch.n_points;

    push_lock(p);
    p->shared.taken -= n;
    bool is_new = push_drop(p, n, cause);

    push_unlock(p);
    if (is_new)
        push_tell_dropped(p, n, cause);
    push_chunk_free(chunk);
}

static void chunk_saved(struct push *p, struct push_chunk *chunk)
{
    push_lock(p);
    p->shared.taken -= chunk->batch.n_points;
    p->shared.spooled += chunk->batch.n_points;
    push_unlock(p);
    push_chunk_free(chunk);
}

/* The disk does not take it: kept in memory, while there is room and time. */
static bool chunk_unsaved(struct push *p, struct push_chunk *chunk)
{
    complain_of_disk(p);
    push_lock(p);
    bool has_room = p->shared.queue.bytes <= p->config.queue_bytes;

    push_unlock(p);
    if (has_room && !p->stopping) {
        push_untake_chunk(p, chunk);
        return false;
    }
    push_drop_chunk(p, chunk, "the spool cannot be written");
    return true;
}

/* Moves the oldest piece to disk. False when there is nothing to move, or it cannot be. */
bool push_save_one(struct push *p)
{
    struct push_chunk *chunk = push_take_chunk(p);
    struct disk_work work = {.push = p};
    bool moved = true;

    if (!chunk)
        return false;
    struct batch_view all = batch_all(&chunk->batch);

    work.points = &all;
    p->is_saving = true;
    int r = on_disk(p, do_append, &work);

    p->is_saving = false;
    if (r == 0) {
        chunk_saved(p, chunk);
    } else if (r == SPOOL_E_FULL) {
        push_drop_chunk(p, chunk, "the spool is full");
    } else {
        moved = chunk_unsaved(p, chunk);
    }
    coro_waitlist_wake_all(&p->work, 0);
    return moved;
}

void push_run_saver(void *arg)
{
    struct push *p = arg;

    while (!p->stopping) {
        if (!wants_saving(p) || !push_save_one(p))
            ignored(coro_waitlist_wait(&p->save, MONO_NEVER));
    }
}
