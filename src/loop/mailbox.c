/* A stack that senders push to and the owner takes whole: no node is ever freed under a sender. */
#include "loop/mailbox.h"

bool mailbox_push(struct mailbox *m, struct message *msg)
{
    struct message *old = atomic_load_explicit(&m->newest, memory_order_relaxed);

    do {
        msg->next = old;
    } while (!atomic_compare_exchange_weak(&m->newest, &old, msg));
    return old == NULL;
}

struct message *mailbox_take(struct mailbox *m)
{
    struct message *newest = atomic_exchange(&m->newest, NULL);
    struct message *oldest = NULL;

    while (newest) {
        struct message *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}
