/*
 * The shared object's one exported symbol, and the program's functions under their own names: the
 * rest of the plug-in calls them as all code does, and never sees that they lie in the program.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "metric/tagset.h"
#include "proto/cookie.h"
#include "proto/http.h"
#include "proto/url.h"
#include "script/py/py_priv.h"

const struct script_plugin_calls *py_calls;
const char *py_folder;

/* ---- the program's ---- */

int fault_raise(int code, const char *func, const char *file, int line, const char *fmt, ...)
{
    char text[4096];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return py_calls->raise(code, func, file, line, "%s", text);
}

int fault_pass(int code, const char *func, const char *file, int line)
{
    return py_calls->fault_pass(code, func, file, line);
}

const char *fault_text(void)
{
    return py_calls->fault_text();
}

int url_parse(struct str text, const struct url *base, struct url **ret_url)
{
    return py_calls->url_parse(text, base, ret_url);
}

struct url *url_ref(const struct url *u)
{
    return py_calls->url_ref(u);
}

void url_unref(struct url *u)
{
    py_calls->url_unref(u);
}

void http_response_unref(struct http_response *r)
{
    py_calls->http_response_unref(r);
}

struct str http_header_get(const struct http_header *headers, size_t n, struct str name)
{
    return py_calls->http_header_get(headers, n, name);
}

const char *http_version_name(enum http_version v)
{
    return py_calls->http_version_name((int)v);
}

const char *http_reason(int status)
{
    return py_calls->http_reason(status);
}

int metric_register(struct metric_registry *reg, struct str name, enum metric_type type,
                    enum metric_contains contains, uint32_t *ret_id)
{
    return py_calls->metric_register(reg, name, type, contains, ret_id);
}

const struct tagset *tagset_add(struct tag_pool *pool, const struct tagset *base, struct str key,
                                struct str value)
{
    return py_calls->tagset_add(pool, base, key, value);
}

const struct tagset *tagset_merge(struct tag_pool *pool, const struct tagset *base,
                                  const struct tag *tags, size_t n)
{
    return py_calls->tagset_merge(pool, base, tags, n);
}

void cookie_jar_each(struct cookie_jar *jar, const struct url *u, wall_ns now, cookie_fn *fn,
                     void *arg)
{
    py_calls->cookie_jar_each(jar, u, now, fn, arg);
}

void cookie_jar_delete(struct cookie_jar *jar, const struct url *u, struct str name, wall_ns now)
{
    py_calls->cookie_jar_delete(jar, u, name, now);
}

void cookie_jar_clear(struct cookie_jar *jar)
{
    py_calls->cookie_jar_clear(jar);
}

void cookie_jar_store_header(struct cookie_jar *jar, const struct url *u, struct str header,
                             wall_ns now)
{
    py_calls->cookie_jar_store_header(jar, u, header, now);
}

/* ---- the language ---- */

static void open_plugin(const struct script_plugin_calls *calls, const char *folder)
{
    py_calls = calls;
    py_folder = folder;
}

static int no_setup(void *vu UNUSED, mono_ns deadline UNUSED, char **ret_json)
{
    *ret_json = NULL;
    return 0;
}

static int no_teardown(void *vu UNUSED, const char *setup_data UNUSED, mono_ns deadline UNUSED)
{
    return 0;
}

static int no_summary(void *vu UNUSED, const char *data_json UNUSED, mono_ns deadline UNUSED,
                      struct script_summary_file **ret_files, size_t *ret_n)
{
    *ret_files = NULL;
    *ret_n = 0;
    return 0;
}

const struct script_ops py_ops = {
    .name = "python",
    .suffixes = (const char *const[]){".py", NULL},
    .deep_stack = true,
    .one_loop = true,
    .load = py_load,
    .free = py_free,
    .loop_open = py_loop_open,
    .loop_close = py_loop_close,
    .loop_stats = py_loop_stats,
    .vu_new = py_vu_new,
    .vu_free = py_vu_free,
    .find_export = py_find_export,
    .run_iteration = py_run_iteration,
    .leave = py_leave_scenario,
    .over = py_over,
    .setup = no_setup,
    .teardown = no_teardown,
    .handle_summary = no_summary,
    .interrupt = py_interrupt,
    .set_deadline = py_set_deadline,
};

__attribute__((visibility("default"))) extern const struct script_plugin brunt_script_plugin;

const struct script_plugin brunt_script_plugin = {
    .version = SCRIPT_PLUGIN_VERSION,
    .open = open_plugin,
    .ops = &py_ops,
};
