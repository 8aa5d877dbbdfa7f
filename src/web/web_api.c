/*
 * A table of routes, a function for each. Bodies that come in are read with jansson, what goes out
 * is written as it is made. Checks and groups are taken from the summary's data, so that they are
 * the same here and there.
 */
#include "web/web_api.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "base/json_out.h"
#include "base/mem.h"
#include "metric/snapshot.h"
#include "metric/threshold.h"
#include "report/summary.h"
#include "web/web_stream.h"

struct call {
    const struct web_run_ops *ops;
    void *self;
    const struct web_request *req;
    struct str rest; /* of the path, after a route that ends in a slash */
    struct web_answer *a;
    struct json_out j; /* into the answer */
};

/* ---- answers ---- */

void web_answer_error(struct web_answer *a, unsigned status, const char *title, const char *detail)
{
    struct json_out j = JSON_OUT(&a->body, 0);
    char text[16];

    snprintf(text, sizeof(text), "%u", status);
    buf_reset(&a->body);
    a->status = status;
    a->content_type = "application/json; charset=utf-8";
    json_open_object(&j);
    json_key(&j, "errors");
    json_open_array(&j);
    json_open_object(&j);
    json_key(&j, "status");
    json_put_cstr(&j, text);
    json_key(&j, "title");
    json_put_cstr(&j, title);
    json_key(&j, "detail");
    json_put_cstr(&j, detail);
    json_close(&j);
    json_close(&j);
    json_close(&j);
}

void web_answer_fault(struct web_answer *a, int code)
{
    static const struct {
        int code;
        unsigned status;
        const char *title;
    } known[] = {
        {-EINVAL, 400, "Bad request"},
        {-ENOTSUP, 400, "Not possible with this test"},
        {-ENOENT, 404, "Not found"},
        {-EBUSY, 409, "Not possible now"},
    };

    for (size_t i = 0; i < countof(known); i++) {
        if (known[i].code == code) {
            web_answer_error(a, known[i].status, known[i].title, fault_text());
            return;
        }
    }
    web_answer_error(a, 500, "Internal error", fault_text());
}

void web_answer_fini(struct web_answer *a)
{
    buf_fini(&a->body);
    web_listener_leave(take(a->listener));
}

static void refuse(struct call *c, int code)
{
    web_answer_fault(c->a, code);
}

static void put_member(struct json_out *j, const char *key, const char *value)
{
    json_key(j, key);
    json_put_cstr(j, value);
}

/* {"type":T,"id":ID,"attributes":{ — two levels to close. */
static void open_resource(struct json_out *j, const char *type, const char *id)
{
    json_open_object(j);
    put_member(j, "type", type);
    put_member(j, "id", id);
    json_key(j, "attributes");
}

static void open_data(struct call *c)
{
    json_open_object(&c->j);
    json_key(&c->j, "data");
}

/* ---- bodies ---- */

/* A JSON value; NULL with a fault. */
static json_t *parse(struct str body, size_t flags)
{
    json_error_t error;
    json_t *root = json_loadb(body.p ? body.p : "", body.n, flags, &error);

    if (!root) {
        ignored(fault(-EINVAL, "the body is not the JSON expected here: %s (line %d, column %d)",
                      error.text, error.line, error.column));
    }
    return root;
}

static void release(json_t **root)
{
    json_decref(*root);
}

/* ---- /v1/status ---- */

static bool is_tainted(struct call *c)
{
    struct summary_input in = {0};
    const struct threshold *all;
    size_t n = 0;

    c->ops->summary(c->self, &in);
    if (!in.thresholds)
        return false;
    all = thresholds_all(in.thresholds, &n);
    for (size_t i = 0; i < n; i++) {
        if (all[i].state == THRESHOLD_FAILED)
            return true;
    }
    return false;
}

static void get_status(struct call *c)
{
    struct json_out *j = &c->j;
    struct web_status s = {0};

    c->ops->status(c->self, &s);
    open_data(c);
    open_resource(j, "status", "default");
    json_open_object(j);
    json_key(j, "status");
    json_put_int(j, s.status);
    json_key(j, "paused");
    json_put_bool(j, s.paused);
    json_key(j, "vus");
    json_put_u64(j, s.vus);
    json_key(j, "vus-max");
    json_put_u64(j, s.vus_max);
    json_key(j, "stopped");
    json_put_bool(j, s.stopped);
    json_key(j, "running");
    json_put_bool(j, s.running);
    json_key(j, "tainted");
    json_put_bool(j, is_tainted(c));
    json_close(j);
    json_close(j);
    json_close(j);
}

