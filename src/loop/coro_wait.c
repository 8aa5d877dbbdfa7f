/* Waiting for a time and for one another, all of it made of park and wake. */
#include <assert.h>
#include <errno.h>

#include "loop/loop_priv.h"

/* ---- for a time ---- */

struct nap {
    struct timer timer;
    struct coro *coro;
};

static void nap_over(struct loop *l UNUSED, struct timer *t)
{
    coro_resume_now(container_of(t, struct nap, timer)->coro, -ETIMEDOUT);
}

int coro_park_until(mono_ns deadline)
{
    struct nap nap = {.coro = coro_self()};

    assert(nap.coro);
    timer_set(nap.coro->loop, &nap.timer, deadline, nap_over);

    int value = coro_park();

    timer_clear(&nap.timer);
    return value;
}

int coro_sleep_until(mono_ns deadline)
{
    int value = coro_park_until(deadline);

    return value == -ETIMEDOUT ? 0 : value;
}

/* ---- for an event ---- */

struct waiter {
    struct list link;
    struct coro *coro;
};

void coro_waitlist_init(struct coro_waitlist *w)
{
    list_init(&w->waiters);
}

int coro_waitlist_wait(struct coro_waitlist *w, mono_ns deadline)
{
    struct waiter self = {.coro = coro_self()};

    list_init(&self.link);
    list_add_tail(&w->waiters, &self.link);

    int value = coro_park_until(deadline);

    list_remove(&self.link);
    return value;
}

size_t coro_waitlist_wake_one(struct coro_waitlist *w, int value)
{
    struct list *link;

    /* One that a timer or cancel has woken already does not count: try the next. */
    while ((link = list_pop(&w->waiters))) {
        if (coro_wake(list_entry(link, struct waiter, link)->coro, value))
            return 1;
    }
    return 0;
}

size_t coro_waitlist_wake_all(struct coro_waitlist *w, int value)
{
    size_t n = 0;

    while (coro_waitlist_wake_one(w, value))
        n++;
    return n;
}

/* ---- for a place ---- */

void coro_semaphore_init(struct coro_semaphore *s, size_t n)
{
    s->n_free = n;
    coro_waitlist_init(&s->waiting);
}

int coro_semaphore_take(struct coro_semaphore *s, mono_ns deadline)
{
    if (coro_cancelled(coro_self()))
        return -ECANCELED;
    if (s->n_free > 0) {
        s->n_free--;
        return 0;
    }
    /* The place is handed over in the wake itself, so that nobody overtakes. */
    int value = coro_waitlist_wait(&s->waiting, deadline);

    return value > 0 ? 0 : value;
}

void coro_semaphore_give(struct coro_semaphore *s)
{
    if (coro_waitlist_wake_one(&s->waiting, 1) == 0)
        s->n_free++;
}

/* ---- for children ---- */

void coro_waitgroup_init(struct coro_waitgroup *g, struct loop *l)
{
    g->loop = l;
    g->waiter = NULL;
    list_init(&g->children);
}

int coro_waitgroup_spawn(struct coro_waitgroup *g, enum coro_stack stack, coro_fn *fn, void *arg)
{
    struct coro *c;

    TRY(coro_spawn(g->loop, stack, fn, arg, &c));
    c->group = g;
    list_add_tail(&g->children, &c->sibling);
    return 0;
}

void coro_waitgroup_cancel(struct coro_waitgroup *g)
{
    struct coro *c;

    list_each(c, &g->children, sibling)
        coro_cancel(c);
}

int coro_waitgroup_wait(struct coro_waitgroup *g)
{
    bool cancelled = false;

    while (!list_empty(&g->children)) {
        g->waiter = coro_self();

        int value = cancelled ? coro_park_firm() : coro_park();

        g->waiter = NULL;
        if (value == -ECANCELED && !cancelled) {
            cancelled = true;
            coro_waitgroup_cancel(g);
        }
    }
    return cancelled ? -ECANCELED : 0;
}
