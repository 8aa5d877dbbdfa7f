/* Each part is written as JSON, freed of secrets, and put into the arena. */
#include "cli/run_row.h"

#include "base/base64.h"
#include "base/hash.h"
#include "base/json_out.h"
#include "base/redact.h"
#include "cli/loadtest.h"
#include "cli/run_environment.h"
#include "cli/run_sinks.h"
#include "report/threshold_json.h"
#include "run/health.h"
#include "run/run.h"

enum {
    TEXT_MAX = 64 << 20, /* bytes of one part */
};

struct str run_row_masked(const struct loadtest *t, struct arena *arena, struct str text)
{
    scoped(buf_fini) struct buf masked = BUF_INIT(TEXT_MAX);

    if (redact_add(t->redact, text, &masked) != 0)
        return (struct str){0};
    return arena_str(arena, buf_str(&masked));
}

/* Makes one part with a writer of JSON. */
struct part {
    const struct loadtest *test;
    struct run *run;
    const struct run_sinks *sinks;
    struct arena *arena;
};

typedef void(part_fn)(const struct part *p, struct json_out *j);

static struct str make(const struct part *p, part_fn *fn)
{
    scoped(buf_fini) struct buf b = BUF_INIT(TEXT_MAX);
    struct json_out j = JSON_OUT(&b, 0);

    fn(p, &j);
    return run_row_masked(p->test, p->arena, buf_str(&b));
}

/* ---- what does not change ---- */

static void put_tags(const struct part *p, struct json_out *j)
{
    const struct plan_map *tags = &p->test->plan->options->tags;

    json_open_object(j);
    for (size_t i = 0; i < tags->n; i++) {
        json_key(j, tags->items[i].name);
        json_put_cstr(j, tags->items[i].value);
    }
    json_close(j);
}

static void put_labels(const struct part *p, struct json_out *j)
{
    const struct opt_list *labels = &p->test->own.labels;

    json_open_array(j);
    for (size_t i = 0; i < labels->n_items; i++)
        json_put_cstr(j, labels->items[i]);
    json_close(j);
}

static void put_environment(const struct part *p UNUSED, struct json_out *j)
{
    run_environment_json(j);
}

static struct str hexadecimal(struct arena *arena, const void *data, size_t n)
{
    unsigned char digest[HASH_MAX_BYTES];
    char text[2 * HASH_MAX_BYTES];
    size_t bytes = hash_size(HASH_SHA256);

    if (hash_bytes_of(HASH_SHA256, data, n, digest) != 0)
        return (struct str){0};
    hex_write(digest, bytes, text);
    return arena_str(arena, str_from(text, 2 * bytes));
}

/* "shop.js" of "tests/shop.js"; a URL stays what it is. */
static struct str short_name(const struct loadtest *t)
{
    const char *slash = t->is_url ? NULL : strrchr(t->operand, '/');

    return str_of(slash ? slash + 1 : t->operand);
}

static void take_script(const struct loadtest *t, struct arena *arena, struct store_run *row)
{
    const struct script *s = t->script;

    row->script = run_row_masked(t, arena, str_of(t->operand));
    row->kind = t->is_url ? STR("url") : STR("k6");
    if (!s->text || !s->n_text)
        return;
    row->script_text = run_row_masked(t, arena, str_from(s->text, s->n_text));
}

void run_row_hash(const struct loadtest *t, struct arena *arena, struct store_run *row)
{
    const struct script *s = t->script;

    if (!row->script_hash.n && s->text && s->n_text)
        row->script_hash = hexadecimal(arena, s->text, s->n_text);
}

void run_row_fixed(const struct loadtest *t, struct arena *arena, struct store_run *row)
{
    struct part p = {.test = t, .arena = arena};

    *row = (struct store_run){
        .id = str_of(t->own.run_id),
        .name = run_row_masked(t, arena, short_name(t)),
        .created = clock_wall(),
        .exit_code = -1,
        .options_json = run_row_masked(t, arena, str_of(t->plan->options_json)),
        .tags_json = make(&p, put_tags),
        .labels_json = make(&p, put_labels),
        .environment_json = make(&p, put_environment),
    };
    take_script(t, arena, row);
}

