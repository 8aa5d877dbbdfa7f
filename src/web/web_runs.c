/*
 * /api/runs and /api/scripts: the store, asked and told. Of a run's row only
 * what users put on it is changed here; the rest is its own process's.
 */
#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "metric/exception_json.h"
#include "report/run_doc.h"
#include "web/web_body.h"
#include "web/web_site_priv.h"

enum {
    LIST_MAX = 1000, /* runs of one answer */
    STEPS_MAX = 20000,
};

static int no_run(struct str text)
{
    return fault(-ENOENT, "there is no run '%.*s'", (int)(text.n < 80 ? text.n : 80), text.p);
}

int web_run_key(struct web_call *c, struct str text, int64_t *ret_key)
{
    struct store_run run = {0};
    int r;

    if (str_i64(text, ret_key)) {
        r = store_run_get(c->store, *ret_key, c->arena, &run);
        if (r != STORE_E_NONE)
            return r;
    }
    r = store_run_find(c->store, text, ret_key);
    if (r == STORE_E_NONE)
        return no_run(text);
    return r > 0 ? fault(-EBUSY, "%s", fault_text()) : r;
}

/* The run that the path names, with its row. */
static int find_run(struct web_call *c, struct store_run *ret_run)
{
    int64_t key = 0;

    TRY(web_run_key(c, c->params[0], &key));
    int r = store_run_get(c->store, key, c->arena, ret_run);

    return r > 0 ? no_run(c->params[0]) : r;
}

/* ---- lists ---- */

static int put_run(void *arg, const struct store_run *run)
{
    struct web_call *c = arg;
    scoped(buf_fini) struct buf text = BUF_INIT(RUN_DOC_BYTES_MAX);

    run_doc_put_run(run, &text);
    json_put_raw(&c->j, buf_str(&text));
    return 0;
}

static int read_filter(struct web_call *c, struct store_filter *f)
{
    struct str text = {0};
    uint64_t limit = 100, offset = 0;

    *f = (struct store_filter){0};
    ignored(web_query_get(c->arena, c->query, "q", &f->text));
    ignored(web_query_get(c->arena, c->query, "script", &f->script));
    ignored(web_query_get(c->arena, c->query, "label", &f->label));
    if (web_query_get(c->arena, c->query, "baseline", &text))
        f->only_baselines = str_is(text, "1") || str_is(text, "true");
    TRY(web_query_number(c->arena, c->query, "limit", LIST_MAX, &limit));
    TRY(web_query_number(c->arena, c->query, "offset", INT32_MAX, &offset));
    f->limit = limit ? limit : 1;
    f->offset = offset;
    return 0;
}

int web_runs_list(struct web_call *c)
{
    struct store_filter filter;
    size_t total = 0;

    TRY(read_filter(c, &filter));
    TRY(store_count(c->store, &filter, &total));
    json_open_object(&c->j);
    json_key(&c->j, "total");
    json_put_u64(&c->j, total);
    json_key(&c->j, "runs");
    json_open_array(&c->j);
    TRY(store_runs(c->store, &filter, put_run, c));
    json_close(&c->j);
    json_close(&c->j);
    return 0;
}

struct script_line {
    char *name;
    uint64_t n;
    wall_ns last;
};

struct script_list {
    struct script_line *items;
    size_t n, cap;
};

static int count_script(void *arg, const struct store_run *run)
{
    struct script_list *list = arg;

    for (size_t i = 0; i < list->n; i++) {
        if (str_is(run->script, list->items[i].name)) {
            list->items[i].n++;
            return 0;
        }
    }
    vec_push(list->items, list->n, list->cap) = (struct script_line){
        .name = xstrndup(run->script.p, run->script.n), .n = 1, .last = run->created};
    return 0;
}

int web_scripts_get(struct web_call *c)
{
    const struct store_filter all = {.limit = INT32_MAX};
    struct script_list list = {0};
    int r = store_runs(c->store, &all, count_script, &list);

    json_open_array(&c->j);
    for (size_t i = 0; i < list.n; i++) {
        json_open_object(&c->j);
        json_key(&c->j, "script");
        json_put_cstr(&c->j, list.items[i].name);
        json_key(&c->j, "runs");
        json_put_u64(&c->j, list.items[i].n);
        json_key(&c->j, "last_ms");
        json_put_int(&c->j, list.items[i].last / NS_PER_MS);
        json_close(&c->j);
        free(list.items[i].name);
    }
    json_close(&c->j);
    free(list.items);
    return r;
}

/* ---- one run ---- */

int web_runs_get(struct web_call *c)
{
    struct run_doc_options options = {0};
    uint64_t steps = 0;
    int64_t key = 0;

    TRY(web_query_number(c->arena, c->query, "steps", STEPS_MAX, &steps));
    options.max_steps = steps;
    TRY(web_run_key(c, c->params[0], &key));
    int r = run_doc_put(c->store, key, &options, &c->answer->body);

    return r > 0 ? no_run(c->params[0]) : r;
}

