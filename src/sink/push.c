/*
 * Delivery: what comes in, its words and its accounts, its beginning and its end.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "sink/push_core.h"

enum {
    MAX_BYTES = 4 << 20,
    QUEUE_BYTES = 64 << 20,
    QUEUE_OVERRUN = 2, /* the queue may be so many times its size while the disk takes it */
};

#define BACKOFF_MIN (250 * NS_PER_MS)
#define BACKOFF_MAX (30 * NS_PER_S)

struct push *push_new(const struct push_config *config, const struct push_host *host,
                      const char *spec)
{
    struct push *p = xnew(struct push);

    p->config = *config;
    p->host = host;
    p->spec = spec;
    p->config.max_bytes = config->max_bytes ? config->max_bytes : MAX_BYTES;
    p->config.queue_bytes = config->queue_bytes ? config->queue_bytes : QUEUE_BYTES;
    p->config.n_senders = config->n_senders ? config->n_senders : 1;
    p->config.backoff_min = config->backoff_min ? config->backoff_min : BACKOFF_MIN;
    p->config.backoff_max = config->backoff_max ? config->backoff_max : BACKOFF_MAX;
    rng_seed(&p->rng, (uint64_t)clock_wall());
    pthread_mutex_init(&p->shared.lock, NULL);
    push_queue_init(&p->shared.queue);
    return p;
}

void push_free(struct push *p)
{
    if (!p)
        return;
    spool_close(p->spool);
    push_queue_fini(&p->shared.queue);
    pthread_mutex_destroy(&p->shared.lock);
    free(p->senders);
    free(p);
}

int push_adopt(struct push *p, struct spool *spool, const char *format)
{
    if (strcmp(p->config.format, format) != 0) {
        return fault(-EINVAL, "%s sends points as %s, and the spool has %s", p->config.label,
                     p->config.format, format);
    }
    p->spool = spool;
    p->shared.produced += spool_points(spool);
    p->shared.spooled += spool_points(spool);
    return 0;
}

/* ---- words ---- */

void push_tell(struct push *p, enum push_say level, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;

    buf_printf(&text, "%s: ", p->config.label);
    va_start(args, fmt);
    ignored(buf_vprintf(&text, fmt, args));
    va_end(args);
    p->host->say(p->host->arg, level, buf_cstr(&text));
    buf_fini(&text);
}

/* Counts dropped points under their cause. True when the cause is new. Under the lock. */
static bool count_cause(struct push *p, const char *text, uint64_t points)
{
    for (size_t i = 0; i < p->shared.n_causes; i++) {
        if (strcmp(p->shared.causes[i].text, text) == 0) {
            p->shared.causes[i].points += points;
            return false;
        }
    }
    if (p->shared.n_causes == PUSH_CAUSES) {
        p->shared.causes[PUSH_CAUSES - 1].points += points;
        return false;
    }
    struct push_cause *c = &p->shared.causes[p->shared.n_causes++];

    snprintf(c->text, sizeof(c->text), "%s",
             p->shared.n_causes == PUSH_CAUSES ? "other causes" : text);
    c->points = points;
    return true;
}

bool push_drop(struct push *p, uint64_t points, const char *cause)
{
    p->shared.dropped += points;
    snprintf(p->shared.trouble, sizeof(p->shared.trouble), "%s", cause);
    return count_cause(p, cause, points);
}

void push_tell_dropped(struct push *p, uint64_t points, const char *cause)
{
    push_tell(p, PUSH_SAY_WARNING, "%s; lost: %llu point%s so far, all are counted in the summary",
              cause, (unsigned long long)points, points == 1 ? "" : "s");
}

/* ---- what comes in ---- */

static void on_wake(struct loop *l UNUSED, struct message *m)
{
    struct push *p = container_of(m, struct push, wake);

    push_lock(p);
    p->shared.posted = false;
    push_unlock(p);
    coro_waitlist_wake_all(&p->work, 0);
    coro_waitlist_wake_all(&p->save, 0);
}

/* Whether the queue takes no more; the disk is given some time to take what is there. */
static bool is_overrun(const struct push *p)
{
    return p->shared.queue.bytes > p->config.queue_bytes * (push_has_disk(p) ? QUEUE_OVERRUN : 1);
}

