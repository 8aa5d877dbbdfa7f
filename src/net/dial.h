#pragma once
/*
 * From "host:port" to a stream that stands: policy, names, Happy Eyeballs (RFC 8305), proxy, TLS.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/net_addr.h"
#include "net/net_error.h"

struct loop;
struct net_policy;
struct proxy_config;
struct resolver;
struct stream;
struct tls_config;
struct tls_sessions;

#define DIAL_TIMEOUT_DEFAULT (30 * NS_PER_S)

/* With what to dial; everything is borrowed. Zeroed members mean none, unless they say otherwise.
 */
struct dialer {
    struct loop *loop;         /* required */
    struct resolver *resolver; /* required unless every host is an address or overridden */
    const struct net_policy *policy;
    const struct proxy_config *proxies;
    struct tls_config *tls;        /* required for DIAL_TLS */
    struct tls_sessions *sessions; /* NULL: no resumption */
    struct net_addr local;         /* local address to bind; family 0: any */
    span_ns dial_timeout;          /* of name lookup and TCP connect; 0: 30 s */
    const char *congestion;        /* TCP_CONGESTION ("reno"); NULL: the system's */
};

enum dial_security {
    DIAL_PLAIN,
    DIAL_TLS,
};

struct dial_target {
    struct str host; /* name or address, without brackets */
    uint16_t port;
    enum dial_security security;
    struct str alpn; /* offer, comma-separated in order of preference: "h2,http/1.1"; n 0: none */
    bool insecure;   /* the certificate is not looked at, whatever tls says */
    mono_ns
        deadline; /* of everything, TLS and proxy included (NET_TIMEOUT); MONO_NEVER or 0: none */
};

/* What the dial did, filled as far as it got, for timings of failures too. */
struct dial_report {
    mono_ns start;
    mono_ns lookup_done;   /* 0: not reached */
    mono_ns connect_start; /* of the attempt that won or failed last */
    mono_ns connect_done;
    mono_ns tls_start;
    mono_ns tls_done;
    struct net_addr remote; /* latest address tried; family 0: none */
    uint64_t bytes_in;      /* raw bytes of a connection that failed in TLS or proxy handshake */
    uint64_t bytes_out;
    struct net_error error;
};

/*
 * Connects, suspending the calling coroutine. NET_OK: the caller owns *ret_stream. Otherwise the
 * status, which is also in ret_report->error with its text; *ret_stream is then untouched.
 */
enum net_status dial(const struct dialer *d, const struct dial_target *t,
                     struct stream **ret_stream, struct dial_report *ret_report);