static bool is_given(const json_t *value)
{
    return value && !json_is_null(value);
}

/* As k6 has it: pausing a run that runs is for /v1/control only. */
static int patch_paused(struct call *c, const json_t *paused)
{
    struct web_status s = {0};

    if (!is_given(paused))
        return 0;
    if (!json_is_boolean(paused))
        return fault(-EINVAL, "'paused' must be true or false");
    c->ops->status(c->self, &s);
    if (json_is_true(paused) == s.paused)
        return 0;
    if (json_is_true(paused)) {
        return fault(-EINVAL, "a running test can't be paused here: POST "
                              "{\"action\":\"pause\"} to /v1/control");
    }
    TRY(c->ops->resume(c->self, STR("api")));
    return 0;
}

static int apply_patch(struct call *c, const json_t *root)
{
    const json_t *a = json_object_get(json_object_get(root, "data"), "attributes");
    const json_t *stopped = json_object_get(a, "stopped");

    if (!json_is_object(a))
        return fault(-EINVAL, "the body has no object data.attributes");
    if (is_given(json_object_get(a, "vus")) || is_given(json_object_get(a, "vus-max"))) {
        return fault(-EINVAL, "'vus' and 'vus-max' can't be changed here: POST "
                              "{\"action\":\"scale\",\"vus\":N} to /v1/control");
    }
    if (is_given(stopped) && !json_is_boolean(stopped))
        return fault(-EINVAL, "'stopped' must be true or false");
    if (json_is_true(stopped)) {
        TRY(c->ops->stop(c->self, STR("api")));
        return 0;
    }
    TRY(patch_paused(c, json_object_get(a, "paused")));
    return 0;
}

static void patch_status(struct call *c)
{
    scoped(release) json_t *root = parse(c->req->body, 0);
    int r = root ? apply_patch(c, root) : -EINVAL;

    if (r < 0)
        refuse(c, r);
    else
        get_status(c);
}

/* ---- /v1/metrics ---- */

static void put_sample(struct json_out *j, const struct snap_metric *m, double seconds)
{
    static const char *const stats[][8] = {
        [METRIC_COUNTER] = {"count", "rate"},
        [METRIC_GAUGE] = {"value"},
        [METRIC_RATE] = {"rate"},
        [METRIC_TREND] = {"avg", "max", "med", "min", "p(90)", "p(95)"},
    };

    json_open_object(j);
    for (const char *const *name = stats[m->def->type]; *name; name++) {
        struct stat_name stat;

        json_key(j, *name);
        if (stat_parse(str_of(*name), &stat))
            json_put_f64(j, snap_metric_stat(m, stat, seconds));
        else
            json_put_null(j);
    }
    json_close(j);
}

/* Whether a threshold on it fails; null when it has none. */
static void put_tainted(struct json_out *j, const struct thresholds *ts,
                        const struct snap_metric *m)
{
    size_t n = 0, n_own = 0, n_failed = 0;
    const struct threshold *all = ts ? thresholds_all(ts, &n) : NULL;

    for (size_t i = 0; i < n; i++) {
        if (all[i].metric == m) {
            n_own++;
            n_failed += all[i].state == THRESHOLD_FAILED;
        }
    }
    if (n_own)
        json_put_bool(j, n_failed > 0);
    else
        json_put_null(j);
}

static void put_metric(struct call *c, const struct summary_input *in, const struct snap_metric *m)
{
    struct json_out *j = &c->j;

    open_resource(j, "metrics", m->name);
    json_open_object(j);
    put_member(j, "type", metric_type_name(m->def->type));
    put_member(j, "contains", metric_contains_name(m->def->contains));
    json_key(j, "tainted");
    put_tainted(j, in->thresholds, m);
    json_key(j, "sample");
    put_sample(j, m, (double)in->duration / (double)NS_PER_S);
    json_close(j);
    json_close(j);
}

static void get_metrics(struct call *c)
{
    struct summary_input in = {0};
    struct snap_metric *const *all;
    size_t n;

    c->ops->summary(c->self, &in);
    all = snapshot_metrics(in.snapshot, &n);
    open_data(c);
    json_open_array(&c->j);
    for (size_t i = 0; i < n; i++) {
        if (snap_metric_observed(all[i]))
            put_metric(c, &in, all[i]);
    }
    json_close(&c->j);
    json_close(&c->j);
}

