#pragma once
/*
 * What the files of the demo target share. A worker is a thread with its loop; a connection
 * (target_conn.c) reads requests on a coroutine, finds the route of each and lets its handler fill
 * in an exchange. Everything but `struct target_jobs` and `struct target_queues` belongs to one
 * worker.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json_out.h"
#include "base/random.h"
#include "base/str.h"
#include "base/table.h"
#include "loop/mailbox.h"
#include "proto/http.h"
#include "target/target.h"

struct exchange;
struct http1_request;
struct listener;
struct loop;
struct stream;
struct target_jobs;
struct target_cloud;
struct target_llm;
struct target_queues;
struct target_sales;
struct target_services;
struct tls_config;

enum {
    EXCHANGE_HEADERS_MAX = 16,
    EXCHANGE_PARAMS_MAX = 4,
    TARGET_BODY_MAX = 16 << 20, /* bytes of a request's body; an echo in JSON is six times that */
};

/* ---- routes ---- */

typedef void(target_fn)(struct exchange *x);
typedef void(target_make_fn)(struct buf *body);

/* One row: either `fn` answers, or the answer is fixed and made once, by `make` or from `text`. */
struct route {
    const char *methods; /* separated by spaces; GET answers HEAD too; "*": any */
    const char *pattern; /* ":name" is one segment, a last "*" is the rest, maybe nothing */
    target_fn *fn;
    target_make_fn *make;
    const char *text;
    const char *type; /* of a fixed answer; NULL: JSON */
    const char *help;
};

extern const struct route target_routes[];
extern const size_t n_target_routes;

/* A fixed answer, head and all, as it goes out. Date and "ts" are kept up to date in place. */
struct fixed {
    char *data;
    size_t n;
    size_t n_head;
    size_t date_at; /* offset of the value of the Date header */
    size_t ts_at;   /* offset of 13 digits of milliseconds; 0: none */
    int64_t date_s; /* what stands there now */
    int64_t ts_ms;
};

/* A route as one worker has it. */
struct route_node {
    const struct route *route;
    struct fixed fixed;           /* data NULL: `route->fn` answers */
    struct route_node *same_path; /* the next with the same pattern and other methods */
};

struct router {
    struct route_node *nodes; /* in the order of the table */
    struct table exact;       /* path to the first node of those without wildcards */
};

void router_init(struct router *r);
void router_fini(struct router *r);

enum route_result {
    ROUTE_FOUND,
    ROUTE_NO_PATH,
    ROUTE_NO_METHOD,
};

/* Finds the node for a request; wildcards' raw texts go to `params`. */
enum route_result router_find(const struct router *r, struct str method, struct str path,
                              struct str params[EXCHANGE_PARAMS_MAX], struct route_node **ret_node);

/* Brings Date and "ts" up to date; `now` is the wall time. */
void fixed_refresh(struct fixed *f, wall_ns now);

/* Writes the 29 bytes of an HTTP date. */
void http_date(char out[29], int64_t unix_s);

/* ---- workers ---- */

struct target_worker {
    struct target *target;
    unsigned index;
    pthread_t thread;
    bool is_started;
    struct loop *loop;
    struct listener *listener;
    struct router router;
    struct rng rng;
    wall_ns wall_offset; /* wall time minus loop time */
    mono_ns offset_at;   /* when that was last looked at */
    uint64_t n_requests;
    struct message stop;
    sem_t may_close; /* nobody posts to the loop any more */
};

/* The wall time of the event being handled; follows a clock that is set, within a second. */
wall_ns worker_wall(struct target_worker *w);

/* What a draw is for: each has a sequence of its own, shared by all workers. */
enum draw_kind {
    DRAW_LLM,
    DRAW_PAYMENT,
    DRAW_SERVICE,
    DRAW_CLOUD,
    N_DRAW_KINDS,
};

struct target {
    struct target_options options;
    uint64_t seed;
    char url[80];
    uint16_t port;
    struct tls_config *tls;
    struct target_jobs *jobs;
    struct target_queues *queues;
    struct target_llm *llm;
    struct target_sales *sales;
    struct target_services *services;
    struct target_cloud *cloud;
    _Atomic uint64_t n_draws[N_DRAW_KINDS];
    mono_ns started;
    struct target_worker *workers;
    unsigned n_workers;
};

/* Serves one connection (a listener_fn); `arg` is the worker. */
void target_serve(struct stream *s, void *arg);

/* ---- an exchange: one request and its answer ---- */

/* What becomes of the connection. */
enum exchange_fate {
    FATE_KEEP,
    FATE_CLOSE, /* after the answer */
    FATE_RESET, /* at once, with RST */
};

struct exchange {
    struct target_worker *worker;
    struct stream *stream;
    const struct http1_request *request;
    struct str path;  /* as sent, without the query */
    struct str query; /* without '?' */
    struct str params[EXCHANGE_PARAMS_MAX];
    struct str body;
    struct arena arena; /* until the answer has gone out */

    /* The answer; status 200 and an empty body unless the handler says otherwise. */
    int status;
    struct str reason; /* n 0: the standard one */
    struct http_header headers[EXCHANGE_HEADERS_MAX];
    size_t n_headers;
    struct buf out;          /* body */
    bool is_sent;            /* the handler has written to the stream itself */
    bool has_own_type;       /* Content-Type was set */
    enum exchange_fate fate; /* KEEP becomes CLOSE when the request asks for it */
};

