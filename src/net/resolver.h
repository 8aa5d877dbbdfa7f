#pragma once
/*
 * Names to addresses without blocking the loop: c-ares on the loop's descriptors, /etc/hosts first,
 * a cache with time to live, and one lookup shared by all who ask for the same name meanwhile.
 * One per loop.
 */
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "net/net_addr.h"
#include "net/net_error.h"

struct loop;
struct resolver;

enum resolver_select {
    RESOLVER_RANDOM, /* k6's default */
    RESOLVER_FIRST,
    RESOLVER_ROUND_ROBIN, /* each lookup of a name starts at the next address */
};

enum resolver_policy {
    RESOLVER_PREFER_IPV4, /* k6's default: IPv6 only when there is no IPv4 address */
    RESOLVER_PREFER_IPV6,
    RESOLVER_ONLY_IPV4,
    RESOLVER_ONLY_IPV6,
    RESOLVER_ANY, /* both kinds, in the server's order */
};

#define RESOLVER_TTL_DEFAULT (300 * NS_PER_S)
#define RESOLVER_TTL_FOREVER ((span_ns)INT64_MAX)

struct resolver_options {
    span_ns ttl; /* how long answers count, failures up to 5 s; 0: ask every time */
    enum resolver_select select;
    enum resolver_policy policy;
    const char *servers;    /* "ip[:port],..."; NULL: /etc/resolv.conf */
    const char *hosts_path; /* NULL: /etc/hosts */
    uint64_t seed;          /* for RESOLVER_RANDOM; the same seed gives the same choices */
};

#define RESOLVER_OPTIONS_INIT ((struct resolver_options){.ttl = RESOLVER_TTL_DEFAULT})

/* "ttl=5m,select=random,policy=preferIPv4" parts; false for an unknown word. */
bool resolver_select_parse(struct str word, enum resolver_select *ret_select);
bool resolver_policy_parse(struct str word, enum resolver_policy *ret_policy);

enum {
    RESOLVER_MAX_ADDRS = 16
};

/* Addresses in the order they should be tried; port 0. */
struct resolver_answer {
    struct net_addr addrs[RESOLVER_MAX_ADDRS];
    size_t n_addrs;
};

/* `options` may be NULL. Returns 0 or a fault. Used only on l's thread. */
MUST_USE int resolver_new(struct loop *l, const struct resolver_options *options,
                          struct resolver **ret_resolver);

/* Lookups in progress end with NET_CANCELLED; accepts NULL. */
void resolver_free(struct resolver *r);

/*
 * Addresses of `host` (a literal address gives itself), suspending the coroutine when they must be
 * asked for. On success ret_answer has at least one. NET_OK, NET_NO_HOST, NET_DNS, NET_TIMEOUT at
 * `deadline` (MONO_NEVER: the resolver's own limits only), NET_CANCELLED.
 */
enum net_status resolver_lookup(struct resolver *r, struct str host, mono_ns deadline,
                                struct resolver_answer *ret_answer, struct net_error *ret_error);

/* How many questions went to the network or to files since the start, for tests and reports. */
uint64_t resolver_n_lookups(const struct resolver *r);
