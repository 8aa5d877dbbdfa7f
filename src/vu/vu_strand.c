/*
 * Strands: coroutines of a user beside the one that its iterations run on. They share its client,
 * cookies and tags, outlive the iteration that began them, and end with the user's scenario.
 *
 * What is posted from other threads is a message that carries a function; it belongs to the loop
 * until it was called.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

/* ---- descriptors ---- */

struct fd_wait {
    struct watch watch;
    struct coro *coro;
    unsigned wanted;
    bool is_ready;
};

static void fd_ready(struct loop *l UNUSED, struct watch *w, unsigned events)
{
    struct fd_wait *wait = container_of(w, struct fd_wait, watch);

    if (!(events & wait->wanted))
        return;
    wait->is_ready = true;
    coro_resume_now(wait->coro, 0);
}

static int wait_ready(struct loop *l, struct fd_wait *wait, int fd, mono_ns due)
{
    int r = 0;

    TRY(watch_open(l, &wait->watch, fd, fd_ready));
    while (!wait->is_ready && r >= 0)
        r = coro_park_until(due ? due : MONO_NEVER);
    watch_remove(l, &wait->watch);
    if (wait->is_ready)
        return 0;
    return r == -ETIMEDOUT ? SCRIPT_E_TIMEOUT : SCRIPT_E_INTERRUPTED;
}

int vu_strand_wait_fd(struct script_host *h, int fd, enum script_fd what, mono_ns due)
{
    struct fd_wait wait = {.coro = coro_self(),
                           .wanted = what == SCRIPT_FD_READ ? WATCH_READ : WATCH_WRITE};
    /* A number of our own: others may wait for theirs, or close it and have it given anew. */
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (own < 0)
        return fault(-errno, "cannot wait for descriptor %d", fd);
    int r = wait_ready(vu_of(h)->vl->config.loop, &wait, own, due);

    close(own);
    if (r < 0)
        TRY(r);
    return r;
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
