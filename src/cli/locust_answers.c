/*
 * Routes of Locust's web API that do something, and what they do; documents are made in
 * web/web_locust.c. All of it runs on the server's threads, but for the questions.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/loadtest.h"
#include "cli/locust_site.h"
#include "cli/locust_web_priv.h"
#include "cli/report_file.h"
#include "cli/run_locust.h"
#include "run/control.h"
#include "run/run.h"
#include "store/store.h"
#include "web/web_locust_swarm.h"
#include "web/web_uri.h"

enum {
    REPORT_BYTES_MAX = 256 << 20,
    ARGUMENT_BYTES_MAX = 120 << 10, /* the kernel takes 128 KiB */

    /* How often and how long is waited for a run that has just been asked for. */
    EARLY_STEPS = 100,
    EARLY_STEP_US = 100000,
};

/* ---- documents ---- */

struct document {
    struct locust_question q;
    struct str path;
    struct web_answer *answer;
    bool is_known;
};

static void put_document(struct locust_web *w, struct locust_question *q)
{
    struct document *d = container_of(q, struct document, q);
    struct web_locust_now now;

    locust_web_look(w, &now);
    d->is_known = web_locust_answer(&now, d->path, d->answer);
}

/* ---- /swarm ---- */

struct swarm {
    struct locust_question q;
    const struct web_swarm *wish;
    struct arena *arena;
    struct web_swarm_answer about; /* strings in the arena */
    struct str fields;             /* for the script: of the form, and of POST /user; the same */
    bool is_early;                 /* the run has no users yet that could be changed */
    const char *why;               /* it was not done; else NULL */
};

static const char *kept(struct arena *arena, const char *text)
{
    return text ? arena_str(arena, str_of(text)).p : NULL;
}

static void read_about(struct locust_web *w, struct locust_question *q)
{
    struct swarm *s = container_of(q, struct swarm, q);

    s->about.host = kept(s->arena, w->about.host);
    s->about.shape = kept(s->arena, w->about.shape);
    s->about.has_picker = w->about.has_picker;
    s->about.classes = w->about.classes; /* of an arena that lives as long as the server */
    s->about.n_classes = w->about.n_classes;
    s->fields = arena_str(s->arena, buf_str(&w->settings));
}

static void on_run_time(struct loop *l UNUSED, struct timer *t)
{
    struct locust_web *w = container_of(t, struct locust_web, run_time);

    run_stop(w->run.run, RUN_STOP_REMOTE, STR("the run_time of /swarm"));
}

/* A run is there, on whose loop this is: its users become others. */
static int change_users(struct locust_web *w, const struct web_swarm *wish)
{
    struct loop *loop = w->run.loop;

    TRY(run_ramp_vus(w->run.run, STR(""), wish->users, wish->rate, STR("/swarm")));
    if (wish->run_time)
        timer_set(loop, &w->run_time, loop_now(loop) + (span_ns)wish->run_time * NS_PER_S,
                  on_run_time);
    return 0;
}

static void change(struct locust_web *w, struct locust_question *q)
{
    struct swarm *s = container_of(q, struct swarm, q);
    int r;

    read_about(w, q);
    s->is_early = w->run.run && run_stage(w->run.run) < RUN_SCENARIOS;
    if (s->is_early)
        r = fault(-EBUSY, "the test is just starting: ask again in a moment");
    else if (w->run.run)
        r = change_users(w, s->wish);
    else
        r = fault(-EBUSY, "the test has just ended");
    s->why = r < 0 ? kept(s->arena, fault_text()) : NULL;
    fault_clear();
}

/* [["NAME","VALUE"], ...] of both. */
static const char *all_fields(const struct swarm *s)
{
    struct str own = s->wish->fields, set = s->fields;

    if (!set.n)
        return own.p;
    if (own.n == 2) /* "[]": no comma */
        set = str_from_index(set, 1);
    return arena_printf(s->arena, "%.*s%.*s]", (int)own.n - 1, own.p, STR_ARG(set));
}

