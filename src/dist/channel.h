#pragma once
/*
 * Messages between two processes of one test, over a stream socket: each is a kind and bytes,
 * framed by its length. Sending never suspends: what the socket does not take is kept. On one loop.
 */
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct channel;
struct loop;

enum {
    CHANNEL_MESSAGE_MAX = 128 << 20, /* bytes of one */
};

struct channel_config {
    struct loop *loop;
    int fd; /* a stream socket; the channel's from here on */

    /* A message came; its bytes are valid during the call. */
    void (*on_message)(void *arg, unsigned kind, struct str bytes);

    /* No more messages will come: the peer is gone, or sent what is no message. Once. */
    void (*on_closed)(void *arg, const char *why);
    void *arg;
};

/* Returns 0 or a fault; the descriptor is closed then. */
MUST_USE int channel_new(const struct channel_config *config, struct channel **ret_channel);

/* Dropped when the channel is closed. kind < 256. */
void channel_send(struct channel *c, unsigned kind, struct str bytes);

/* Bytes that wait to be taken by the socket. */
size_t channel_waiting(const struct channel *c);

/* Sends what the socket takes at once, and closes. Not within its callbacks; accepts NULL. */
void channel_free(struct channel *c);
