#pragma once
/*
 * The engine: turns a request into a response. A client belongs to one virtual user and one loop;
 * it owns the user's connections, TLS sessions and byte counts. Every round trip (redirect hop,
 * authentication leg) is timed and recorded here, in one place for every script language.
 *
 * Calls suspend the coroutine they are made on. Several coroutines of one user may be inside a
 * client at once (http.batch, asyncRequest).
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "net/resolver.h"
#include "proto/content.h"
#include "proto/http.h"

struct client;
struct client_loop;
struct loop;
struct net_policy;
struct net_pool;
struct proxy_config;
struct rate_gate;
struct recorder;
struct tag_pool;
struct tagset;
struct tls_config;

enum {
    CLIENT_E_CANCELLED = 1, /* condition: the coroutine was cancelled; nothing was recorded */

    CLIENT_BODY_LIMIT = 256 << 20, /* bytes of a response body that is kept */
};

enum client_reuse {
    CLIENT_REUSE,    /* keep-alive connections stay with their user */
    CLIENT_NEW_EACH, /* a new connection for each request (noConnectionReuse) */
};

/* What is the same for all users of a run. Read-only; outlives every loop's clients. */
struct client_policy {
    const struct net_policy *net;       /* NULL: no rules */
    const struct proxy_config *proxies; /* NULL: none */
    const struct net_pool *locals;      /* addresses to call from; NULL: any */
    struct tls_config *tls;             /* NULL: https fails */
    struct resolver_options dns;
    struct rate_gate *gate; /* requests per second over all loops; NULL: no limit */
    struct str user_agent;  /* empty: none is sent */
    struct content_limits decompression;
    uint32_t system_tags;       /* metric/systag.h */
    uint32_t max_idle;          /* idle connections of one user; 0: 20 */
    uint32_t max_idle_per_host; /* 0: 6 */
    enum client_reuse reuse;
    const char *congestion; /* TCP_CONGESTION; NULL: the system's */
};

struct client_loop_config {
    struct loop *loop;
    const struct client_policy *policy;
    struct recorder *recorder;
    struct tag_pool *tags; /* of the recorder's loop */
};

/* What the clients of one loop share. Returns 0 or a fault. */
MUST_USE int client_loop_new(const struct client_loop_config *config,
                             struct client_loop **ret_loop);

/* After the last client; accepts NULL. */
void client_loop_free(struct client_loop *cl);

/* Requests answered or failed so far on this loop; any thread may read it. */
uint64_t client_loop_n_requests(const struct client_loop *cl);

/* Those of them that failed by their set of expected statuses; any thread. */
uint64_t client_loop_n_failed(const struct client_loop *cl);

/* The client of the index-th user, who calls from the index-th of policy->locals. */
struct client *client_new(struct client_loop *cl, uint64_t index);

/* Closes all connections; nobody may be inside a call. Accepts NULL. */
void client_free(struct client *c);

/*
 * Carries out a request with all redirects and authentication it takes. Always gives a response,
 * with status 0 and an error code when there was none; the caller owns the reference. Returns 0, or
 * CLIENT_E_CANCELLED with *ret_response untouched.
 */
MUST_USE int client_request(struct client *c, const struct http_request *req,
                            struct http_response **ret_response);

/* Closes idle connections (noVUConnectionReuse). */
void client_close_idle(struct client *c);

/* TCP payload bytes since the last call, TLS and headers included. */
struct client_bytes {
    uint64_t sent;
    uint64_t received;
};

struct client_bytes client_take_bytes(struct client *c);

/*
 * At most so many passages a second over all threads, one after the other without bursts.
 * Owned by the caller; lives as long as the policy.
 */
struct rate_gate *rate_gate_new(double per_second);
void rate_gate_free(struct rate_gate *g); /* accepts NULL */

/* Suspends until it is the caller's turn. Returns 0 or -ECANCELED. */
int rate_gate_pass(struct rate_gate *g, struct loop *l);
