#pragma once
/*
 * Keeps round trips as evidence: what measure.c finds interesting is copied here, redacted and cut,
 * from where the round trip has it: the head of the request is written once more, head and body of
 * the response are still in its buffers.
 *
 * Of a journey the earlier legs (redirects, challenges) are remembered until it is over, raw, in
 * memory that is used again, because only the last leg tells whether they are wanted.
 */
#include "client/client.h"

struct capture;
struct exchange_book;
struct exchange_slot;
struct hops;
struct leg;

/* For one loop; `book` outlives it. */
struct capture *capture_new(const struct client_capture *config, struct exchange_book *book);
void capture_free(struct capture *c); /* accepts NULL */

/* Keeps the round trip that has just been measured, if the slot has room for it. */
void capture_leg(struct client *client, struct leg *leg, struct exchange_slot *slot) COLD;

/* The leg is over and another follows it. */
void capture_remember(struct client_loop *cl, struct leg *leg) COLD;

/* The journey is over; leg->hops is not NULL. */
void capture_forget(struct client_loop *cl, struct leg *leg) COLD;
