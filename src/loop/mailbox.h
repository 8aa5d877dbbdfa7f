#pragma once
/*
 * Messages from any thread to one loop: a lock-free list that many push and one takes whole.
 * Order is kept per sender. Use loop_post() (loop/loop.h), which also wakes the loop.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct loop;
struct message;

/* Called on the receiving loop, outside any coroutine; it now owns m and may free or post it again.
 */
typedef void(message_fn)(struct loop *l, struct message *m);

/* Embed it in what is sent; the sender owns it again only when the receiver says so. */
struct message {
    struct message *next; /* the mailbox's */
    message_fn *fn;
};

struct mailbox {
    _Atomic(struct message *) newest;
};

/* Any thread. Returns true when the mailbox was empty. */
bool mailbox_push(struct mailbox *m, struct message *msg);

/* The owner only: all messages, oldest first, linked by `next`; NULL when there are none. */
struct message *mailbox_take(struct mailbox *m);

static inline bool mailbox_empty(struct mailbox *m)
{
    return atomic_load(&m->newest) == NULL;
}