static void get_metric(struct call *c)
{
    struct summary_input in = {0};
    const struct snap_metric *m;

    c->ops->summary(c->self, &in);
    m = snapshot_find(in.snapshot, c->rest);
    if (!m || !snap_metric_observed(m)) {
        web_answer_error(c->a, 404, "Not found", "No metric with that ID was found");
        return;
    }
    open_data(c);
    put_metric(c, &in, m);
    json_close(&c->j);
}

/* ---- /v1/groups ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : "";
}

static void put_reference(struct json_out *j, const json_t *group)
{
    json_open_object(j);
    put_member(j, "type", "groups");
    put_member(j, "id", text_of(group, "id"));
    json_close(j);
}

static void put_checks(struct json_out *j, const json_t *checks)
{
    const json_t *check;
    size_t i;

    json_key(j, "checks");
    json_open_array(j);
    json_array_foreach(checks, i, check)
    {
        json_open_object(j);
        put_member(j, "id", text_of(check, "id"));
        put_member(j, "path", text_of(check, "path"));
        put_member(j, "name", text_of(check, "name"));
        json_key(j, "passes");
        json_put_int(j, json_integer_value(json_object_get(check, "passes")));
        json_key(j, "fails");
        json_put_int(j, json_integer_value(json_object_get(check, "fails")));
        json_close(j);
    }
    json_close(j);
}

static void put_relations(struct json_out *j, const json_t *group, const json_t *parent)
{
    const json_t *child;
    size_t i;

    json_key(j, "relationships");
    json_open_object(j);
    json_key(j, "groups");
    json_open_object(j);
    json_key(j, "data");
    json_open_array(j);
    json_array_foreach(json_object_get(group, "groups"), i, child) put_reference(j, child);
    json_close(j);
    json_close(j);
    json_key(j, "parent");
    json_open_object(j);
    json_key(j, "data");
    if (parent)
        put_reference(j, parent);
    else
        json_put_null(j);
    json_close(j);
    json_close(j);
}

static void put_group(struct json_out *j, const json_t *group, const json_t *parent)
{
    open_resource(j, "groups", text_of(group, "id"));
    json_open_object(j);
    put_member(j, "path", text_of(group, "path"));
    put_member(j, "name", text_of(group, "name"));
    put_checks(j, json_object_get(group, "checks"));
    json_close(j);
    put_relations(j, group, parent);
    json_close(j);
}

/* Puts the group of that id, or all when it is NULL; returns how many. Depth: JSON_DEPTH_MAX. */
static size_t walk_groups(struct json_out *j, const json_t *group, const json_t *parent,
                          const char *id)
{
    const json_t *child;
    size_t i, n = 0;

    if (!id || strcmp(id, text_of(group, "id")) == 0) {
        put_group(j, group, parent);
        n++;
    }
    json_array_foreach(json_object_get(group, "groups"), i, child)
    {
        if (!id || !n)
            n += walk_groups(j, child, group, id);
    }
    return n;
}

static json_t *summary_tree(struct call *c)
{
    scoped(buf_fini) struct buf text = BUF_INIT(1 << 30);
    scoped(summary_freep) struct summary *s = NULL;
    struct summary_input in = {0};

    c->ops->summary(c->self, &in);
    s = summary_new(&in);
    summary_data(s, &text);
    return parse(buf_str(&text), 0);
}

static void get_groups(struct call *c)
{
    scoped(release) json_t *tree = summary_tree(c);

    if (!tree) {
        refuse(c, -EIO);
        return;
    }
    open_data(c);
    json_open_array(&c->j);
    walk_groups(&c->j, json_object_get(tree, "root_group"), NULL, NULL);
    json_close(&c->j);
    json_close(&c->j);
}

static void get_group(struct call *c)
{
    scoped(release) json_t *tree = summary_tree(c);
    scoped(freep) char *id = xstrndup(c->rest.p, c->rest.n);

    if (!tree) {
        refuse(c, -EIO);
        return;
    }
    open_data(c);
    if (walk_groups(&c->j, json_object_get(tree, "root_group"), NULL, id))
        json_close(&c->j);
    else
        web_answer_error(c->a, 404, "Not found", "No group with that ID was found");
}

/* ---- /v1/setup, /v1/teardown ---- */