int web_runs_script(struct web_call *c)
{
    struct store_run run = {0};

    TRY(find_run(c, &run));
    int r = run.script_hash.n ? store_script(c->store, run.script_hash, &c->answer->body)
                              : STORE_E_NONE;

    if (r > 0)
        return fault(-ENOENT, "the text of this run's script was not kept");
    c->answer->content_type = "text/plain; charset=utf-8";
    return r;
}

int web_runs_patch(struct web_call *c)
{
    struct web_run_change change;
    struct store_run run = {0};

    TRY(web_run_change_parse(c->arena, c->req->body, &change));
    TRY(find_run(c, &run));
    if (change.has_labels)
        run.labels_json = change.labels_json;
    if (change.has_note)
        run.note = change.note;
    if (change.has_baseline)
        run.is_baseline = change.is_baseline;
    TRY(store_run_mark(c->store, &run));
    return put_run(c, &run);
}

int web_runs_delete(struct web_call *c)
{
    struct store_run run = {0};

    TRY(find_run(c, &run));
    if (run.state == STORE_RUNNING)
        return fault(-EBUSY, "the run is still going: remove it when it is over");
    TRY(store_run_remove(c->store, run.key));
    json_put_raw(&c->j, STR("{}"));
    return 0;
}

/* ---- exceptions ---- */

struct exception_answer {
    struct json_out *j;
    wall_ns started;
};

static int put_exception(void *arg, const struct exception *e)
{
    const struct exception_answer *a = arg;

    exception_put_json(a->j, e, a->started);
    return 0;
}

int web_runs_exceptions(struct web_call *c)
{
    struct store_run run = {0};

    TRY(find_run(c, &run));
    json_open_array(&c->j);
    TRY(store_exceptions(c->store, run.key, put_exception,
                         &(struct exception_answer){&c->j, run.started}));
    json_close(&c->j);
    return 0;
}

/* ---- exchanges ---- */

static int no_exchange(void)
{
    return fault(-ENOENT, "there is no such exchange of this run");
}

int web_runs_exchange(struct web_call *c)
{
    struct store_exchange e;
    int64_t run = 0, key = 0;

    TRY(web_run_key(c, c->params[0], &run));
    if (!str_i64(c->params[1], &key))
        return no_exchange();
    int r = store_exchange_get(c->store, run, key, c->arena, &e);

    if (r > 0 || (r == 0 && !e.har.n))
        return no_exchange();
    if (r == 0)
        json_put_raw(&c->j, e.har);
    return r;
}

struct key_list {
    int64_t *items;
    size_t n, cap;
};

static int note_key(void *arg, const struct store_exchange *e)
{
    struct key_list *list = arg;

    vec_push(list->items, list->n, list->cap) = e->key;
    return 0;
}

static int put_entry(struct web_call *c, int64_t run, int64_t key)
{
    struct arena arena = {0};
    struct store_exchange e;
    int r = store_exchange_get(c->store, run, key, &arena, &e);

    if (r == 0 && e.har.n)
        json_put_raw(&c->j, e.har);
    arena_fini(&arena);
    return r < 0 ? r : 0;
}

static int put_entries(struct web_call *c, int64_t run)
{
    struct key_list list = {0};
    int r = store_exchanges(c->store, run, note_key, &list);

    for (size_t i = 0; r == 0 && i < list.n; i++)
        r = put_entry(c, run, list.items[i]);
    free(list.items);
    return r;
}

/* An id as a file's name: what is no letter, digit, dot or dash is left out. */
static void name_file(struct web_answer *a, struct str id, const char *suffix)
{
    size_t n = 0;

    for (size_t i = 0; i < id.n && n < sizeof(a->filename) - 8; i++) {
        char c = id.p[i];

        if (ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' ||
            (c == '.' && n))
            a->filename[n++] = c;
    }
    snprintf(a->filename + n, sizeof(a->filename) - n, "%s", suffix);
}

int web_runs_har(struct web_call *c)
{
    struct json_out *j = &c->j;
    struct store_run run = {0};

    TRY(find_run(c, &run));
    json_open_object(j);
    json_key(j, "log");
    json_open_object(j);
    json_key(j, "version");
    json_put_cstr(j, "1.2");
    json_key(j, "creator");
    json_put_raw(j, STR("{\"name\":\"brunt\",\"version\":\"" BRUNT_VERSION "\"}"));
    json_key(j, "entries");
    json_open_array(j);
    TRY(put_entries(c, run.key));
    json_close(j);
    json_close(j);
    json_close(j);
    name_file(c->answer, run.id, ".har");
    return 0;
}
