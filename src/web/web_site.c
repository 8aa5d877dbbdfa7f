/*
 * A table of routes. What a route needs (the store) is had for it before its handler is called, and
 * what a handler gives back, a fault or nothing, becomes the answer.
 */
#include "web/web_site.h"

#include <errno.h>
#include <stdio.h>

#include "assets/web_assets.h"
#include "base/mem.h"
#include "web/web_site_priv.h"
#include "web/web_stream.h"

enum {
    ANSWER_BYTES_MAX = 1 << 30,
};

static const char json_type[] = "application/json; charset=utf-8";

/* ---- the run of this process ---- */

static int live_get(struct web_call *c)
{
    const struct web_site_config *config = &c->site->config;
    scoped(buf_fini) struct buf run = BUF_INIT(ANSWER_BYTES_MAX);
    uint64_t seq = 0;
    bool is_there = config->live && config->live->state(config->live_self, &run, &seq);

    json_open_object(&c->j);
    json_key(&c->j, "run");
    if (is_there)
        json_put_raw(&c->j, buf_str(&run));
    else
        json_put_null(&c->j);
    json_key(&c->j, "seq");
    json_put_u64(&c->j, seq);
    json_close(&c->j);
    return 0;
}

/* A browser that hears 204 does not ask again. */
static int live_listen(struct web_call *c)
{
    const struct web_site_config *config = &c->site->config;
    bool is_there = false;

    if (config->live)
        c->answer->listener = config->live->listen(config->live_self, &is_there);
    if (is_there && !c->answer->listener) {
        web_answer_error(c->answer, 503, "Unavailable", "too many pages are open");
        return 0;
    }
    c->answer->status = c->answer->listener ? 200 : 204;
    c->answer->content_type = "text/event-stream; charset=utf-8";
    return 0;
}

/* ---- files ---- */

static void answer_asset(const struct web_asset *asset, const struct web_request *req,
                         struct web_answer *a)
{
    a->status = 200;
    a->etag = asset->etag;
    a->content_type = asset->type;
    if (str_find_str(req->if_none_match, str_of(asset->etag)) < req->if_none_match.n) {
        a->status = 304;
        return;
    }
    a->is_gzip =
        asset->gzip && str_find_str(req->accept_encoding, STR("gzip")) < req->accept_encoding.n;
    a->fixed = a->is_gzip ? asset->gzip : asset->bytes;
    a->n_fixed = a->is_gzip ? asset->n_gzip : asset->n;
}

/* ---- routes ---- */

enum route_needs {
    NEEDS_NOTHING,
    NEEDS_STORE,
};

static const struct route {
    const char *method, *pattern;
    web_handler *fn;
    enum route_needs needs;
} routes[] = {
    {"GET", "/api/live", live_get, NEEDS_NOTHING},
    {"GET", "/api/live/events", live_listen, NEEDS_NOTHING},
    {"GET", "/api/runs", web_runs_list, NEEDS_STORE},
    {"GET", "/api/runs/{}", web_runs_get, NEEDS_STORE},
    {"PATCH", "/api/runs/{}", web_runs_patch, NEEDS_STORE},
    {"DELETE", "/api/runs/{}", web_runs_delete, NEEDS_STORE},
    {"GET", "/api/runs/{}/script", web_runs_script, NEEDS_STORE},
    {"GET", "/api/runs/{}/har", web_runs_har, NEEDS_STORE},
    {"GET", "/api/runs/{}/exceptions", web_runs_exceptions, NEEDS_STORE},
    {"GET", "/api/runs/{}/exchanges/{}", web_runs_exchange, NEEDS_STORE},
    {"GET", "/api/compare", web_compare_get, NEEDS_STORE},
    {"GET", "/api/trend", web_trend_get, NEEDS_STORE},
    {"GET", "/api/scripts", web_scripts_get, NEEDS_STORE},
    {"GET", "/api/connections", web_connections_list, NEEDS_NOTHING},
    {"PUT", "/api/connections/{}", web_connections_put, NEEDS_NOTHING},
    {"DELETE", "/api/connections/{}", web_connections_delete, NEEDS_NOTHING},
    {"POST", "/api/connections/{}/test", web_connections_test, NEEDS_NOTHING},
};

static int call_route(struct web_call *c, const struct route *r)
{
    if (r->needs != NEEDS_STORE)
        return r->fn(c);
    if (!c->site->stores)
        return fault(-ENOENT, "there is no history here");
    TRY(web_stores_take(c->site->stores, &c->store));
    int result = r->fn(c);

    web_stores_give(c->site->stores, take(c->store));
    return result;
}

static void take_route(struct web_call *c, const struct route *r)
{
    struct web_answer *a = c->answer;

    a->status = 200;
    a->content_type = json_type;
    a->allow[0] = '\0';
    a->body.limit = ANSWER_BYTES_MAX;
    int result = call_route(c, r);

    /* Codes below those of one errno are exit codes: what the client gave cannot be. */
    if (result != 0)
        web_answer_fault(a, result <= FAULT_EXIT(0) ? -EINVAL : result);
}

static void note_method(struct web_answer *a, const char *method)
{
    size_t used = strlen(a->allow);

    snprintf(a->allow + used, sizeof(a->allow) - used, "%s%s", used ? ", " : "", method);
}

/* Takes the first route that fits; false when there is none, with the methods that there are. */
static bool find_route(struct web_call *c, struct str path)
{
    for (size_t i = 0; i < countof(routes); i++) {
        if (!web_path_fits(c->arena, path, routes[i].pattern, c->params))
            continue;
        if (str_is(c->req->method, routes[i].method)) {
            take_route(c, &routes[i]);
            return true;
        }
        note_method(c->answer, routes[i].method);
    }
    return false;
}

static void answer_file(const struct web_request *req, struct web_answer *a)
{
    const struct web_asset *asset = web_asset_find(req->path);

    if (asset && str_is(req->method, "GET")) {
        answer_asset(asset, req, a);
        return;
    }
    if (asset)
        note_method(a, "GET");
    if (a->allow[0])
        web_answer_error(a, 405, "Method not allowed", a->allow);
    else
        web_answer_error(a, 404, "Not found", "there is nothing at this path");
}

/* False when the run is asked something and has gone. */
static bool answer_live_api(const struct web_site_config *config, const struct web_request *req,
                            struct web_answer *a)
{
    if (config->live)
        return config->live->api(config->live_self, req, a);
    web_answer_error(a, 404, "Not found", "no test runs in this process");
    return true;
}

bool web_site_answer(void *site, const struct web_request *req, struct web_answer *ret_answer)
{
    struct web_site *s = site;
    struct arena arena = {0};
    struct web_call c = {.site = s,
                         .req = req,
                         .answer = ret_answer,
                         .arena = &arena,
                         .j = JSON_OUT(&ret_answer->body, 0)};
    struct str path;

    if (str_starts(req->path, STR("/v1/")))
        return answer_live_api(&s->config, req, ret_answer);
    web_uri_split(req->target, &path, &c.query);
    if (!find_route(&c, path))
        answer_file(req, ret_answer);
    arena_fini(&arena);
    return true;
}

/* ---- beginning and end ---- */

struct web_site *web_site_new(const struct web_site_config *config)
{
    struct web_site *s = xnew(struct web_site);

    s->config = *config;
    s->stores = config->store ? web_stores_new(config->store) : NULL;
    pthread_mutex_init(&s->connections_lock, NULL);
    return s;
}

void web_site_free(struct web_site *s)
{
    if (!s)
        return;
    web_stores_free(s->stores);
    pthread_mutex_destroy(&s->connections_lock);
    free(s);
}
