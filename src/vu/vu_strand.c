/*
 * Strands: coroutines of a user beside the one that its iterations run on. They share its client,
 * cookies and tags, outlive the iteration that began them, and end with the user's scenario.
 *
 * What is posted from other threads is a message that carries a function; it belongs to the loop
 * until it was called.
 */
#include <errno.h>

#include "base/mem.h"
#include "vu/vu_priv.h"

struct vu_strand {
    struct list link; /* in the user's strands */
    struct vu *vu;
    struct coro *coro;
    script_strand_fn *fn;
    void *arg;
};

static void strand_run(void *arg)
{
    struct vu_strand *s = arg;
    struct vu *vu = s->vu;

    s->fn(s->arg);
    list_remove(&s->link);
    free(s);
    if (vu->ending && list_empty(&vu->strands))
        coro_wake(vu->ending, 0);
}

int vu_strand_spawn(struct script_host *h, script_strand_fn *fn, void *arg)
{
    struct vu *vu = vu_of(h);
    struct vu_strand *s = xnew(struct vu_strand);

    s->vu = vu;
    s->fn = fn;
    s->arg = arg;
    list_init(&s->link);
    int r =
        coro_spawn(vu->vl->config.loop, vu_stack(vu->vl->config.script), strand_run, s, &s->coro);

    if (r < 0) {
        free(s);
        TRY(r);
    }
    list_add_tail(&vu->strands, &s->link);
    /* It lives as long as its user is being ended: not at all. */
    if (unlikely(vu->ending != NULL))
        coro_cancel(s->coro);
    return 0;
}

void vu_strands_end(struct vu *vu)
{
    struct vu_strand *s;

    vu->ending = coro_self();
    while (!list_empty(&vu->strands)) {
        list_each(s, &vu->strands, link)
            coro_cancel(s->coro);
        ignored(coro_park_firm());
    }
    vu->ending = NULL;
}

struct coro *vu_strand_self(struct script_host *h UNUSED)
{
    return coro_self();
}

int vu_strand_park(struct script_host *h UNUSED, mono_ns due)
{
    int r = coro_park_until(due ? due : MONO_NEVER);

    return r == -ETIMEDOUT ? SCRIPT_E_TIMEOUT : r < 0 ? SCRIPT_E_INTERRUPTED : 0;
}

void vu_strand_wake(struct script_host *h UNUSED, struct coro *strand)
{
    coro_wake(strand, 0);
}

void vu_strand_disturb(struct script_host *h UNUSED, struct coro *strand)
{
    coro_cancel(strand);
}

void vu_strand_settle(struct script_host *h)
{
    struct vu *vu = vu_of(h);
    struct coro *self = coro_self();

    /* Whose user ends, or is interrupted, stays cancelled. */
    if (!vu->ending && !(vu->interrupted && self == vu->coro))
        coro_uncancel(self);
}

/* ---- from other threads ---- */

struct posted {
    struct message message;
    script_posted_fn *fn;
    void *arg;
};

static void posted_run(struct loop *l UNUSED, struct message *m)
{
    struct posted *p = container_of(m, struct posted, message);

    p->fn(p->arg);
    free(p);
}

void vu_post(struct script_host *h, script_posted_fn *fn, void *arg)
{
    struct posted *p = xnew(struct posted);

    p->message.fn = posted_run;
    p->fn = fn;
    p->arg = arg;
    loop_post(vu_of(h)->vl->config.loop, &p->message);
}