/* Begins a run, or changes the one that is there; the test's facts are then in `s`. */
static int do_swarm(struct locust_web *w, struct swarm *s)
{
    const char *fields = all_fields(s);
    bool is_running = false;

    if (strlen(fields) > ARGUMENT_BYTES_MAX)
        return fault(-EINVAL, "the form is too large: its fields become a command line");
    TRY(locust_web_start(w, fields, &is_running));
    /* With a shape users are its business. */
    s->q.fn = is_running && !s->about.shape ? change : read_about;
    locust_web_ask(w, &s->q);
    for (int i = 0; s->is_early && i < EARLY_STEPS; i++) {
        ignored(usleep(EARLY_STEP_US));
        locust_web_ask(w, &s->q);
    }
    return s->why ? fault(-EINVAL, "%s", s->why) : 0;
}

static void post_swarm(struct locust_web *w, const struct web_request *req, struct web_answer *a)
{
    scoped(arena_fini) struct arena arena = {0};
    struct swarm s = {.q.fn = read_about, .arena = &arena};
    struct web_swarm wish;

    locust_web_ask(w, &s.q);
    int r = web_swarm_read(&arena, req->body,
                           s.about.shape ? WEB_SWARM_HAS_SHAPE : WEB_SWARM_NEEDS_USERS, &wish);

    s.wish = &wish;
    if (r == 0)
        r = do_swarm(w, &s);
    if (r == 0) {
        web_swarm_answer(&wish, &s.about, a);
        return;
    }
    log_error(w->config.log, "/swarm: %s", fault_text());
    web_swarm_refuse(fault_text(), s.about.host, a);
    fault_clear();
}

/* ---- /stop and /stats/reset ---- */

static void stop(struct locust_web *w, struct locust_question *q UNUSED)
{
    if (w->run.run && run_stage(w->run.run) != RUN_OVER)
        run_stop(w->run.run, RUN_STOP_REMOTE, STR("/stop"));
}

static void do_stop(struct locust_web *w, const struct web_request *req UNUSED,
                    struct web_answer *a)
{
    struct locust_question q = {stop};

    locust_web_ask(w, &q);
    locust_web_wait_for_end(w);
    web_locust_json(a, STR("{\"success\":true,\"message\":\"Test stopped\"}"));
}

/* What a run has left has no snapshot to start over from: it is not shown any more. */
static void reset(struct locust_web *w, struct locust_question *q UNUSED)
{
    if (w->run.run)
        locust_view_reset(run_locust_view(w->run.locust));
    else
        w->is_emptied = true;
}

static void do_reset(struct locust_web *w, const struct web_request *req UNUSED,
                     struct web_answer *a)
{
    struct locust_question q = {reset};

    locust_web_ask(w, &q);
    web_locust_text(a, 200, "ok");
}

/* ---- /stats/report ---- */

static int put_report(struct locust_web *w, struct buf *out)
{
    struct report_file_source from = {0};
    scoped(freep) char *path = NULL;

    pthread_mutex_lock(&w->lock);
    path = w->shared.store ? xstrdup(w->shared.store) : NULL;
    from.key = w->shared.key;
    pthread_mutex_unlock(&w->lock);
    if (!path || !from.key)
        return fault(-ENOENT, "there is no run to report on yet: POST /swarm begins one");
    TRY(store_open(path, STORE_READ, &from.store));
    int r = report_file_html(&from, out);

    store_close(from.store);
    return r;
}

static void get_report(struct locust_web *w, const struct web_request *req, struct web_answer *a)
{
    scoped(arena_fini) struct arena arena = {0};
    struct str path, query, value;

    a->body.limit = REPORT_BYTES_MAX;
    if (put_report(w, &a->body) < 0) {
        web_answer_error(a, 404, "Not found", fault_text());
        fault_clear();
        return;
    }
    a->status = 200;
    a->content_type = "text/html; charset=utf-8";
    a->policy = "frame-ancestors 'none'"; /* the report has one of its own */
    web_uri_split(req->target, &path, &query);
    if (web_query_get(&arena, query, "download", &value) && value.n)
        snprintf(a->filename, sizeof(a->filename), "Locust_report.html");
}