static void get_setup(struct call *c)
{
    struct summary_input in = {0};

    c->ops->summary(c->self, &in);
    open_data(c);
    open_resource(&c->j, "setupData", "default");
    if (in.setup_data)
        json_put_raw(&c->j, str_of(in.setup_data));
    else
        json_put_null(&c->j);
    json_close(&c->j);
    json_close(&c->j);
}

static void put_setup(struct call *c)
{
    struct str body = str_trim(c->req->body);
    scoped(release) json_t *root = body.n ? parse(body, JSON_DECODE_ANY) : NULL;
    int r = !body.n || root ? c->ops->put_setup(c->self, body, STR("api")) : -EINVAL;

    if (r < 0)
        refuse(c, r);
    else
        get_setup(c);
}

static void refuse_stage(struct call *c)
{
    refuse(c, fault(-EBUSY, "setup() and teardown() run as parts of the test, each once; use "
                            "--no-setup or --no-teardown to leave one out"));
}

/* ---- /v1/control, /v1/events ---- */

static void get_events(struct call *c)
{
    struct json_out *j = &c->j;
    struct web_event e;

    open_data(c);
    json_open_array(j);
    for (size_t i = 0; c->ops->event(c->self, i, &e); i++) {
        char id[24];

        snprintf(id, sizeof(id), "%zu", i + 1);
        open_resource(j, "events", id);
        json_open_object(j);
        json_key(j, "time");
        json_put_f64(j, (double)(e.at / NS_PER_MS) / 1000);
        json_key(j, "elapsed");
        json_put_f64(j, (double)(e.elapsed / NS_PER_MS) / 1000);
        put_member(j, "kind", e.kind);
        put_member(j, "by", e.by);
        put_member(j, "scenario", e.scenario);
        json_key(j, "from");
        e.is_change ? json_put_f64(j, e.from) : json_put_null(j);
        json_key(j, "to");
        e.is_change ? json_put_f64(j, e.to) : json_put_null(j);
        json_close(j);
        json_close(j);
    }
    json_close(j);
    json_close(j);
}

/* What a request to /v1/control asks for. Strings are of the parsed body. */
struct order {
    struct str action, scenario, by;
    const json_t *vus, *rate;
};

static int read_text(const json_t *root, const char *key, struct str *ret_text)
{
    const json_t *value = json_object_get(root, key);

    if (!is_given(value))
        return 0;
    if (!json_is_string(value))
        return fault(-EINVAL, "'%s' must be a string", key);
    *ret_text = str_from(json_string_value(value), json_string_length(value));
    return 0;
}

/* It goes into logs. */
static int check_by(struct str by)
{
    if (by.n > WEB_BY_LIMIT)
        return fault(-EINVAL, "'by' is longer than %d bytes", WEB_BY_LIMIT);
    for (size_t i = 0; i < by.n; i++) {
        if ((unsigned char)by.p[i] < ' ' || by.p[i] == 0x7f)
            return fault(-EINVAL, "'by' has control characters in it");
    }
    return 0;
}

static int check_keys(json_t *root)
{
    static const char *const known[] = {"action", "scenario", "by", "vus", "rate"};
    const char *key;
    json_t *value;

    json_object_foreach(root, key, value)
    {
        bool is_known = false;

        for (size_t i = 0; i < countof(known); i++)
            is_known |= strcmp(key, known[i]) == 0;
        if (!is_known)
            return fault(-EINVAL, "'%s' is none of action, scenario, vus, rate, by", key);
    }
    return 0;
}

static int read_order(json_t *root, struct order *ret_order)
{
    if (!json_is_object(root))
        return fault(-EINVAL, "the body is no object");
    TRY(check_keys(root));
    TRY(read_text(root, "action", &ret_order->action));
    TRY(read_text(root, "scenario", &ret_order->scenario));
    TRY(read_text(root, "by", &ret_order->by));
    TRY(check_by(ret_order->by));
    if (!ret_order->by.n)
        ret_order->by = STR("api");
    ret_order->vus = json_object_get(root, "vus");
    ret_order->rate = json_object_get(root, "rate");
    return 0;
}

static int order_pause(struct call *c, const struct order *o)
{
    return c->ops->pause(c->self, o->by);
}

static int order_resume(struct call *c, const struct order *o)
{
    return c->ops->resume(c->self, o->by);
}

static int order_stop(struct call *c, const struct order *o)
{
    return c->ops->stop(c->self, o->by);
}

