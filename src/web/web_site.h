#pragma once
/*
 * What the page asks for: its own files, the runs of a store, the run of this process while it
 * lasts, connections. docs/page-api.md is its reference. Everything else is 404.
 *
 * Answers are made on the server's threads, several at once; each takes a connection to the store
 * of its own. What only the main loop knows comes through functions that cli fills in.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "web/web_api.h"

struct web_site;

/* The run of this process. Any thread calls these, several at once; they may wait. */
struct web_live_ops {
    /* Appends the run as JSON and gives the number of its last tick; false when it has gone. */
    bool (*state)(void *self, struct buf *out, uint64_t *ret_seq);

    /* A listener that begins with all entries so far. NULL: the run has gone, or it is there and
     * too many listen. */
    struct web_listener *(*listen)(void *self, bool *ret_is_there);

    /* Answers what is under /v1/; false when the run has gone. */
    bool (*api)(void *self, const struct web_request *req, struct web_answer *ret_answer);
};

/* A connection without its key. Strings are borrowed for the call. */
struct web_connection {
    struct str name, endpoint, username, namespace;
    bool has_key, enabled;
    const struct str *tags; /* "key:value" */
    size_t n_tags;
};

/*
 * Connections that runs are published to. Faults are for the client, with codes as web_run_ops has
 * them. Calls come one at a time.
 */
struct web_connection_ops {
    int (*list)(void *self, void (*fn)(void *arg, const struct web_connection *c), void *arg);
    /* Makes or replaces one; a `key` that is empty keeps the one that there is. */
    int (*put)(void *self, const struct web_connection *c, struct str key);
    int (*remove)(void *self, struct str name);
    /* Tries it; appends what the other end said. */
    int (*test)(void *self, struct str name, struct buf *ret_text);
};

struct web_site_config {
    const char *store;               /* the file; NULL: there is no history */
    const struct web_live_ops *live; /* NULL: no run here */
    void *live_self;
    const struct web_connection_ops *connections; /* NULL: none can be changed here */
    void *connections_self;
};

/* The configuration is copied, what it points to is borrowed. */
struct web_site *web_site_new(const struct web_site_config *config);
void web_site_free(struct web_site *s); /* accepts NULL */

/* struct web_server_config.answer; `site` is a struct web_site. */
bool web_site_answer(void *site, const struct web_request *req, struct web_answer *ret_answer);
