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
#include "proto/http.h"

struct client;
struct client_loop;
struct list;
struct loop;
struct recorder;
struct redact;
struct sample_origin;
struct tag_pool;
struct tagset;

enum {
    CLIENT_E_CANCELLED = 1, /* condition: the coroutine was cancelled; nothing was recorded */

    CLIENT_BODY_LIMIT = 256 << 20, /* bytes of a response body that is kept */
};

struct client_policy;

/* Which exchanges are kept as evidence (metric/exchange.h). Zeroed memory: none. */
struct client_capture {
    unsigned keep;          /* of each endpoint and code; 0: none */
    size_t body_bytes;      /* of a body */
    struct redact *secrets; /* what must not be in them; NULL: nothing is known */
};

struct client_loop_config {
    struct loop *loop;
    const struct client_policy *policy;
    struct recorder *recorder;
    struct tag_pool *tags; /* of the recorder's loop */
    struct client_capture capture;
};

/* What the clients of one loop share. Returns 0 or a fault. */
MUST_USE int client_loop_new(const struct client_loop_config *config,
                             struct client_loop **ret_loop);

/* After the last client; accepts NULL. */
void client_loop_free(struct client_loop *cl);

/* Requests answered or failed so far on this loop; any thread may read it. */
uint64_t client_loop_n_requests(const struct client_loop *cl);

/* Those under way now; any thread. */
uint64_t client_loop_n_in_flight(const struct client_loop *cl);

/* Of those answered, how many failed by their set of expected statuses; any thread. */
uint64_t client_loop_n_failed(const struct client_loop *cl);

/* Moves the exchanges kept since the last time to `to`; the caller frees them. */
void client_loop_take_exchanges(struct client_loop *cl, struct list *to);

/* Failed round trips so far that the limits of the book left out (metric/exchange_book.h). */
uint64_t client_loop_n_left_out(const struct client_loop *cl);

/* The client of the index-th user, who calls from the index-th of policy->locals. */
struct client *client_new(struct client_loop *cl, uint64_t index);

/* Whose the samples of its requests are; outlives the client. */
void client_set_origin(struct client *c, const struct sample_origin *origin);

/* Where its user is, for the exchanges that are kept. */
struct client_place {
    const char *scenario; /* NULL: none */
    uint64_t vu;
    int64_t iteration; /* -1: none */
};

/* `fn` is asked when an exchange is kept; NULL: nobody knows. */
void client_set_place(struct client *c, void (*fn)(void *arg, struct client_place *ret_place),
                      void *arg);

/* Closes all connections; nobody may be inside a call. Accepts NULL. */
void client_free(struct client *c);

/*
 * Carries out a request with all redirects and authentication it takes. Always gives a response,
 * with status 0 and an error code when there was none; the caller owns the reference. Returns 0, or
 * CLIENT_E_CANCELLED with *ret_response untouched.
 */
MUST_USE int client_request(struct client *c, const struct http_request *req,
                            struct http_response **ret_response);

/*
 * Carries out the request again and again, for as long as `again` says so after each answer; the
 * response is its to look at until it returns. What answers set in the request's jar is for their
 * own redirects: `again` empties it. What is done for most answers is done without
 * waking the coroutine: then `again` runs on the loop's stack, where it must not suspend
 * (coro_self() is NULL there). Returns 0, or CLIENT_E_CANCELLED: the last one has no answer.
 */
typedef bool client_again_fn(void *arg, struct http_response *r);
MUST_USE int client_request_repeat(struct client *c, const struct http_request *req,
                                   client_again_fn *again, void *arg);

/* Closes idle connections (noVUConnectionReuse). */
void client_close_idle(struct client *c);

/* TCP payload bytes since the last call, TLS and headers included. */
struct client_bytes {
    uint64_t sent;
    uint64_t received;
};

struct client_bytes client_take_bytes(struct client *c);

/*
 * All requests from now on are due `lag` before they begin, because what they are part of began
 * that late: their response times count from then. < 0 (the default): no response times.
 */
void client_set_lag(struct client *c, span_ns lag);