static int order_scale(struct call *c, const struct order *o)
{
    if (!o->vus == !o->rate)
        return fault(-EINVAL, "to scale, give either 'vus' or 'rate'");
    if (o->rate) {
        if (!json_is_number(o->rate) || json_number_value(o->rate) < 0)
            return fault(-EINVAL, "'rate' must be a number, 0 or more");
        return c->ops->scale_rate(c->self, o->scenario, json_number_value(o->rate), o->by);
    }
    if (!json_is_integer(o->vus) || json_integer_value(o->vus) < 0)
        return fault(-EINVAL, "'vus' must be a whole number, 0 or more");
    return c->ops->scale_vus(c->self, o->scenario, (uint64_t)json_integer_value(o->vus), o->by);
}

static const struct {
    const char *name;
    int (*fn)(struct call *c, const struct order *o);
    bool takes_scale; /* vus, rate, scenario */
} orders[] = {
    {"pause", order_pause, false},
    {"resume", order_resume, false},
    {"stop", order_stop, false},
    {"scale", order_scale, true},
};

static int carry_out(struct call *c, json_t *root)
{
    struct order o = {0};

    TRY(read_order(root, &o));
    for (size_t i = 0; i < countof(orders); i++) {
        if (!str_is(o.action, orders[i].name))
            continue;
        if (!orders[i].takes_scale && (o.vus || o.rate || o.scenario.n))
            return fault(-EINVAL, "'%s' is for the whole test and takes nothing else",
                         orders[i].name);
        return orders[i].fn(c, &o);
    }
    return fault(-EINVAL, "'action' must be one of pause, resume, stop, scale");
}

static void post_control(struct call *c)
{
    scoped(release) json_t *root = parse(c->req->body, JSON_REJECT_DUPLICATES);
    int r = root ? carry_out(c, root) : -EINVAL;

    if (r < 0)
        refuse(c, r);
    else
        get_status(c);
}

/* ---- routes ---- */

static void get_ping(struct call *c)
{
    c->a->content_type = "text/plain; charset=utf-8";
    buf_puts(&c->a->body, "ok");
}

/* A path that ends in a slash stands for all that begin with it. */
static const struct route {
    const char *method, *path;
    void (*fn)(struct call *c);
} routes[] = {
    {"GET", "/ping", get_ping},
    {"GET", "/v1/status", get_status},
    {"PATCH", "/v1/status", patch_status},
    {"GET", "/v1/metrics", get_metrics},
    {"GET", "/v1/metrics/", get_metric},
    {"GET", "/v1/groups", get_groups},
    {"GET", "/v1/groups/", get_group},
    {"GET", "/v1/setup", get_setup},
    {"PUT", "/v1/setup", put_setup},
    {"POST", "/v1/setup", refuse_stage},
    {"POST", "/v1/teardown", refuse_stage},
    {"POST", "/v1/control", post_control},
    {"GET", "/v1/events", get_events},
};

static bool fits(const struct route *r, struct str path, struct str *ret_rest)
{
    struct str own = str_of(r->path);

    if (str_eq(path, own))
        return own.p[own.n - 1] != '/';
    if (own.p[own.n - 1] != '/' || !str_starts(path, own))
        return false;
    *ret_rest = str_from_index(path, own.n);
    return true;
}

static void refuse_path(struct web_answer *a)
{
    if (a->allow[0])
        web_answer_error(a, 405, "Method not allowed", a->allow);
    else
        web_answer_error(a, 404, "Not found", "there is nothing at this path");
}

void web_api_answer(const struct web_run_ops *ops, void *self, const struct web_request *req,
                    struct web_answer *ret_answer)
{
    struct web_answer *a = ret_answer;
    struct call c = {.ops = ops, .self = self, .req = req, .a = a, .j = JSON_OUT(&a->body, 0)};

    a->status = 200;
    a->content_type = "application/json; charset=utf-8";
    for (size_t i = 0; i < countof(routes); i++) {
        if (!fits(&routes[i], req->path, &c.rest))
            continue;
        if (str_is(req->method, routes[i].method)) {
            a->allow[0] = '\0';
            routes[i].fn(&c);
            return;
        }
        size_t used = strlen(a->allow);

        snprintf(a->allow + used, sizeof(a->allow) - used, "%s%s", used ? ", " : "",
                 routes[i].method);
    }
    refuse_path(a);
}
