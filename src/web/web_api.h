#pragma once
/*
 * The REST API as a function: a request in, an answer out. What it knows of the run and may do to
 * it goes through a table of functions that cli fills in. k6's part has k6's shapes (JSON:API);
 * /v1/control and /v1/events are ours.
 *
 * Everything here, the table's functions too, runs on the main loop; web/web_server.h takes
 * requests there.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct summary_input;
struct web_listener;

enum {
    WEB_BODY_LIMIT = 64 << 10, /* bytes of a request's body */
    WEB_BY_LIMIT = 64,         /* bytes of the name that somebody gives to himself */
};

/* k6's numbers for the course of a run. */
enum web_run_status {
    WEB_RUN_CREATED = 0,
    WEB_RUN_INIT_VUS = 1,
    WEB_RUN_PAUSED_BEFORE = 4,
    WEB_RUN_STARTED = 5,
    WEB_RUN_SETUP = 6,
    WEB_RUN_RUNNING = 7,
    WEB_RUN_TEARDOWN = 8,
    WEB_RUN_ENDED = 9,
    WEB_RUN_INTERRUPTED = 10,
    WEB_RUN_FAILED = 11,
};

struct web_status {
    enum web_run_status status;
    bool paused, stopped, running;
    uint64_t vus, vus_max;
};

/* As run/control.h has it. */
struct web_event {
    wall_ns at;
    span_ns elapsed;
    const char *kind, *by, *scenario; /* scenario: NULL when it is about the whole run */
    bool is_change;                   /* `from` and `to` mean something */
    double from, to;
};

/*
 * The run. Those that return int give 0 or a fault whose text is for the client: -EINVAL and
 * -ENOTSUP are its mistake (400), -ENOENT names what is not there (404), -EBUSY is not now (409).
 */
struct web_run_ops {
    void (*status)(void *self, struct web_status *ret_status);
    /* Borrowed until the call returns to the loop. */
    void (*summary)(void *self, struct summary_input *ret_input);
    /* False when there are no more than `index`. */
    bool (*event)(void *self, size_t index, struct web_event *ret_event);
    int (*pause)(void *self, struct str by);
    int (*resume)(void *self, struct str by);
    int (*stop)(void *self, struct str by);
    int (*scale_vus)(void *self, struct str scenario, uint64_t n, struct str by);
    int (*scale_rate)(void *self, struct str scenario, double per_s, struct str by);
    int (*put_setup)(void *self, struct str json, struct str by);
};

struct web_request {
    struct str method; /* HEAD comes as GET */
    struct str path;   /* without query, percent-decoded */
    struct str target; /* path and query as they were sent */
    struct str body;
    struct str accept; /* the Accept header; empty: none; so are the others */
    struct str accept_encoding, if_none_match;
};

/* Zeroed memory is an empty one; web_answer_fini() frees what it holds. */
struct web_answer {
    unsigned status;
    const char *content_type;
    char allow[64];     /* with 405: the methods that there are, else "" */
    char filename[160]; /* a download of that name, else "" */
    struct buf body;
    const unsigned char *fixed; /* constant bytes instead of `body`; NULL: none */
    size_t n_fixed;
    bool is_gzip;       /* the bytes are compressed */
    const char *etag;   /* with quotes; it may be kept and asked for again; NULL: not kept */
    const char *policy; /* Content-Security-Policy in place of the server's; NULL: the server's */
    struct web_listener *listener; /* an event stream instead of `body`; NULL: none */
};

void web_api_answer(const struct web_run_ops *ops, void *self, const struct web_request *req,
                    struct web_answer *ret_answer);

/* Makes an answer that is an error, in k6's shape. */
void web_answer_error(struct web_answer *a, unsigned status, const char *title, const char *detail);

/* The latest fault as an answer: its code, as web_run_ops has them, decides the status. */
void web_answer_fault(struct web_answer *a, int code);
void web_answer_fini(struct web_answer *a);
