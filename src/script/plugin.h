#pragma once
/*
 * Languages that come as shared objects of their own, because they bring a library that most runs
 * have no need of. The program hands over what the plug-in may call (it exports no symbols), the
 * plug-in gives its `struct script_ops`. Both are built from one tree: a version that differs is
 * refused, nothing else is checked.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "metric/metric.h"

struct cookie_jar;
struct http_header;
struct http_response;
struct script_ops;
struct tag;
struct tag_pool;
struct tagset;
struct url;

enum {
    SCRIPT_PLUGIN_VERSION = 2, /* raised with every change of this header or of script.h */
};

/* The program's functions, as their own headers document them. */
struct script_plugin_calls {
    int (*raise)(int code, const char *func, const char *file, int line, const char *fmt, ...)
        PRINTF_LIKE(5, 6);
    int (*fault_pass)(int code, const char *func, const char *file, int line);
    const char *(*fault_text)(void);
    int (*url_parse)(struct str text, const struct url *base, struct url **ret_url);
    struct url *(*url_ref)(const struct url *u);
    void (*url_unref)(struct url *u);
    void (*http_response_unref)(struct http_response *r);
    struct str (*http_header_get)(const struct http_header *headers, size_t n, struct str name);
    const char *(*http_version_name)(int version);
    const char *(*http_reason)(int status);
    int (*metric_register)(struct metric_registry *reg, struct str name, enum metric_type type,
                           enum metric_contains contains, uint32_t *ret_id);
    const struct tagset *(*tagset_add)(struct tag_pool *pool, const struct tagset *base,
                                       struct str key, struct str value);
    const struct tagset *(*tagset_merge)(struct tag_pool *pool, const struct tagset *base,
                                         const struct tag *tags, size_t n);
    void (*cookie_jar_each)(struct cookie_jar *jar, const struct url *u, wall_ns now,
                            void (*fn)(void *arg, struct str name, struct str value), void *arg);
    void (*cookie_jar_delete)(struct cookie_jar *jar, const struct url *u, struct str name,
                              wall_ns now);
    void (*cookie_jar_clear)(struct cookie_jar *jar);
    void (*cookie_jar_store_header)(struct cookie_jar *jar, const struct url *u, struct str header,
                                    wall_ns now);
};

/* What the shared object exports, under the name of SCRIPT_PLUGIN_SYMBOL. */
struct script_plugin {
    uint32_t version; /* SCRIPT_PLUGIN_VERSION of its build */
    /*
     * Takes the program's functions and the folder that the object lies in; both outlive it.
     * Called once, before any other.
     */
    void (*open)(const struct script_plugin_calls *calls, const char *folder);
    const struct script_ops *ops;
};

#define SCRIPT_PLUGIN_SYMBOL "brunt_script_plugin"
