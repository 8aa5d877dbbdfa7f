/*
 * The io_uring backend: streams through the ring, everything else through an epoll descriptor
 * inside, which the ring watches.
 *
 * A stream has one receive armed for good (multishot) that takes its memory from the loop's common
 * buffers; its sends are queued in the last phase of a turn and given to the kernel together. A
 * send that went well makes no completion, so after that one call those without are done. So a turn
 * costs one system call while there are answers, however many requests it holds.
 *
 * Completions are collected into `arrivals` right after each call into the kernel, and handed out
 * in the next turn. They name a slot and its generation, never a watch: what a closed stream left
 * in the kernel finds nobody.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/loop_priv.h"
#include "loop/uring.h"

/* What a completion is of: the lowest two bits of its user_data. */
enum op {
    OP_RECV,
    OP_ROOM,  /* the socket can be written to */
    OP_SEND,  /* the number is its place in the batch, the generation that of the batch */
    OP_SELF,  /* the backend's own */
    OP_LEFT,  /* of no request: a stream that leaves has nothing collected any more */
    OP_AGAIN, /* of no request: a receive that was over is to be armed again */
};

enum self_op {
    SELF_EPOLL,
    SELF_CANCEL,
};

enum {
    SLOT_ARMED = 1 << 0,  /* the kernel has a receive */
    SLOT_WANTED = 1 << 1, /* it should have */
    SLOT_ENDED = 1 << 2,  /* the end or a failure was collected */
    SLOT_ROOM = 1 << 3,   /* the kernel looks for room to write */
    SLOT_LEAVES = 1 << 4, /* for epoll, once the receive is cancelled */
};

/* What the kernel's completions find a stream by. */
struct slot {
    union {
        struct watch *watch; /* in use */
        uint32_t next_free;
    };
    uint32_t generation;
    uint16_t n_collected; /* receives in `arrivals` */
    uint8_t flags;
    uint8_t
        queued_at; /* the ring's n_submits when a request that names the descriptor was queued */
};

struct arrival {
    uint32_t slot;
    uint32_t generation;
    int32_t result;
    uint16_t buffer;
    uint8_t op;
    bool has_buffer;
};

struct sending {
    struct watch *watch; /* NULL: it was closed */
    ssize_t result;
};

struct uring_backend {
    struct uring ring;
    void *epoll; /* a struct epoll_backend */
    int epoll_fd;
    bool epoll_armed;
    bool epoll_ready; /* it may have something to tell */
    int n_epoll;

    struct arrival *arrivals;
    size_t n_arrivals, cap_arrivals;
    size_t at; /* the arrival being handed out */

    struct sending *sendings;
    size_t n_sendings, cap_sendings;
    uint32_t batch;

    struct slot *slots; /* 0 is nobody's */
    size_t n_slots, cap_slots;
    uint32_t free_slot; /* 0: none */
};

static uint64_t name_of(enum op op, uint32_t number, uint32_t generation)
{
    return (uint64_t)generation << 32 | number << 2 | op;
}

/* ---- slots ---- */

static struct slot *slot_new(struct uring_backend *b, struct watch *w)
{
    uint32_t i = b->free_slot;

    if (i) {
        b->free_slot = b->slots[i].next_free;
    } else {
        i = (uint32_t)b->n_slots;
        vec_push(b->slots, b->n_slots, b->cap_slots).generation = 1;
    }
    struct slot *s = &b->slots[i];

    s->watch = w;
    s->flags = 0;
    s->n_collected = 0;
    w->slot = i;
    return s;
}

static void slot_free(struct uring_backend *b, struct slot *s)
{
    s->watch->slot = 0;
    s->generation++;
    s->next_free = b->free_slot;
    b->free_slot = (uint32_t)(s - b->slots);
}

/* NULL when what is named has been closed. */
static struct slot *slot_find(const struct uring_backend *b, uint32_t i, uint32_t generation)
{
    return b->slots[i].generation == generation ? &b->slots[i] : NULL;
}

/* ---- requests ---- */