/* The request's first header of that name; p NULL when there is none. */
struct str exchange_header(const struct exchange *x, const char *name);

/* A wildcard's text, percent-decoded, in the arena. */
struct str exchange_param(struct exchange *x, size_t index);

/* A wildcard or argument as a number; `fallback` when it is missing or none, capped at `max`. */
uint64_t exchange_param_u64(struct exchange *x, size_t index, uint64_t fallback, uint64_t max);
uint64_t exchange_arg_u64(struct exchange *x, const char *name, uint64_t fallback, uint64_t max);

/* The query argument of that name, decoded; p NULL when there is none. */
struct str exchange_arg(struct exchange *x, const char *name);

/* A pair of an urlencoded text, decoded, in the arena; false at the end. */
bool exchange_next_pair(struct exchange *x, struct str *rest, struct str *ret_name,
                        struct str *ret_value);

/* "http://host:port" as the client spelt it, in the arena. */
struct str exchange_origin(struct exchange *x);

/* Suspends the connection; false when the target is ending (the fate is then CLOSE). */
bool exchange_sleep(struct exchange *x, span_ns span);

/* Likewise, for a simulated service time that --slowness stretches. */
bool exchange_work(struct exchange *x, double ms);

/*
 * What is random about this request. The n-th request of a kind draws the same from the same seed,
 * whichever worker serves it: the totals of n requests are the same in every run.
 */
struct rng exchange_draw(struct exchange *x, enum draw_kind kind);
bool draw_percent(struct rng *r, uint64_t percent);

/* A name and value that live as long as the exchange; beyond EXCHANGE_HEADERS_MAX is a bug. */
void answer_header(struct exchange *x, const char *name, struct str value);
void answer_type(struct exchange *x, const char *type);

/* Starts a JSON body. */
struct json_out answer_json(struct exchange *x);

/* {"error": text} with that status. */
void answer_error(struct exchange *x, int status, const char *text);
void answer_redirect(struct exchange *x, int status, struct str location);

/*
 * Streamed answers: the head (n_body as in http1_encode.h), then pieces, which suspend while the
 * client reads slowly. They return false when the client is gone.
 */
bool answer_start(struct exchange *x, int64_t n_body);
bool answer_piece(struct exchange *x, const void *data, size_t n);

/* Pieces of an answer that was started with HTTP1_CHUNKED; likewise. */
bool answer_chunk(struct exchange *x, struct str data);
void answer_last_chunk(struct exchange *x);

/* Sends raw bytes, for misbehaviour; likewise. */
bool answer_raw(struct exchange *x, const void *data, size_t n);

/* ---- jobs of the toy API (target_jobs.c); calls may come from any worker ---- */

struct target_jobs *target_jobs_new(uint64_t seed, double slowness);
void target_jobs_free(struct target_jobs *jobs); /* accepts NULL */
target_fn toy_job_post, toy_job_get;

/* ---- handlers, by file ---- */

/* target_toy.c */
target_make_fn make_users;
target_fn toy_slow, toy_error, toy_cpu, toy_io;

/* target_shop.c */
target_make_fn make_products;
target_fn shop_login, shop_product, shop_search, shop_inventory, shop_cart, shop_order;

/* target_bench.c */
target_make_fn make_document, make_items;
target_fn root_page, bench_login;

/* target_load.c */
target_fn load_fixed, load_queue;
struct target_queues *target_queues_new(void);
void target_queues_free(struct target_queues *queues); /* accepts NULL */

/* target_httpbin.c */
target_fn bin_get, bin_post, bin_anything, bin_headers, bin_ip, bin_user_agent, bin_encoded,
    bin_response_headers, bin_base64, bin_uuid;

/* target_httpbin_flow.c: statuses, redirects, cookies, time and size */
target_fn bin_status, bin_redirect, bin_absolute_redirect, bin_redirect_to, bin_cookies,
    bin_cookies_set, bin_cookies_set_one, bin_cookies_delete, bin_delay, bin_bytes, bin_stream,
    bin_stream_bytes, bin_drip;

/* target_httpbin_auth.c */
target_fn bin_basic_auth, bin_hidden_basic_auth, bin_bearer, bin_digest_auth;

/* target_llm.c */
target_fn llm_chat, llm_models, llm_usage;
struct target_llm *target_llm_new(void);
void target_llm_free(struct target_llm *llm); /* accepts NULL */

/* target_checkout.c */
target_fn shop_checkout, shop_sales;
struct target_sales *target_sales_new(void);
void target_sales_free(struct target_sales *sales); /* accepts NULL */

/* target_services.c */
target_fn service_gateway, service_call, service_health, services_health, services_stats;
struct target_services *target_services_new(void);
void target_services_free(struct target_services *services); /* accepts NULL */

/* target_cloud.c */
target_fn cloud_run, cloud_usage, cloud_bill;
target_make_fn make_cloud_prices;
struct target_cloud *target_cloud_new(void);
void target_cloud_free(struct target_cloud *cloud); /* accepts NULL */

/* target_chaos.c */
target_fn chaos_play;
void chaos_list(struct buf *out);

/* The object of httpbin's "args", "headers" and the like, for handlers of its shapes. */
void bin_put_headers(struct exchange *x, struct json_out *j);
void bin_put_args(struct exchange *x, struct json_out *j);
