#pragma once
/*
 * The server side: accepts connections and gives each a coroutine. For `brunt target` and tests.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/coro.h"
#include "net/net_addr.h"

struct listener;
struct loop;
struct stream;
struct tls_config;

/*
 * Serves one connection on a coroutine of its own; owns s and must close it. When the listener is
 * closed, it is cancelled: its calls return -NET_CANCELLED and it should return.
 */
typedef void(listener_fn)(struct stream *s, void *arg);

struct listener_options {
    struct net_addr addr;   /* port 0: the system chooses */
    struct tls_config *tls; /* from tls_server_new and kin; NULL: plain; borrowed */
    const char *alpn; /* accepted protocols in order of preference, comma-separated; NULL: none */
    bool reuse_port;  /* several listeners, one per loop, share the port */
    int backlog;      /* 0: 4096 */
    enum coro_stack stack; /* of the connections' coroutines */
    listener_fn *fn;
    void *arg;
};

/* Returns 0 or a fault (address in use, no such address, descriptors used up). */
MUST_USE int listener_open(struct loop *l, const struct listener_options *options,
                           struct listener **ret_listener);

/* The address it really listens on, with its port. */
struct net_addr listener_addr(const struct listener *ln);

/* Connections being served now; accepted since the start. */
uint64_t listener_n_open(const struct listener *ln);
uint64_t listener_n_accepted(const struct listener *ln);

/*
 * Stops accepting, cancels the connections' coroutines and waits until they have ended; then frees.
 * Suspends: call it on a coroutine. Accepts NULL.
 */
void listener_close(struct listener *ln);
