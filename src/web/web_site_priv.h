#pragma once
/* One request to the page's API, and what its handlers share. */
#include <pthread.h>

#include "base/arena.h"
#include "base/json_out.h"
#include "store/store.h"
#include "web/web_site.h"
#include "web/web_stores.h"
#include "web/web_uri.h"

struct web_site {
    struct web_site_config config;
    struct web_stores *stores; /* NULL: none */
    pthread_mutex_t connections_lock;
};

struct web_call {
    struct web_site *site;
    const struct web_request *req;
    struct web_answer *answer;
    struct str query;
    struct str params[WEB_PARAMS_MAX];
    struct arena *arena; /* of the request */
    struct store *store; /* for routes that need it */
    struct json_out j;   /* into the answer */
};

/* Handlers return 0 or a fault for the client, with codes as web_run_ops has them. */
typedef int(web_handler)(struct web_call *c);

web_handler web_runs_list, web_runs_get, web_runs_patch, web_runs_delete;
web_handler web_runs_script, web_runs_exceptions, web_runs_exchange, web_runs_har;
web_handler web_compare_get, web_trend_get, web_scripts_get;
web_handler web_connections_list, web_connections_put, web_connections_delete, web_connections_test;

/* The run that a parameter names: a key, or what store_run_find() takes. */
MUST_USE int web_run_key(struct web_call *c, struct str text, int64_t *ret_key);
