#pragma once
/*
 * What Locust's web API answers about a test (GET), as a function: what is known now and a request
 * in, an answer out. Keys, types and texts are Locust's, so that exporters and clients made for it
 * read them. Changes (/swarm, /stop) are read by web/web_locust_swarm.h and made by cli.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "locust/locust_csv.h"
#include "locust/locust_view.h"

struct json_out;
struct web_answer;
struct web_request;

enum {
    WEB_LOCUST_ROWS_MAX = 500,   /* of statistics, without the row of everything */
    WEB_LOCUST_ERRORS_MAX = 500, /* kinds */
};

struct web_locust_worker {
    const char *id;
    const char *state; /* as a test's */
    uint64_t users;
    double cpu;      /* percent of one processor, since the last question */
    uint64_t memory; /* bytes */
};

/* The test as it is; everything is borrowed for the call. */
struct web_locust_now {
    struct locust_view *view; /* before the first test one that is empty; never NULL */
    enum locust_state state;
    uint64_t users;
    bool is_distributed; /* there are worker processes */
    const struct web_locust_worker *workers;
    size_t n_workers;
    const struct locust_exception *exceptions;
    size_t n_exceptions;
    struct locust_quantiles report;     /* of files; n 0: Locust's own, and so for the others */
    struct locust_quantiles statistics; /* of each row */
    struct locust_quantiles chart;      /* of the last seconds */
    struct str tasks;                   /* the answer to /tasks, JSON text; empty: {} */
    const char *host;                   /* NULL: none */
    const char *locustfile;             /* its name, for names of downloads; NULL: none */
    wall_ns started;                    /* for the same; 0: not yet */
    const char *history;                /* the file with the full history; NULL: there is none */

    /* Puts lines as an array of texts. NULL: none are kept. */
    void (*put_logs)(void *arg, struct json_out *j);
    void *put_logs_arg;
};

/* Answers a GET; false when there is nothing at this path. `path` is below the API's base path. */
bool web_locust_answer(const struct web_locust_now *now, struct str path,
                       struct web_answer *ret_answer);

/* Answers with JSON text, or a text that is none; 200 but for another `status`. */
void web_locust_json(struct web_answer *a, struct str json);
void web_locust_text(struct web_answer *a, unsigned status, const char *text);
