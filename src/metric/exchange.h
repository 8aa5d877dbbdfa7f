#pragma once
/*
 * A round trip that was kept as evidence: a request with its answer, or with what came instead.
 * The loop that made it has redacted it and cut its bodies; from then on it never changes and owns
 * all that it points to, so it may be given from thread to thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/str.h"

enum exchange_kind {
    EXCHANGE_FAILED, /* counted by http_req_failed, or no answer came */
    EXCHANGE_SLOW,   /* among the slowest of its endpoint that did not fail */
};

struct exchange_header {
    struct str name;
    struct str value;
};

/* What is known of a body. */
enum exchange_body_state {
    EXCHANGE_BODY_NONE,      /* there was none */
    EXCHANGE_BODY_KEPT,      /* `data` is all of it */
    EXCHANGE_BODY_CUT,       /* the beginning of it */
    EXCHANGE_BODY_DISCARDED, /* it was read and thrown away: discardResponseBodies and the like */
    EXCHANGE_BODY_UNREADABLE /* in a content coding that could not be undone: it is not shown */
};

struct exchange_body {
    enum exchange_body_state state;
    bool is_text;    /* UTF-8 without control characters; else any bytes */
    bool is_decoded; /* a content coding was undone */
    int64_t size;    /* bytes of all of it, without its coding where it was undone; -1: not known */
    struct str type; /* Content-Type; empty: none */
    struct str data;
};

/* In ns; -1: does not apply. They follow each other in this order, but ssl is part of connect. */
struct exchange_timings {
    span_ns blocked;
    span_ns dns;
    span_ns connect; /* TLS included */
    span_ns ssl;
    span_ns send;
    span_ns wait;
    span_ns receive;
};

struct exchange {
    struct list link;
    struct arena arena; /* of all that it points to */
    size_t bytes;       /* memory it takes, about */
    enum exchange_kind kind;
    int code;         /* what it is filed under: the error code, else the status; 0: did not fail */
    int error_code;   /* k6's; 0: none */
    struct str name;  /* of the endpoint */
    struct str error; /* in words; empty: none */
    struct str scenario;
    struct str group;
    uint64_t vu;       /* 0: that of setup() and teardown() */
    int64_t iteration; /* of the user, from 0; -1: none */

    mono_ns began; /* connection asked for */
    wall_ns began_wall;
    span_ns duration; /* of http_req_duration */
    struct exchange_timings timings;
    struct str server_ip; /* empty: never connected */
    uint16_t server_port;
    uint16_t client_port; /* which tells connections apart */
    bool reused;          /* the connection had served before */
    struct str tls;       /* "tls1.3"; empty: none */

    struct str method;
    struct str url;
    struct str request_version; /* "HTTP/1.1" */
    const struct exchange_header *request_headers;
    size_t n_request_headers;
    struct exchange_body request_body;

    int status;                  /* 0: none, also of an answer that broke off */
    int partial_status;          /* what it said before it broke off; 0: nothing */
    struct str response_version; /* empty: none */
    struct str reason;
    const struct exchange_header *response_headers;
    size_t n_response_headers;
    struct exchange_body response_body;

    struct exchange *before; /* the redirect or challenge that led here; owned; NULL: none */
};

struct buf;

/* Appends what an endpoint is told by: method and name, which may be cut. */
void exchange_endpoint(struct str method, struct str name, struct buf *out);

/* With those before it; accepts NULL. */
void exchange_free(struct exchange *x);

/* Frees all that are linked to `list`. */
void exchange_list_free(struct list *list);
