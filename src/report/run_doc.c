/*
 * The document of a stored run: one object, part by part. What the store has of events and
 * exchanges is put in as it is read.
 */
#include "report/run_doc.h"

#include <errno.h>

#include "base/json_out.h"
#include "metric/exception_json.h"
#include "report/doc_json.h"
#include "report/doc_run.h"
#include "report/doc_timeline.h"

struct writer {
    struct store *store;
    int64_t key;
    const struct run_doc_options *options;
    struct json_out *j;
    wall_ns started;
};

/* ---- the store as a source of steps ---- */

static int totals(void *arg, struct metric_registry **ret_registry, struct snapshot **ret_snapshot)
{
    const struct writer *w = arg;

    return store_totals(w->store, w->key, ret_registry, ret_snapshot);
}

static int replay(void *arg, const struct store_replay *how, struct metric_registry **ret_registry,
                  struct snapshot **ret_snapshot)
{
    const struct writer *w = arg;

    return store_replay(w->store, w->key, how, ret_registry, ret_snapshot);
}

static int read_timeline(struct writer *w, struct doc_timeline **ret_timeline)
{
    struct doc_source source = {.totals = totals, .replay = replay, .arg = w};
    size_t steps = w->options->max_steps;

    return doc_timeline_read(&source, steps ? steps : RUN_DOC_STEPS_DEFAULT, ret_timeline);
}

/* ---- parts ---- */

/* Others size texts, exchanges above all: what would not fit is a fault, not an assertion. */
static int make_room(struct writer *w, struct str text)
{
    struct buf *out = w->j->out;

    /* A byte may become an escape of six. */
    if (text.n < (RUN_DOC_BYTES_MAX - out->len) / 6)
        return 0;
    return fault(-EFBIG, "the document of run #%lld in '%s' would be larger than %d MiB",
                 (long long)w->key, store_path(w->store), RUN_DOC_BYTES_MAX >> 20);
}

static int on_event(void *arg, const struct store_event *e)
{
    struct writer *w = arg;

    TRY(make_room(w, e->json));
    TRY(make_room(w, e->text));
    doc_put_event(w->j, e);
    return 0;
}

/* With its HAR entry; one that is gone by now is left out. */
static int put_whole_exchange(struct writer *w, int64_t key)
{
    struct arena arena = {0};
    struct store_exchange e;
    int r = store_exchange_get(w->store, w->key, key, &arena, &e);

    if (r == 0)
        r = make_room(w, e.har);
    if (r == 0)
        doc_put_exchange(w->j, &e);
    arena_fini(&arena);
    return r == STORE_E_NONE ? 0 : r;
}

static int on_exchange(void *arg, const struct store_exchange *e)
{
    struct writer *w = arg;

    if (w->options->exchanges)
        return put_whole_exchange(w, e->key);
    doc_put_exchange(w->j, e);
    return 0;
}

static int on_exception(void *arg, const struct exception *e)
{
    struct writer *w = arg;

    TRY(make_room(w, e->stack));
    TRY(make_room(w, e->message));
    exception_put_json(w->j, e, w->started);
    return 0;
}

static int put_happenings(struct writer *w)
{
    json_key(w->j, "events");
    json_open_array(w->j);
    TRY(store_events(w->store, w->key, on_event, w));
    json_close(w->j);
    json_key(w->j, "exchanges");
    json_open_array(w->j);
    TRY(store_exchanges(w->store, w->key, on_exchange, w));
    json_close(w->j);
    json_key(w->j, "exceptions");
    json_open_array(w->j);
    TRY(store_exceptions(w->store, w->key, on_exception, w));
    json_close(w->j);
    return 0;
}

static int put_script(struct writer *w, struct str hash)
{
    scoped(buf_fini) struct buf text = BUF_INIT(RUN_DOC_BYTES_MAX);

    if (!w->options->script || !hash.n)
        return 0;
    int r = store_script(w->store, hash, &text);

    if (r == STORE_E_NONE)
        return 0;
    TRY(r);
    TRY(make_room(w, buf_str(&text)));
    json_key(w->j, "script_text");
    json_put_str(w->j, buf_str(&text));
    return 0;
}

static int put_document(struct writer *w, const struct store_run *run)
{
    scoped(doc_timeline_freep) struct doc_timeline *timeline = NULL;

    TRY(read_timeline(w, &timeline));
    json_open_object(w->j);
    json_key(w->j, "format");
    json_put_cstr(w->j, RUN_DOC_FORMAT);
    json_key(w->j, "version");
    json_put_int(w->j, RUN_DOC_VERSION);
    json_key(w->j, "run");
    doc_put_run(w->j, run, NULL, DOC_RUN_WHOLE);
    doc_timeline_put(timeline, w->j);
    TRY(put_happenings(w));
    TRY(put_script(w, run->script_hash));
    json_close(w->j);
    return 0;
}

int run_doc_put(struct store *store, int64_t key, const struct run_doc_options *options,
                struct buf *out)
{
    struct json_out j = JSON_OUT(out, options->indent);
    struct writer w = {.store = store, .key = key, .options = options, .j = &j};
    struct arena arena = {0};
    struct store_run run;
    int r = store_run_get(store, key, &arena, &run);

    out->limit = RUN_DOC_BYTES_MAX;
    w.started = r == 0 ? run.started : 0;
    if (r == 0)
        r = put_document(&w, &run);
    arena_fini(&arena);
    return r;
}

void run_doc_put_run(const struct store_run *run, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);

    doc_put_run(&j, run, NULL, DOC_RUN_LISTED);
}

void run_doc_put_live_run(const struct store_run *run, const struct run_doc_live *live,
                          struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);

    doc_put_run(&j, run, live, DOC_RUN_WHOLE);
}
