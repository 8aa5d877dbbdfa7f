/*
 * brunt dashboard annotate: marks a run of the history, and what happened in it, in Grafana's
 * graphs. Annotations carry the run's id as a tag, by which they are found again: those that are
 * there are not made twice, and the run's own gets its end once there is one.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/opt.h"
#include "cli/actions.h"
#include "cli/cli.h"
#include "cli/grafana_api.h"
#include "cli/history_store.h"
#include "cli/http_ask.h"
#include "cli/stored_run.h"
#include "dashboard/query_format.h"

enum {
    KNOWN_MAX = 5000, /* annotations of a run that are asked for */
};

struct annotate {
    struct grafana grafana;
    const char *store_path, *dashboard;
    struct opt_list tags;
    bool no_events, dry_run;
    struct opt_args args;

    struct stored_run stored;
    struct arena arena;
    struct store_run run;
    json_t *wanted; /* array of bodies; the first is the run's */
    json_t *known;  /* array of those that Grafana has */
    size_t n_made, n_changed, n_there;
};

#define AT(field) offsetof(struct annotate, field)

/* clang-format off */
static const struct opt_row rows[] = {
    GRAFANA_ROWS(AT(grafana)),
    HISTORY_STORE_ROW(AT(store_path)),
    {.name = "dashboard", .type = OPT_STRING, .offset = AT(dashboard), .value_name = "UID",
     .help = "mark this dashboard only (default: every one that shows annotations with the tag brunt)"},
    {.name = "tag", .type = OPT_LIST, .offset = AT(tags), .value_name = "TAG", .help = "one more tag; repeatable"},
    {.name = "no-events", .type = OPT_FLAG, .offset = AT(no_events), .help = "mark the run only, not what happened in it"},
    {.name = "dry-run", .type = OPT_FLAG, .offset = AT(dry_run), .help = "print what would be sent"},
};
/* clang-format on */

static const struct opt_example examples[] = {
    {"brunt dashboard annotate latest --grafana http://localhost:3000",
     "mark the latest run, and its events"},
    {"brunt dashboard annotate latest --dashboard brunt-live --no-events",
     "only its time, on one dashboard"},
};

static const struct opt_table table = {
    .name = "brunt dashboard annotate",
    .operands = "RUN",
    .summary = "Mark a run and its events in Grafana's graphs.",
    .about = HISTORY_RUN_HELP
    "\n\nThe run becomes a region with the tags brunt, its id and its script; pauses, changes of "
    "load, failed thresholds and the like become points. Doing it again adds what is new.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 1,
};

/* ---- what is to be there ---- */

static json_t *text_of(struct str s)
{
    json_t *v = json_stringn(s.p ? s.p : "", s.n);

    return v ? v : json_string("");
}

static json_t *tags_of(const struct annotate *a, const char *kind)
{
    json_t *tags = json_pack("[s, o, s]", "brunt", text_of(a->run.id), kind);

    if (a->run.script.n)
        json_array_append_new(tags, text_of(a->run.script));
    for (size_t i = 0; i < a->tags.n_items; i++)
        json_array_append_new(tags, text_of(str_of(a->tags.items[i])));
    return tags;
}

static void want(struct annotate *a, const char *kind, wall_ns at, wall_ns end, struct str text)
{
    json_t *body = json_pack("{s:I, s:o, s:o}", "time", (json_int_t)(at / NS_PER_MS), "tags",
                             tags_of(a, kind), "text", text_of(text));

    if (end > at)
        json_object_set_new(body, "timeEnd", json_integer(end / NS_PER_MS));
    if (a->dashboard)
        json_object_set_new(body, "dashboardUID", json_string(a->dashboard));
    json_array_append_new(a->wanted, body);
}

static void want_run(struct annotate *a)
{
    scoped(buf_fini) struct buf text = {0};
    const struct store_run *r = &a->run;

    buf_printf(&text, "%.*s", STR_ARG(r->name.n ? r->name : r->script));
    buf_printf(&text, " (%.*s) %s", STR_ARG(r->id), store_state_name(r->state));
    if (r->reason.n)
        buf_printf(&text, ": %.*s", STR_ARG(r->reason));
    if (r->note.n)
        buf_printf(&text, "\n%.*s", STR_ARG(r->note));
    want(a, "run", r->started ? r->started : r->created, r->ended, buf_str(&text));
}

static int want_event(void *arg, const struct store_event *e)
{
    struct annotate *a = arg;
    scoped(freep) char *kind = xstrndup(e->kind.p ? e->kind.p : "", e->kind.n);

    want(a, kind, e->at, 0, e->text.n ? e->text : e->kind);
    return 0;
}

/* ---- what is there ---- */

static void put_part(struct buf *out, struct str text)
{
    ignored(query_format(STR("percentencode"), &text, 1, out));
}

/* Grafana 9 takes annotations of dashboards that are not there, and shows them nowhere. */
static int check_dashboard(struct annotate *a)
{
    scoped(grafana_answer_fini) struct grafana_answer answer = {0};
    scoped(buf_fini) struct buf path = {0};

    if (!a->dashboard)
        return 0;
    buf_puts(&path, "/api/dashboards/uid/");
    put_part(&path, str_of(a->dashboard));
    TRY(grafana_call(&a->grafana, "GET", buf_cstr(&path), NULL, &answer));
    if (answer.status == 404)
        return fault(-ENOENT, "there is no dashboard with the uid '%s'", a->dashboard);
    return answer.status == 200 ? 0 : grafana_fault(&answer, "the dashboard cannot be looked up");
}