/* ---- /user ---- */

struct user_setting {
    struct locust_question q;
    struct str body;
    int result;
    char why[256];
};

/* Kept for the tests to come: classes of one that runs are what they are. */
static void add_setting(struct locust_web *w, struct locust_question *q)
{
    struct user_setting *u = container_of(q, struct user_setting, q);

    u->result = web_locust_user_check(&w->about, u->body);
    if (u->result == 0 && w->settings.len + u->body.n > LOCUST_SETTINGS_BYTES_MAX)
        u->result = fault(-EINVAL, "too much has been set: begin anew");
    if (u->result < 0) {
        snprintf(u->why, sizeof(u->why), "%s", fault_text());
        fault_clear();
        return;
    }
    buf_puts(&w->settings, ",[\"config_users\",");
    json_quote(&w->settings, u->body);
    buf_putc(&w->settings, ']');
}

static void post_user(struct locust_web *w, const struct web_request *req, struct web_answer *a)
{
    struct user_setting u = {.q.fn = add_setting, .body = req->body};

    locust_web_ask(w, &u.q);
    if (u.result < 0) {
        web_answer_error(a, 400, "Bad request", u.why);
        return;
    }
    web_locust_json(a, STR("{}"));
    a->status = 201;
}

/* ---- the page ---- */

static void put_facts(struct locust_web *w, struct locust_question *q)
{
    buf_putstr(&container_of(q, struct document, q)->answer->body, w->about.page);
}

static void get_facts(struct locust_web *w, const struct web_request *req UNUSED,
                      struct web_answer *a)
{
    struct document d = {.q.fn = put_facts, .answer = a};

    locust_web_ask(w, &d.q);
    web_locust_json(a, STR(""));
}

/* ---- routes ---- */

static const struct {
    const char *methods, *path;
    void (*answer)(struct locust_web *w, const struct web_request *req, struct web_answer *a);
} routes[] = {
    {"POST", "/swarm", post_swarm},
    {"GET, POST", "/stop", do_stop},
    {"GET, POST", "/stats/reset", do_reset},
    {"GET", "/stats/report", get_report},
    {"POST", "/user", post_user},
    {"GET", "/facts", get_facts},
};

/* Below the base path; false when it is elsewhere. */
static bool take_base(const struct locust_web *w, struct str *path)
{
    struct str base = str_of(w->base_path);

    if (!str_starts(*path, base) || (path->n > base.n && path->p[base.n] != '/'))
        return false;
    *path = str_from_index(*path, base.n);
    return true;
}

static void refuse_method(struct web_answer *a, const char *methods)
{
    snprintf(a->allow, sizeof(a->allow), "%s", methods);
    web_answer_error(a, 405, "Method not allowed", methods);
}

/* Takes the route of this path, if there is one. */
static bool take_route(struct locust_web *w, struct str path, const struct web_request *req,
                       struct web_answer *a)
{
    for (size_t i = 0; i < countof(routes); i++) {
        if (!str_is(path, routes[i].path))
            continue;
        if (str_find_str(str_of(routes[i].methods), req->method) < strlen(routes[i].methods))
            routes[i].answer(w, req, a);
        else
            refuse_method(a, routes[i].methods);
        return true;
    }
    return false;
}

static bool take_document(struct locust_web *w, struct str path, const struct web_request *req,
                          struct web_answer *a)
{
    struct document d = {.q.fn = put_document, .path = path, .answer = a};

    if (!str_is(req->method, "GET"))
        return false;
    if (locust_site_answer(path, w->base_path, a))
        return true;
    locust_web_ask(w, &d.q);
    return d.is_known;
}

bool locust_web_reply(void *arg, const struct web_request *req, struct web_answer *a)
{
    struct locust_web *w = arg;
    struct str path = req->path;

    if (!take_base(w, &path) || (!take_route(w, path, req, a) && !take_document(w, path, req, a)))
        web_answer_error(a, 404, "Not found", "there is nothing at this path");
    return true;
}