/* ---- what changes ---- */

static void put_thresholds(const struct part *p, struct json_out *j)
{
    threshold_json_put(run_thresholds(p->run), j);
}

static void put_submetrics(const struct part *p, struct json_out *j)
{
    size_t n;
    struct snap_metric *const *all = snapshot_metrics(run_snapshot(p->run), &n);

    json_open_array(j);
    for (size_t i = 0; i < n; i++) {
        if (all[i]->parent)
            json_put_cstr(j, all[i]->name);
    }
    json_close(j);
}

static void put_seconds(struct json_out *j, const char *key, span_ns span)
{
    json_key(j, key);
    json_put_f64(j, (double)span / (double)NS_PER_S);
}

static void put_count(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_u64(j, n);
}

static void put_scenario(const struct run_part *part, struct json_out *j)
{
    static const char *const states[] = {
        [RUN_PART_WAITING] = "waiting",
        [RUN_PART_RUNNING] = "running",
        [RUN_PART_DONE] = "done",
        [RUN_PART_INTERRUPTED] = "interrupted",
    };
    const struct plan_scenario *s = part->scenario;

    json_open_object(j);
    json_key(j, "name");
    json_put_cstr(j, s->name);
    json_key(j, "executor");
    json_put_cstr(j, plan_executor_name(s->executor));
    json_key(j, "state");
    json_put_cstr(j, states[part->state]);
    put_count(j, "vus", part->vus_active);
    put_count(j, "vus_max", part->vus_max);
    put_count(j, "complete", part->complete);
    put_count(j, "dropped", part->dropped);
    json_key(j, "rate");
    if (s->open_model) {
        json_put_f64(j, part->rate);
    } else {
        json_put_null(j);
    }
    put_seconds(j, "elapsed_s", part->elapsed);
    put_seconds(j, "length_s", s->regular_duration);
    put_seconds(j, "start_s", s->start_time);
    json_close(j);
}

static void put_scenarios(const struct part *p, struct json_out *j)
{
    json_open_array(j);
    for (size_t i = 0; i < run_n_parts(p->run); i++) {
        struct run_part part;

        run_part(p->run, i, &part);
        put_scenario(&part, j);
    }
    json_close(j);
}

static void put_verdict(const struct part *p, struct json_out *j)
{
    struct verdict v;

    health_judge(p->run, &v);
    json_open_object(j);
    json_key(j, "level");
    json_put_cstr(j, verdict_name(v.level));
    json_key(j, "reasons");
    verdict_put_reasons(&v, j);
    json_close(j);
}

static void put_generator(const struct part *p, struct json_out *j)
{
    health_json(p->run, j);
}

static void put_outputs(const struct part *p, struct json_out *j)
{
    run_sinks_accounts(p->sinks, j);
}

void run_row_moving(const struct loadtest *t, struct run *run, const struct run_sinks *sinks,
                    struct arena *arena, struct store_run *row)
{
    struct part p = {t, run, sinks, arena};

    row->started = run_started(run);
    row->duration = run_elapsed(run);
    row->thresholds_json = make(&p, put_thresholds);
    row->submetrics_json = make(&p, put_submetrics);
    row->scenarios_json = make(&p, put_scenarios);
    row->verdict_json = make(&p, put_verdict);
    row->generator_json = make(&p, put_generator);
    row->outputs_json = make(&p, put_outputs);
}

/* ---- the end ---- */

static enum store_state state_of(enum run_stop why, const char *reason)
{
    if (why == RUN_STOP_ERROR || (why == RUN_STOP_NONE && reason))
        return STORE_FAILED;
    return why == RUN_STOP_NONE || why == RUN_STOP_OVER ? STORE_FINISHED : STORE_STOPPED;
}

void run_row_end(const struct loadtest *t, struct run *run, const struct run_ending *ending,
                 struct arena *arena, struct store_run *row)
{
    const char *reason = ending->reason;

    row->state = state_of(run_stopped(run), reason);
    if (!reason && ending->exit_code == 99)
        reason = "a threshold failed";
    row->reason = run_row_masked(t, arena, str_of(reason));
    row->exit_code = ending->exit_code;
    row->ended = row->started ? row->started + row->duration : 0;
}