/* Under the lock: when push_stop has taken the loop away, nobody is still about to post to it. */
static void wake(struct push *p)
{
    if (!p->loop || p->shared.posted)
        return;
    p->shared.posted = true;
    loop_post(p->loop, &p->wake);
}

void push_put(struct push *p, struct batch *b)
{
    static const char cause[] = "the queue in memory is full";
    uint64_t n = b->n_points;
    bool is_new = false;

    if (n == 0)
        return;
    push_lock(p);
    p->shared.produced += n;
    if (is_overrun(p)) {
        is_new = push_drop(p, n, cause);
        batch_reset(b);
    } else {
        push_queue_add(&p->shared.queue, b, p->config.max_points, p->config.max_bytes);
        wake(p);
    }
    push_unlock(p);
    if (is_new)
        push_tell_dropped(p, n, cause);
}

struct push_chunk *push_take_chunk(struct push *p)
{
    push_lock(p);
    struct push_chunk *chunk = push_queue_take(&p->shared.queue);

    p->shared.taken += chunk ? chunk->batch.n_points : 0;
    push_unlock(p);
    return chunk;
}

void push_untake_chunk(struct push *p, struct push_chunk *chunk)
{
    push_lock(p);
    p->shared.taken -= chunk->batch.n_points;
    push_queue_untake(&p->shared.queue, chunk);
    push_unlock(p);
}

/* ---- beginning and end ---- */

int push_start(struct push *p, struct push_clients *clients)
{
    p->loop = loop_self();
    p->clients = clients;
    p->wake.fn = on_wake;
    coro_waitgroup_init(&p->sending, p->loop);
    coro_waitgroup_init(&p->saving, p->loop);
    coro_waitlist_init(&p->work);
    coro_waitlist_init(&p->pause);
    coro_waitlist_init(&p->save);
    coro_semaphore_init(&p->disk, 1);
    p->senders = xnew_n(struct push_sender, p->config.n_senders);
    for (unsigned i = 0; i < p->config.n_senders; i++) {
        p->senders[i].push = p;
        p->senders[i].index = i;
        TRY(coro_waitgroup_spawn(&p->sending, CORO_STACK_MEDIUM, push_run_sender, &p->senders[i]));
    }
    TRY(coro_waitgroup_spawn(&p->saving, CORO_STACK_SMALL, push_run_saver, p));
    return 0;
}

void push_drain(struct push *p)
{
    p->draining = true;
    push_lock(p);
    p->shared.draining = true;
    push_unlock(p);
    coro_waitlist_wake_all(&p->pause, 0);
    coro_waitlist_wake_all(&p->work, 0);
}

bool push_is_drained(struct push *p)
{
    push_lock(p);
    bool nothing = p->shared.queue.points + p->shared.taken + p->shared.spooled == 0;
    bool hopeless = p->shared.blocked;

    push_unlock(p);
    return nothing || hopeless;
}

static void drop_rest(struct push *p)
{
    struct push_chunk *chunk;

    while ((chunk = push_take_chunk(p)))
        push_drop_chunk(p, chunk, "not delivered before the end of the run");
}

void push_stop(struct push *p)
{
    p->stopping = true;
    coro_waitgroup_cancel(&p->sending);
    ignored(coro_waitgroup_wait(&p->sending));
    coro_waitlist_wake_all(&p->save, 0);
    ignored(coro_waitgroup_wait(&p->saving));
    while (push_has_disk(p) && push_save_one(p))
        ;
    drop_rest(p);
    push_lock(p);
    p->loop = NULL;
    push_unlock(p);
}

void push_account(struct push *p, struct sink_account *ret)
{
    push_lock(p);
    *ret = (struct sink_account){
        .produced = p->shared.produced,
        .acknowledged = p->shared.acknowledged,
        .dropped = p->shared.dropped,
        .queued = p->shared.queue.points + p->shared.taken,
        .spooled = p->shared.spooled,
        .bytes = p->shared.bytes,
        .retries = p->shared.retries,
        .trouble = p->shared.trouble[0] ? p->shared.trouble : NULL,
    };
    push_unlock(p);
}

size_t push_causes(const struct push *p, const char **ret_text, uint64_t *ret_points, size_t max)
{
    size_t n = p->shared.n_causes < max ? p->shared.n_causes : max;

    for (size_t i = 0; i < n; i++) {
        ret_text[i] = p->shared.causes[i].text;
        ret_points[i] = p->shared.causes[i].points;
    }
    return n;
}
