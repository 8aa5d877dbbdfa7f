#pragma once
/* What the files of client share: the parts of a client, of its loop and of one round trip. */
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "client/capture.h"
#include "client/client.h"
#include "client/client_policy.h"
#include "client/rate_gate.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "net/dial.h"
#include "net/net_addr.h"
#include "net/net_policy.h"
#include "net/proxy.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/tls.h"
#include "proto/content.h"
#include "proto/http1/http1.h"
#include "proto/http1/http1_encode.h"
#include "proto/http_pool.h"
#include "proto/url.h"
#include "proto/url_group.h"

struct measure;

enum {
    CLIENT_RECV_BYTES = 64 << 10,
    CLIENT_ENCODERS = 64,          /* heads remembered per loop, of each kind; a power of two */
    CLIENT_BODY_INLINE = 16 << 10, /* bytes of a body that are copied and sent with the head */
};

enum client_reuse {
    CLIENT_REUSE,    /* keep-alive connections stay with their user */
    CLIENT_NEW_EACH, /* a new connection for each request (noConnectionReuse) */
};

struct client_policy {
    struct net_policy *net;
    struct proxy_config *proxies; /* NULL: none */
    struct net_pool *locals;      /* addresses to call from; NULL: any */
    struct tls_config *tls;
    struct resolver_options dns;
    struct rate_gate *gate;    /* NULL: no limit */
    struct url_groups *groups; /* NULL: each URL is a name of its own */
    char *user_agent_text;
    struct str user_agent;
    struct content_limits decompression;
    uint32_t system_tags;
    uint32_t max_idle;
    uint32_t max_idle_per_host;
    uint32_t trim_above; /* connections of a user up to which no limit can be reached */
    enum client_reuse reuse;
    const char *congestion; /* NULL: the system's */
};

struct client_loop {
    struct loop *loop;
    const struct client_policy *policy;
    struct resolver *resolver;
    struct http_response_pool *responses;
    struct measure *measure;
    struct exchange_book *book;
    struct capture *capture;                        /* NULL: nothing is kept */
    struct http1_encoder encoders[CLIENT_ENCODERS]; /* by URL */
    struct http1_memo memos[CLIENT_ENCODERS];       /* of what it answers, the same */
    struct buf out;               /* the message being encoded; free between suspensions */
    char *received;               /* CLIENT_RECV_BYTES; the same: parsed before anybody else runs */
    struct http1_response reader; /* of responses that come whole, which need none of their own */
    struct list free_conns;
    struct {
        _Atomic uint64_t n_requests;
        _Atomic uint64_t n_failed;
        _Atomic uint64_t n_in_flight;
    } shared; /* written by the loop, read by any thread */
};

/*
 * A connection that a user holds. HTTP/1.1 carries one request at a time; a protocol that carries
 * more will raise max_active, and the pool hands the connection out while there is room.
 */
struct conn {
    struct list link; /* in the client's conns, the most recently used first; or in free_conns */
    struct client *client;
    struct stream *stream;
    struct url *url; /* whose host_port and is_tls it serves */
    uint16_t n_active;
    uint16_t max_active;
    bool insecure;              /* nobody has looked at its certificate */
    bool via_http_proxy;        /* requests on it need the absolute form */
    uint64_t seen_in, seen_out; /* bytes accounted for already */
    /* The first cache line ends here. */
    struct http1_response *reader; /* for what comes in pieces; NULL: that never happened */
};

struct client {
    struct client_loop *cl;
    struct list conns;
    size_t n_conns;
    struct client_bytes bytes;
    span_ns lag;                        /* of all its requests; < 0: they are due when they begin */
    const struct sample_origin *origin; /* of its samples; NULL: nobody */
    /* The first cache line ends here. */
    struct tls_sessions *sessions; /* NULL until the first TLS connection */
    struct net_addr local;
    void (*place)(void *arg, struct client_place *ret_place);
    void *place_arg;
};

/* Headers of the user that do not follow a redirect; bits of leg->drop. */
enum leg_drop {
    LEG_DROP_SENSITIVE = 1 << 0, /* to another domain: Authorization and the like */
    LEG_DROP_CONTENT = 1 << 1,   /* the body stayed behind: Content-Type and the like */
    LEG_DROP_HOST = 1 << 2,      /* to another address: Host */
};

/* What happens to the body of the response being read. */
struct body_sink {
    struct content_decoder *decoder; /* NULL: kept as it comes, or discarded */
    bool begun;                      /* the head is complete */
    bool keep;
    bool spare; /* not kept, but its beginning is of interest */
    bool bad;
};

/*
 * One round trip. Views are borrowed from the request or from the loop of legs around it. It lies
 * on the stack of its coroutine, which is cold when the answer comes: what every round trip looks
 * at then is on its first four cache lines.
 */
struct leg {
    alignas(CACHE_LINE) const struct http_request *req;
    struct client *client;
    struct url *url;
    struct conn *conn;             /* NULL: there is none, or not any more */
    struct http_response *r;       /* NULL: nothing has come; see leg_response */
    struct http1_response *reader; /* the loop's, or the connection's; NULL: nothing has come */
    struct str method;

