/* Watches as the rest of the program sees them; what they do is the backend's. */
#include <assert.h>
#include <unistd.h>

#include "loop/delivery.h"
#include "loop/loop_priv.h"

int watch_open(struct loop *l, struct watch *w, int fd, watch_fn *fn)
{
    w->fd = fd;
    w->fn = fn;
    w->slot = 0;
    TRY(l->backend->add(l->backend_self, w));
    return 0;
}

void watch_remove(struct loop *l, struct watch *w)
{
    l->backend->remove(l->backend_self, w);
}

void watch_close(struct loop *l, struct watch *w)
{
    /*
     * Closing would do, if the descriptor were the only one. A process that is being started has
     * copies of all until it becomes another program; for so long the kernel would tell of a watch
     * that is gone.
     */
    l->backend->remove(l->backend_self, w);
    close(w->fd);
    w->fd = -1;
}

/* ---- delivery ---- */

int watch_open_stream(struct loop *l, struct watch *w, int fd, watch_fn *fn)
{
    if (!l->backend->delivery)
        return watch_open(l, w, fd, fn);
    w->fd = fd;
    w->fn = fn;
    l->backend->delivery->open(l->backend_self, w);
    return 0;
}

void watch_to_stream(struct loop *l, struct watch *w)
{
    if (!l->backend->delivery || w->slot)
        return;
    l->backend->remove(l->backend_self, w);
    l->backend->delivery->open(l->backend_self, w);
}

bool watch_collected_slow(struct loop *l, const struct watch *w)
{
    return l->backend->delivery->collected(l->backend_self, w);
}

void watch_pause(struct loop *l, struct watch *w)
{
    assert(w->slot);
    l->backend->delivery->pause(l->backend_self, w);
}

void watch_resume(struct loop *l, struct watch *w)
{
    assert(w->slot);
    l->backend->delivery->resume(l->backend_self, w);
}

void watch_from_stream(struct loop *l, struct watch *w)
{
    if (w->slot)
        l->backend->delivery->leave(l->backend_self, w);
}

void watch_send(struct loop *l, struct watch *w, const void *data, size_t n)
{
    assert(w->slot);
    l->backend->delivery->send(l->backend_self, w, data, n);
}

void watch_want_room(struct loop *l, struct watch *w)
{
    assert(w->slot);
    l->backend->delivery->want_room(l->backend_self, w);
}

void watch_settle(struct loop *l)
{
    if (l->backend->delivery)
        l->backend->delivery->settle(l->backend_self, l);
}
