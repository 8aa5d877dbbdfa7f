#pragma once
/*
 * An intrusive doubly linked list. A `struct list` is both the head and the link; a link that is
 * in no list points to itself, so removing twice is harmless. Zeroed links must be list_init'ed.
 */
#include <stdbool.h>

#include "base/err.h"

struct list {
    struct list *prev;
    struct list *next;
};

#define list_entry(link, type, member) container_of(link, type, member)

/* for each entry `e` (a pointer of type T) linked by `member`; the body must not unlink e. */
#define list_each(e, head, member)                                                     \
    for ((e) = list_entry((head)->next, typeof(*(e)), member); &(e)->member != (head); \
         (e) = list_entry((e)->member.next, typeof(*(e)), member))

/* The same; the body may unlink or free e. */
#define list_each_safe(e, tmp, head, member)                        \
    for ((e) = list_entry((head)->next, typeof(*(e)), member),      \
        (tmp) = list_entry((e)->member.next, typeof(*(e)), member); \
         &(e)->member != (head);                                    \
         (e) = (tmp), (tmp) = list_entry((e)->member.next, typeof(*(e)), member))

static inline void list_init(struct list *l)
{
    l->prev = l;
    l->next = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_insert(struct list *before, struct list *link)
{
    link->prev = before->prev;
    link->next = before;
    before->prev->next = link;
    before->prev = link;
}

static inline void list_add_tail(struct list *head, struct list *link)
{
    list_insert(head, link);
}

static inline void list_add_head(struct list *head, struct list *link)
{
    list_insert(head->next, link);
}

static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* The first link, unlinked, or NULL. */
static inline struct list *list_pop(struct list *head)
{
    struct list *first = head->next;

    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

/* Moves all links of `from` to the end of `to`. */
static inline void list_splice(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}
