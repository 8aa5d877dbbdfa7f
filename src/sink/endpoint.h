#pragma once
/*
 * Hosts of receivers that are no web servers: "host:port" to an address, datagrams to it, and a
 * whole message over one TCP connection. On a coroutine of the sinks' loop; names are looked up by
 * the system on a helper thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "net/net_addr.h"

struct loop;
struct push_result;

struct endpoint {
    char host[256]; /* a name or an address, without brackets */
    uint16_t port;
};

/* "host", "host:port", "[v6]:port". Returns 0 or FAULT_EXIT(104). */
MUST_USE int endpoint_parse(struct str text, uint16_t default_port, struct endpoint *ret_endpoint);

/* Suspends. False: *ret_result says why, and to try again. */
bool endpoint_resolve(const struct endpoint *e, struct loop *loop, struct net_addr *ret_addr,
                      struct push_result *ret_result);

/*
 * Cuts `bytes` behind line ends into datagrams of at most max_bytes (a longer line goes alone) and
 * sends them. Suspends. What the network makes of datagrams nobody knows: *ret_result is PUSH_DONE
 * when the kernel took all, PUSH_RETRY with the reason otherwise.
 */
void endpoint_send_datagrams(const struct endpoint *e, struct loop *loop, struct str bytes,
                             size_t max_bytes, struct push_result *ret_result);

enum endpoint_end {
    ENDPOINT_ACKNOWLEDGED, /* wait until the receiver has read all and closes as well */
    ENDPOINT_SENT,         /* all was handed to the kernel: enough for some receivers */
};

/*
 * Sends `bytes` over a connection of its own. Line protocols over TCP have no answers, but there is
 * one thing a receiver cannot do before it has read everything: see the end. So the sending side is
 * shut down, and the receiver's own end of stream is awaited; it is the acknowledgement. A reset,
 * or silence for `timeout`, is PUSH_RETRY: the points go once more, so they have to be such that
 * twice is the same as once.
 */
void endpoint_send_stream(const struct endpoint *e, struct loop *loop, struct str bytes,
                          enum endpoint_end end, span_ns timeout, struct push_result *ret_result);
