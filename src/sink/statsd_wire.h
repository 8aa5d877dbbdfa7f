#pragma once
/*
 * Lines on their way to a StatsD server, over UDP, Unix datagrams or TCP.
 *
 * Datagrams have no answer: what the kernel took counts as delivered, unless it says that nobody
 * listens, which it does at once for this machine and a little later for others; so the first
 * packet after silence or trouble is given a moment to come back as refused. Over TCP each delivery
 * has a connection of its own (sink/endpoint.h).
 */
#include <stddef.h>

#include "base/clock.h"
#include "sink/push.h"
#include "sink/statsd.h"

struct loop;
struct statsd_wire;

struct statsd_wire_config {
    struct statsd_address address; /* its path lives as long as the wire */
    size_t packet_bytes;           /* of a datagram at most */
    enum endpoint_end end;         /* of a stream */
    span_ns timeout;               /* of one delivery */
};

struct statsd_wire *statsd_wire_new(const struct statsd_wire_config *config);
void statsd_wire_free(struct statsd_wire *w); /* accepts NULL */

/*
 * One delivery, on a coroutine of `l`, one at a time. A datagram that fails ends it: those before
 * have been sent, so deliveries should be of one packet.
 */
void statsd_wire_send(struct statsd_wire *w, struct loop *l, const struct batch_view *points,
                      struct push_result *ret_result);