static void arm_epoll(struct uring_backend *b)
{
    struct io_uring_sqe *sqe = uring_sqe(&b->ring);

    io_uring_prep_poll_multishot(sqe, b->epoll_fd, POLLIN);
    sqe->user_data = name_of(OP_SELF, SELF_EPOLL, 0);
    b->epoll_armed = true;
}

static struct io_uring_sqe *slot_request(struct uring_backend *b, struct slot *s)
{
    struct io_uring_sqe *sqe = uring_sqe(&b->ring);

    s->queued_at = (uint8_t)b->ring.n_submits;
    return sqe;
}

static void arm(struct uring_backend *b, struct slot *s)
{
    struct io_uring_sqe *sqe = slot_request(b, s);

    io_uring_prep_recv_multishot(sqe, s->watch->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = URING_GROUP;
    sqe->user_data = name_of(OP_RECV, s->watch->slot, s->generation);
    s->flags |= SLOT_ARMED;
}

/* Nothing to do when there is nothing to cancel, so failing is no news. */
static void cancel(struct uring_backend *b, const struct slot *s, enum op op)
{
    struct io_uring_sqe *sqe = uring_sqe(&b->ring);

    io_uring_prep_cancel64(sqe, name_of(op, (uint32_t)(s - b->slots), s->generation), 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = name_of(OP_SELF, SELF_CANCEL, 0);
}

/* ---- completions ---- */

static void push(struct uring_backend *b, const struct arrival *a)
{
    vec_push(b->arrivals, b->n_arrivals, b->cap_arrivals) = *a;
}

/* Behind all that was received for it. */
static void push_left(struct uring_backend *b, const struct slot *s)
{
    push(b, &(struct arrival){
                .slot = (uint32_t)(s - b->slots), .generation = s->generation, .op = OP_LEFT});
}

/*
 * Not at once: the new receive may be over at once as well, for want of a buffer, and be collected
 * in the same go. Buffers come back when what they hold has been handed out.
 */
static void push_again(struct uring_backend *b, const struct slot *s)
{
    push(b, &(struct arrival){
                .slot = (uint32_t)(s - b->slots), .generation = s->generation, .op = OP_AGAIN});
}

static void recv_over(struct uring_backend *b, struct slot *s, int result)
{
    /* Out of buffers, told to stop, or no room for completions: the socket has more to say. */
    bool goes_on = result > 0 || result == -ENOBUFS || result == -ECANCELED || result == -EINTR ||
                   result == -EAGAIN;

    s->flags &= (uint8_t)~SLOT_ARMED;
    if (unlikely(result == -ENOBUFS))
        uring_lend_more(&b->ring);
    if (!goes_on) {
        s->flags |= SLOT_ENDED;
    } else if (s->flags & SLOT_WANTED) {
        push_again(b, s);
    }
}

static void collect_slot(struct uring_backend *b, const struct io_uring_cqe *cqe, enum op op)
{
    struct arrival a = {.slot = (uint32_t)cqe->user_data >> 2,
                        .generation = (uint32_t)(cqe->user_data >> 32),
                        .result = cqe->res,
                        .buffer = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT),
                        .op = op,
                        .has_buffer = cqe->flags & IORING_CQE_F_BUFFER};
    struct slot *s = slot_find(b, a.slot, a.generation);

    if (s && op == OP_ROOM) {
        s->flags &= (uint8_t)~SLOT_ROOM;
    } else if (s && !(cqe->flags & IORING_CQE_F_MORE)) {
        recv_over(b, s, a.result);
    }
    if (s && (op == OP_ROOM || a.result > 0 || s->flags & SLOT_ENDED)) {
        s->n_collected += op == OP_RECV;
        push(b, &a);
    } else if (a.has_buffer) {
        uring_give(&b->ring, a.buffer);
    }
    if (s && (s->flags & (SLOT_ARMED | SLOT_LEAVES | SLOT_ENDED)) == SLOT_LEAVES && op == OP_RECV)
        push_left(b, s);
}

static void collect_send(struct uring_backend *b, const struct io_uring_cqe *cqe)
{
    uint32_t i = (uint32_t)cqe->user_data >> 2;

    if ((uint32_t)(cqe->user_data >> 32) == b->batch && i < b->n_sendings)
        b->sendings[i].result = cqe->res;
}

static void collect_self(struct uring_backend *b, const struct io_uring_cqe *cqe)
{
    if ((uint32_t)cqe->user_data >> 2 != SELF_EPOLL)
        return;
    b->epoll_ready = true;
    if (!(cqe->flags & IORING_CQE_F_MORE))
        b->epoll_armed = false;
}

static void collect_one(struct uring_backend *b, const struct io_uring_cqe *cqe)
{
    enum op op = cqe->user_data & 3;

    if (op == OP_SEND) {
        collect_send(b, cqe);
    } else if (op == OP_SELF) {
        collect_self(b, cqe);
    } else {
        collect_slot(b, cqe, op);
    }
}

/* Empties the ring, and what did not fit into it. */
static void collect(struct uring_backend *b)
{
    struct io_uring *ring = &b->ring.ring;
    struct io_uring_cqe *cqe;
    unsigned head;

    do {
        unsigned n = 0;

        io_uring_for_each_cqe(ring, head, cqe)
        {
            collect_one(b, cqe);
            n++;
        }
        io_uring_cq_advance(ring, n);
    } while (unlikely(io_uring_cq_has_overflow(ring)) && io_uring_get_events(ring) >= 0);
}

/* ---- waiting and handing out ---- */

static int look_at_epoll(struct uring_backend *b)
{
    if (likely(!b->epoll_ready))
        return 0;
    if (!b->epoll_armed)
        arm_epoll(b);

    int n = loop_backend_epoll.wait(b->epoll, 0);

    TRY(n < 0 ? n : 0);
    b->n_epoll = n;
    /* It gives no more than so many at a time; then there may be others, of which nobody tells. */
    b->epoll_ready = n == LOOP_EPOLL_EVENTS;
    return 0;
}

/* What the end of the turn has brought is enough for one; and looking costs no call. */
static bool may_skip(struct uring_backend *b, span_ns timeout)
{
    return b->n_arrivals > 0 || (timeout == 0 && !uring_has_work(&b->ring));
}

static int backend_wait(void *self, span_ns timeout)
{
    struct uring_backend *b = self;

    if (b->epoll_ready)
        timeout = 0;
    if (!may_skip(b, timeout)) {
        uring_wait(&b->ring, timeout);
        collect(b);
    }
    if (unlikely(b->ring.broken))
        return fault(b->ring.broken, "cannot wait for events with io_uring");
    TRY(look_at_epoll(b));
    return (int)b->n_arrivals + b->n_epoll;
}

static unsigned room_events(int result)
{
    unsigned events = WATCH_WRITE;

    if (result > 0 && result & (POLLERR | POLLHUP))
        events |= WATCH_HANGUP;
    return events;
}

static unsigned recv_events(const struct slot *s, int result)
{
    unsigned events = WATCH_READ | WATCH_BYTES;

    if (unlikely(s->flags & SLOT_ENDED))
        events |= WATCH_HANGUP;
    if (unlikely(result < 0))
        events |= WATCH_ERROR | WATCH_WRITE;
    return events;
}

/* The watch whose turn comes after n others; see loop_look_ahead. */
static const struct watch *ahead(const struct uring_backend *b, size_t n)
{
    const struct arrival *a = &b->arrivals[b->at + n];
    const struct slot *s;

    if (b->at + n >= b->n_arrivals)
        return NULL;
    s = slot_find(b, a->slot, a->generation);
    return s ? s->watch : NULL;
}

/* What the socket has by now epoll tells first of all. */
static void move_to_epoll(struct uring_backend *b, struct slot *s)
{
    struct watch *w = s->watch;

    s->flags &= (uint8_t)~SLOT_LEAVES;
    if (loop_backend_epoll.add(b->epoll, w) < 0) {
        fault_clear(); /* epoll has a limit for each user, the ring has not */
        s->flags |= SLOT_WANTED;
        arm(b, s);
        return;
    }
    if (s->flags & SLOT_ROOM)
        cancel(b, s, OP_ROOM);
    slot_free(b, s);
}

static void hand_out(struct uring_backend *b, struct loop *l, const struct arrival *a)
{
    struct slot *s = slot_find(b, a->slot, a->generation);

    if (unlikely(!s))
        return;
    struct watch *w = s->watch;

    if (unlikely(a->op == OP_LEFT)) {
        move_to_epoll(b, s);
        return;
    }
    if (unlikely(a->op == OP_AGAIN)) {
        if ((s->flags & (SLOT_WANTED | SLOT_ARMED | SLOT_ENDED)) == SLOT_WANTED)
            arm(b, s);
        return;
    }
    if (unlikely(a->op == OP_ROOM)) {
        w->fn(l, w, room_events(a->result));
        return;
    }
    s->n_collected--;
    l->head.result = (struct watch_result){
        .data = a->has_buffer ? uring_buffer(&b->ring, a->buffer) : NULL,
        .n = a->result,
        .more = a->result == URING_BUFFER_BYTES,
    };
    w->fn(l, w, recv_events(s, a->result));
}

static void backend_dispatch(void *self, struct loop *l)
{
    struct uring_backend *b = self;

    while (b->at < b->n_arrivals) {
        struct arrival a = b->arrivals[b->at++];

        loop_look_ahead(ahead(b, 0), ahead(b, 1), ahead(b, 3));
        hand_out(b, l, &a);
        if (a.has_buffer)
            uring_give(&b->ring, a.buffer);
    }
    b->n_arrivals = 0;
    b->at = 0;
    if (b->n_epoll > 0) {
        b->n_epoll = 0;
        loop_backend_epoll.dispatch(b->epoll, l);
    }
}

/* ---- what streams ask for ---- */

static void delivery_open(void *self, struct watch *w)
{
    struct uring_backend *b = self;
    struct slot *s = slot_new(b, w);

    s->flags = SLOT_WANTED;
    arm(b, s);
}

static bool delivery_collected(void *self, const struct watch *w)
{
    const struct uring_backend *b = self;

    return b->slots[w->slot].n_collected > 0;
}

static void delivery_pause(void *self, struct watch *w)
{
    struct uring_backend *b = self;
    struct slot *s = &b->slots[w->slot];

    s->flags &= (uint8_t)~SLOT_WANTED;
    if (s->flags & SLOT_ARMED && !(s->flags & SLOT_LEAVES))
        cancel(b, s, OP_RECV);
}

static void delivery_leave(void *self, struct watch *w)
{
    struct uring_backend *b = self;
    struct slot *s = &b->slots[w->slot];

    if (s->flags & (SLOT_LEAVES | SLOT_ENDED))
        return;
    delivery_pause(self, w);
    s->flags |= SLOT_LEAVES;
    if (!(s->flags & SLOT_ARMED))
        push_left(b, s);
}

static void delivery_resume(void *self, struct watch *w)
{
    struct uring_backend *b = self;
    struct slot *s = &b->slots[w->slot];

    if (s->flags & SLOT_LEAVES)
        return;
    s->flags |= SLOT_WANTED;
    /* One that is still being cancelled is armed again when that is over. */
    if (!(s->flags & (SLOT_ARMED | SLOT_ENDED)))
        arm(b, s);
}

static void delivery_send(void *self, struct watch *w, const void *data, size_t n)
{
    struct uring_backend *b = self;
    struct io_uring_sqe *sqe = uring_sqe(&b->ring);
    size_t part = n < INT_MAX ? n : INT_MAX;

    /*
     * MSG_WAITALL makes a part that was taken a failure, which is told; MSG_DONTWAIT makes the
     * kernel tell it at once, and not wait for room with our memory in its hands.
     */
    io_uring_prep_send(sqe, w->fd, data, part, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = name_of(OP_SEND, (uint32_t)b->n_sendings, b->batch);
    vec_push(b->sendings, b->n_sendings, b->cap_sendings) =
        (struct sending){.watch = w, .result = (ssize_t)part};
}

static void delivery_want_room(void *self, struct watch *w)
{
    struct uring_backend *b = self;
    struct slot *s = &b->slots[w->slot];

    if (s->flags & SLOT_ROOM)
        return;
    struct io_uring_sqe *sqe = slot_request(b, s);

    io_uring_prep_poll_add(sqe, w->fd, POLLOUT);
    sqe->user_data = name_of(OP_ROOM, w->slot, s->generation);
    s->flags |= SLOT_ROOM;
}

static void delivery_settle(void *self, struct loop *l)
{
    struct uring_backend *b = self;

    if (io_uring_sq_ready(&b->ring.ring) == 0 && b->n_sendings == 0)
        return;
    uring_submit_and_collect(&b->ring);
    collect(b);
    if (b->n_sendings > 0)
        loop_clock(l);
    for (size_t i = 0; i < b->n_sendings; i++) {
        struct watch *w = b->sendings[i].watch;

        if (!w)
            continue;
        l->head.result = (struct watch_result){.n = b->sendings[i].result};
        w->fn(l, w, WATCH_SENT);
    }
    b->n_sendings = 0;
    b->batch++;
}

/* ---- beginning and end ---- */

static int backend_add(void *self, struct watch *w)
{
    struct uring_backend *b = self;

    return loop_backend_epoll.add(b->epoll, w);
}

/* Whether a request in the queue names the descriptor, which may soon be another's number. */
static bool is_queued(struct uring_backend *b, const struct slot *s)
{
    bool queued = s->queued_at == (uint8_t)b->ring.n_submits;

    for (size_t i = 0; i < b->n_sendings; i++) {
        if (b->sendings[i].watch == s->watch) {
            b->sendings[i].watch = NULL;
            queued = true;
        }
    }
    return queued && io_uring_sq_ready(&b->ring.ring) > 0;
}

/* The kernel lets go of the socket, and with that ends it, when the turn ends. */
static void remove_stream(struct uring_backend *b, struct watch *w)
{
    struct slot *s = &b->slots[w->slot];

    if (is_queued(b, s))
        uring_submit(&b->ring);
    if (s->flags & SLOT_ARMED)
        cancel(b, s, OP_RECV);
    if (s->flags & SLOT_ROOM)
        cancel(b, s, OP_ROOM);
    slot_free(b, s);
}

static void backend_remove(void *self, struct watch *w)
{
    struct uring_backend *b = self;

    if (w->slot) {
        remove_stream(b, w);
    } else {
        loop_backend_epoll.remove(b->epoll, w);
    }
}

static void backend_close(void *self)
{
    struct uring_backend *b = self;

    if (!b)
        return;
    /* Sockets closed last end now, and not when the kernel finds time to take the ring apart. */
    uring_submit_and_collect(&b->ring);
    uring_close(&b->ring);
    loop_backend_epoll.close(b->epoll);
    free(b->arrivals);
    free(b->sendings);
    free(b->slots);
    free(b);
}

static int refused(int r)
{
    const char *words = strerrordesc_np(-r);

    return fault(
        r,
        "the kernel refuses io_uring (%s): it takes Linux 6.1, kernel.io_uring_disabled = 0 "
        "and, in a container, a seccomp profile that allows it; epoll works anywhere",
        words ? words : "for a reason unknown");
}

static int backend_open(void **ret_self)
{
    struct uring_backend *b = xnew(struct uring_backend);
    int r = uring_open(&b->ring);

    if (r < 0) {
        free(b);
        return refused(r);
    }
    r = loop_backend_epoll.open(&b->epoll);
    if (r < 0) {
        uring_close(&b->ring);
        free(b);
        TRY(r);
    }
    b->epoll_fd = loop_epoll_fd(b->epoll);
    ignored(&vec_push(b->slots, b->n_slots, b->cap_slots)); /* number 0 */
    arm_epoll(b);
    *ret_self = b;
    return 0;
}

static const struct loop_delivery delivery = {
    .open = delivery_open,
    .collected = delivery_collected,
    .pause = delivery_pause,
    .resume = delivery_resume,
    .leave = delivery_leave,
    .send = delivery_send,
    .want_room = delivery_want_room,
    .settle = delivery_settle,
};

const struct loop_backend loop_backend_uring = {
    .name = "io_uring",
    .open = backend_open,
    .close = backend_close,
    .add = backend_add,
    .remove = backend_remove,
    .wait = backend_wait,
    .dispatch = backend_dispatch,
    .delivery = &delivery,
};