    struct stream_taker *taker; /* takes the answer without the coroutine; NULL: nobody */
    mono_ns deadline;           /* of the journey; 0: its first leg has not begun */
    mono_ns asked;              /* connection asked for */
    mono_ns obtained;           /* connection there */
    mono_ns sending;            /* the kernel was given the first byte */
    mono_ns sent;               /* 0: not all of it */
    mono_ns first_byte;
    mono_ns ended;
    span_ns lag; /* of its client */
    int result;  /* of the transfer: 1 the answer is whole, 0 more is to come, -1 it failed */
    int error_code;
    struct body_sink body_sink;
    struct client_bytes bytes; /* on its connections */
    int only_expect; /* this leg is expected to give that status (401); 0: as the request says */
    bool is_first;   /* the first hop's head is kept for the script to read */
    bool reused;
    bool again; /* it failed in a way that is nobody's fault: try once more */
    bool cancelled;
    bool via_proxy; /* the target was written in absolute form */
    bool has_spare; /* the beginning of a body that is discarded is in the response's buffer */
    bool has_body;
    bool no_cookies; /* neither the request nor the jar has any */
    bool is_over;    /* the taker has done all that there was to do */

    span_ns connecting;       /* of a new connection; 0 of one that was there */
    span_ns tls_handshaking;  /* the same */
    struct str authorization; /* of an authentication leg; empty: none */
    struct str referer;
    unsigned drop;       /* enum leg_drop; grows from hop to hop */
    uint32_t head_stamp; /* of the head as the leg before this one sent it; 0: encode it */
    struct hops *hops;   /* the legs before; NULL: none, or nothing is kept */

    span_ns resolving;   /* as connecting, for an exchange that is kept */
    uint16_t local_port; /* the same, once there was a connection */
    struct str body;
    struct net_error error; /* from its text on nothing is cleared for each request */

    /* After an error, for an exchange that is kept: what had been read of a response. */
    struct {
        int status;
        struct str reason;
        enum http_version version;
        size_t n_headers;
    } broken;
};

_Static_assert(offsetof(struct leg, resolving) == 4 * CACHE_LINE, "its hot part has changed");

/*
 * The leg's response, made when it is first needed. That is when the answer comes, unless the
 * script may want to see what was sent: those that wait for answers hold none.
 */
static inline struct http_response *leg_response(struct leg *leg)
{
    if (!leg->r)
        leg->r = http_response_new(leg->client->cl->responses);
    return leg->r;
}

/* Gives a connection for the leg: an idle one or a new one. NULL on failure (leg->error). */
struct conn *conn_get(struct client *c, struct leg *leg, bool fresh);

/* Gives it back after a round trip, to be used again or closed. */
enum conn_fate {
    CONN_KEEP,
    CONN_CLOSE
};
void conn_put(struct conn *conn, enum conn_fate fate);

/* Counts what it has carried since the last time among its client's bytes. */
void conn_account(struct conn *conn);

void conn_close(struct conn *conn);

/*
 * A leg that is filled in, begun, carried out and measured. Returns 0, or CLIENT_E_CANCELLED: it
 * was, or leg->is_over and leg->r is not its own any more.
 */
int leg_run(struct leg *leg);

/* Parts of it, for who takes answers without the coroutine (leg->taker). It is asked for at `now`.
 */
void leg_begin(struct leg *leg, mono_ns now);

/* After a transfer, or without a connection for one: gives the connection back, and measures. */
void leg_conclude(struct leg *leg);

/* What is to become of the connection of a leg that ended with leg->result. */
enum conn_fate leg_fate(const struct leg *leg);

/* A round trip that failed, as the response tells it. */
void leg_set_error(struct leg *leg);

/* Before it is begun anew. */
void leg_forget_times(struct leg *leg);

/*
 * A round trip over leg->conn in steps that do not suspend; transfer_begin sends the request,
 * transfer_take takes what has come. leg->result then is 1 when the answer is whole, -1 with
 * leg->error, or 0: call transfer_take (again) when the stream has become readable.
 */
void transfer_begin(struct leg *leg);
void transfer_take(struct leg *leg);

/* Waiting for that came to `status` instead: the transfer has failed. */
void transfer_fail(struct leg *leg, int status);

/* After transfer_begin, with a body that is large: does the rest, and suspends. */
bool transfer_is_large(const struct leg *leg);
void transfer_upload(struct leg *leg);

/* What is known at the end. Nothing that suspends may have come between. */
void transfer_end(struct leg *leg);

/* Writes the head of the leg's request into cl->out. 0, or -1 with leg->error. */
int transfer_encode(struct client_loop *cl, struct leg *leg);

/* `book` outlives it. */
struct measure *measure_new(struct recorder *recorder, struct tag_pool *tags,
                            const struct client_policy *policy, struct exchange_book *book);
void measure_free(struct measure *m);

struct measured {
    bool failed;                /* by the set of expected statuses */
    struct exchange_slot *slot; /* where the round trip may be wanted; NULL: it is not */
};

/* Fills leg->r->timings and records the nine HTTP metrics. */
struct measured measure_leg(struct measure *m, const struct leg *leg,
                            const struct sample_origin *origin);
