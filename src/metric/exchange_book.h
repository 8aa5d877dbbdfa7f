#pragma once
/*
 * Which round trips of one loop are kept: of each endpoint (method and name) the first N that
 * failed of each code, and the N slowest that did not fail.
 *
 * Who records a round trip holds on to its `struct exchange_slot`, so that one comparison decides:
 *
 *     if (unlikely(duration > slot->floor) && exchange_book_take(book, slot, duration))
 *         exchange_book_add(book, slot, copy of the round trip);
 *
 * Everything is bounded: endpoints, codes of an endpoint, exchanges and bytes between two
 * hand-overs. What did not find room is counted. A book belongs to its loop.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "metric/exchange.h"

struct exchange_book;

enum {
    EXCHANGE_KEEP_MAX = 20, /* N at most */
    EXCHANGE_ENDPOINTS_MAX = 200,
    EXCHANGE_CODES_MAX = 16,      /* of one endpoint */
    EXCHANGE_TURN_SLOW = 32,      /* slow ones between two hand-overs: durations may only grow */
    EXCHANGE_TURN_BYTES = 4 << 20 /* between two hand-overs, of one loop */
};

/* The exchanges of one endpoint that are filed under one code. */
struct exchange_slot {
    span_ns floor;                      /* what takes longer is worth asking about */
    int code;                           /* 0: those that did not fail */
    struct str name;                    /* of the endpoint; may be cut */
    unsigned n;                         /* kept so far */
    span_ns longest[EXCHANGE_KEEP_MAX]; /* code 0: the durations kept, in no order */
    struct exchange_slot *next;         /* of the same endpoint */
};

/* `keep` is N; 0 keeps nothing, and all slots are one. */
struct exchange_book *exchange_book_new(unsigned keep);
void exchange_book_free(struct exchange_book *book); /* with what was not handed over; takes NULL */

/* Valid until the book is freed. Never NULL: past a limit it is one that wants nothing. */
struct exchange_slot *exchange_book_slot(struct exchange_book *book, struct str method,
                                         struct str name, int code);

/*
 * Whether a round trip that is over the slot's floor is kept, and has a place from now on: then
 * exchange_book_add() is due.
 */
bool exchange_book_take(struct exchange_book *book, struct exchange_slot *slot, span_ns duration);

/* Adds it; the book owns it. */
void exchange_book_add(struct exchange_book *book, struct exchange *x);

/* Moves what was added since the last time to `to`. */
void exchange_book_hand_over(struct exchange_book *book, struct list *to);

/* Round trips that failed and were of an endpoint or code beyond the limits, or for which there was
 * no room. */
uint64_t exchange_book_left_out(const struct exchange_book *book);
