#pragma once
/* One dial in progress, and the proxy handshakes that are part of it. Private to src/net. */
#include "net/dial.h"

struct proxy;
struct stream;

struct dial_state {
    const struct dialer *dialer;
    const struct dial_target *target;
    const struct proxy *proxy; /* NULL: direct */
    struct dial_report *report;
    mono_ns dial_deadline; /* of lookup and TCP connect */
    mono_ns deadline;      /* of everything */
};

/* Ask the proxy at the other end of s for the target. NET_OK or the status, words in the stream. */
enum net_status dial_http_connect(const struct dial_state *st, struct stream *s);
enum net_status dial_socks5(const struct dial_state *st, struct stream *s);