static int ask_known(struct annotate *a)
{
    scoped(grafana_answer_fini) struct grafana_answer answer = {0};
    scoped(buf_fini) struct buf path = {0};

    buf_printf(&path, "/api/annotations?limit=%d", KNOWN_MAX);
    buf_puts(&path, "&tags=brunt&tags=");
    put_part(&path, a->run.id);
    TRY(grafana_call(&a->grafana, "GET", buf_cstr(&path), NULL, &answer));
    if (answer.status != 200 || !json_is_array(answer.body))
        return grafana_fault(&answer, "annotations cannot be listed");
    a->known = json_incref(answer.body);
    return 0;
}

static bool has_tag(const json_t *one, const json_t *tag)
{
    size_t i;
    const json_t *v;

    json_array_foreach(json_object_get(one, "tags"), i, v)
    {
        if (json_equal(v, tag))
            return true;
    }
    return false;
}

static bool same_dashboard(const struct annotate *a, const json_t *one)
{
    const char *uid = json_string_value(json_object_get(one, "dashboardUID"));

    return strcmp(uid ? uid : "", a->dashboard ? a->dashboard : "") == 0;
}

/* The one that was made of the same thing before: its time and its kind. */
static const json_t *find_known(const struct annotate *a, const json_t *body)
{
    const json_t *kind = json_array_get(json_object_get(body, "tags"), 2);
    size_t i;
    const json_t *one;

    json_array_foreach(a->known, i, one)
    {
        if (has_tag(one, kind) && same_dashboard(a, one) &&
            json_equal(json_object_get(one, "time"), json_object_get(body, "time")) &&
            (kind == NULL || strcmp(json_string_value(kind), "run") == 0 ||
             json_equal(json_object_get(one, "text"), json_object_get(body, "text"))))
            return one;
    }
    return NULL;
}

/* ---- making it so ---- */

static int make(struct annotate *a, const json_t *body)
{
    scoped(grafana_answer_fini) struct grafana_answer answer = {0};

    TRY(grafana_call(&a->grafana, "POST", "/api/annotations", body, &answer));
    if (answer.status != 200)
        return grafana_fault(&answer, "the annotation cannot be made");
    a->n_made++;
    return 0;
}

/* A run that went on when it was marked has an end now, and other words. */
static int change(struct annotate *a, const json_t *known, const json_t *body)
{
    scoped(grafana_answer_fini) struct grafana_answer answer = {0};
    scoped(freep) char *path = xasprintf(
        "/api/annotations/%lld", (long long)json_integer_value(json_object_get(known, "id")));
    json_t *end = json_object_get(body, "timeEnd");

    if ((!end || json_equal(json_object_get(known, "timeEnd"), end)) &&
        json_equal(json_object_get(known, "text"), json_object_get(body, "text"))) {
        a->n_there++;
        return 0;
    }
    json_t *patch = json_pack("{s:O, s:O, s:O}", "text", json_object_get(body, "text"), "tags",
                              json_object_get(body, "tags"), "time", json_object_get(body, "time"));

    if (end)
        json_object_set(patch, "timeEnd", end);
    int r = grafana_call(&a->grafana, "PATCH", path, patch, &answer);

    json_decref(patch);
    TRY(r);
    if (answer.status != 200)
        return grafana_fault(&answer, "the annotation cannot be changed");
    a->n_changed++;
    return 0;
}

static int send_all(void *arg)
{
    struct annotate *a = arg;
    size_t i;
    const json_t *body;

    TRY(check_dashboard(a));
    TRY(ask_known(a));
    json_array_foreach(a->wanted, i, body)
    {
        const json_t *known = find_known(a, body);

        TRY(known ? change(a, known, body) : make(a, body));
    }
    printf("%zu annotations made, %zu changed, %zu there already\n", a->n_made, a->n_changed,
           a->n_there);
    return 0;
}

static int print_all(const struct annotate *a)
{
    scoped(freep) char *text = json_dumps(a->wanted, JSON_INDENT(2));

    cli_write(STDOUT_FILENO, str_of(text));
    cli_write(STDOUT_FILENO, STR("\n"));
    return 0;
}

static int annotate(struct annotate *a)
{
    TRY(grafana_open(&a->grafana));
    TRY(stored_run_open(a->store_path, a->args.operands[0], &a->stored));
    TRY(store_run_get(a->stored.store, a->stored.key, &a->arena, &a->run));
    a->wanted = json_array();
    want_run(a);
    if (!a->no_events)
        TRY(store_events(a->stored.store, a->stored.key, want_event, a));
    return a->dry_run ? print_all(a) : http_ask_run(send_all, a);
}

static int run(int argc, char **argv)
{
    struct annotate a = {0};
    int r = opt_parse(&table, &a, argc, argv, &a.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &a.args);
        a.args = (struct opt_args){0};
    } else if (r == 0) {
        r = annotate(&a);
    }
    json_decref(a.wanted);
    json_decref(a.known);
    stored_run_close(&a.stored);
    arena_fini(&a.arena);
    grafana_fini(&a.grafana);
    opt_list_fini(&a.tags);
    opt_args_fini(&a.args);
    return r;
}

const struct command action_dashboard_annotate = {
    .name = "annotate",
    .help = "mark a run and its events in Grafana's graphs",
    .run = run,
    .options = &table,
};
