/*
 * Reports are written first and the baseline is set afterwards, so that a report compares the run
 * with the baseline before it.
 */
#include "cli/run_report.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/redact.h"
#include "cli/cli.h"
#include "cli/loadtest.h"
#include "cli/report_file.h"
#include "cli/run_facts.h"
#include "cli/run_loadpilot.h"
#include "plan/plan.h"
#include "run/run.h"
#include "sink/results.h"
#include "store/store.h"

#define BASELINE_FILE ".brunt/baseline.json"

/* Of a LoadPilot scenario the same is there as well, for what reads it there. */
static const struct {
    const char *folder, *path;
} baselines[] = {
    {".brunt", BASELINE_FILE},
    {".loadpilot", ".loadpilot/baseline.json"},
};

bool run_report_is_wanted(const struct loadtest *t)
{
    return t->own.reports.n_items || t->own.save_baseline;
}

static void write_reports(const struct loadtest *t, const struct report_file_source *from)
{
    for (size_t i = 0; i < t->own.reports.n_items; i++) {
        const char *path = t->own.reports.items[i];

        if (report_file_write(from, path) < 0) {
            log_error(t->log, "the report %s was not written: %s", path, fault_text());
        } else {
            log_debug(t->log, "wrote the report %s", path);
        }
    }
}

/* ---- the baseline ---- */

static double peak_of(const struct plan_scenario *s)
{
    int64_t peak = s->executor == PLAN_CONSTANT_ARRIVAL_RATE ? s->rate : s->start_rate;

    for (size_t i = 0; i < s->stages.n; i++) {
        if (s->stages.items[i].target > peak)
            peak = s->stages.items[i].target;
    }
    return s->time_unit > 0 ? (double)peak * (double)NS_PER_S / (double)s->time_unit : 0;
}

/* The highest rate that was asked for; of scenarios that run side by side, together. */
static double highest_rate(const struct plan *plan)
{
    double rate = 0;

    for (size_t i = 0; i < plan->n_scenarios; i++) {
        if (plan->scenarios[i].open_model)
            rate += peak_of(&plan->scenarios[i]);
    }
    return rate;
}

static int write_baseline(const struct loadtest *t, struct run *run, const struct store_run *row)
{
    scoped(buf_fini) struct buf text = BUF_INIT(RESULTS_BYTES_MAX);
    scoped(buf_fini) struct buf clean = BUF_INIT(RESULTS_BYTES_MAX);
    struct vocab_run about = {
        .run_id = row->id, .run_name = row->name, .run_status = STR("finished")};
    struct vocab_facts facts;

    run_loadpilot_name(t, &about);
    run_facts(run, &facts);
    facts.target_rate = highest_rate(t->plan);
    results_put(&about, &facts, run_snapshot(run), STR(""), &text);
    if (redact_add(t->redact, buf_str(&text), &clean))
        return fault(-EFBIG, "the results are too big");
    for (size_t i = 0; i < (t->script->title ? countof(baselines) : 1); i++) {
        if (mkdir(baselines[i].folder, 0777) && errno != EEXIST)
            return fault(-errno, "cannot make the folder %s: %m", baselines[i].folder);
        TRY(cli_write_file(baselines[i].path, buf_str(&clean)));
    }
    return 0;
}

static int save_baseline(const struct loadtest *t, struct run *run,
                         const struct report_file_source *from)
{
    scoped(arena_fini) struct arena arena = {0};
    struct store_run row;

    if (store_run_get(from->store, from->key, &arena, &row))
        return fault(-ENOENT, "the run is not in the history");
    if (row.state != STORE_FINISHED) {
        log_warn(t->log, "--save-baseline: a run that did not come to its end is no baseline");
        return 0;
    }
    row.is_baseline = true;
    TRY(store_run_mark(from->store, &row));
    TRY(write_baseline(t, run, &row));
    log_info(t->log, "this run is the baseline now, also in %s", BASELINE_FILE);
    return 0;
}

/* ---- all of it ---- */

void run_report_write(const struct loadtest *t, struct run *run, const char *path, int64_t key)
{
    struct report_file_source from = {.key = key, .redact = t->redact};

    if (!run_report_is_wanted(t))
        return;
    if (!path || !key) {
        log_error(t->log, "no report and no baseline: the run could not be stored");
        return;
    }
    if (store_open(path, STORE_WRITE, &from.store) < 0) {
        log_error(t->log, "no report and no baseline: %s", fault_text());
        return;
    }
    write_reports(t, &from);
    if (t->own.save_baseline && save_baseline(t, run, &from) < 0)
        log_error(t->log, "the baseline was not saved: %s", fault_text());
    store_close(from.store);
}
