#pragma once
/*
 * Connections to Grafana's Graphite ingest, as Leapwork Performance stores them: where, as whom,
 * and what is added to each point. They stand in one file of mode 0600, because it has keys:
 *
 *   {"version": 1, "connections": [{"name": "prod", "provider": "grafana", "enabled": true,
 *     "endpoint": "https://graphite-prod-1.grafana.net/graphite/metrics", "username": "123",
 *     "apiKey": "glc_...", "defaultTags": ["env:prod"], "metricNamespace": "lp.run_results"}]}
 *
 * An apiKey may be env:NAME or file:PATH: then the key is fetched when it is used. All strings live
 * in the list's arena. A list belongs to one thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "metric/tagset.h"

#define CONNECTION_NAMESPACE "lp.run_results"

struct connection {
    const char *name;
    bool enabled;
    const char *endpoint; /* NULL: missing; these three */
    const char *username;
    const char *api_key;       /* as stored: the key, env:NAME or file:PATH */
    const char **default_tags; /* "key:value" or "key=value", as they were given */
    size_t n_default_tags;
    const char *namespace; /* of metrics; never NULL */
};

/* Zeroed memory is an empty list. */
struct connections {
    struct arena arena;
    struct connection *items;
    size_t n, cap;
};

void connections_fini(struct connections *c);

/* The variables of the environment; NULL: there is none of that name. */
typedef const char *(connection_env_fn)(void *arg, const char *name);

/* $BRUNT_CONNECTIONS, or ${XDG_CONFIG_HOME:-~/.config}/brunt/connections.json; in the arena. NULL:
 * there is no home. */
const char *connections_path(struct connections *c, connection_env_fn *env, void *arg);

/*
 * Adds what the text has: an object as above, or an array of connections. `where` is said in
 * messages. Strict: unknown keys and wrong types are refused. Returns 0 or FAULT_EXIT(104), and
 * then nothing was added. Values of apiKey are in no message.
 */
MUST_USE int connections_parse(struct connections *c, struct str json, const char *where);

/*
 * Adds what the file has; a missing one has none. One that others may read is refused, because it
 * has keys. Returns 0 or a fault.
 */
MUST_USE int connections_load(struct connections *c, const char *path);

/* Writes the file anew, all or nothing, with mode 0600, in a folder made with mode 0700. */
MUST_USE int connections_save(const struct connections *c, const char *path);

/* Whether a connection may have that name. Returns 0 or FAULT_EXIT(104). */
MUST_USE int connection_check_name(const char *name);

/* The connection of that name, or NULL. */
struct connection *connections_find(const struct connections *c, const char *name);

/* A connection that has a name and the default namespace and is enabled. */
struct connection *connections_add(struct connections *c, const char *name);

/* Takes it out of the list. */
void connections_remove(struct connections *c, struct connection *one);

/* Adds a tag, checked as the service would. Returns 0 or FAULT_EXIT(104). */
MUST_USE int connection_add_tag(struct connections *c, struct connection *one, const char *tag);

/*
 * Whether points can be sent with it: nothing is missing and the endpoint is one. Returns 0 or
 * FAULT_EXIT(104), in Leapwork's words where it has some.
 */
MUST_USE int connection_check(const struct connection *one);

/* The key itself. `ret_key` is to be wiped by the caller. 0 or FAULT_EXIT(104). */
MUST_USE int connection_key(const struct connection *one, connection_env_fn *env, void *arg,
                            struct buf *ret_key);

/* Its default tags as pairs; views into the connection. `ret_tags` has room for n_default_tags. */
void connection_tags(const struct connection *one, struct tag *ret_tags);

/* "Basic base64(user:key)", appended. */
void connection_authorization(const char *username, struct str key, struct buf *out);

/* The URL under which Grafana asks for the data: the endpoint without /metrics. Appended. */
void connection_query_url(const struct connection *one, struct buf *out);
