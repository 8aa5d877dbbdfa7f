/*
 * brunt compare CURRENT [BASELINE]: what got faster or slower. Loads the two sides (compare_run.h)
 * and has them judged (report/comparison.h), or, where there are no distributions, compared by
 * LoadPilot's rule.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/compare_plain.h"
#include "cli/compare_run.h"
#include "cli/compare_text.h"
#include "cli/history_store.h"
#include "report/comparison.h"
#include "store/store.h"

enum {
    EXIT_REGRESSION = 1,
};

struct compare {
    const char *store_path;
    const char *compat;
    double threshold;  /* percent; 0: the default */
    double confidence; /* percent */
    bool json, all;
    struct opt_args args;
    struct store *store; /* NULL: there is none */
    struct compare_run current, baseline;
    int exit_code;
};

#define AT(field) offsetof(struct compare, field)

static const char *const compats[] = {"loadpilot", NULL};

static const struct opt_row rows[] = {
    {.name = "threshold",
     .type = OPT_NUMBER,
     .offset = AT(threshold),
     .value_name = "PERCENT",
     .min = 0.01,
     .max = 1000,
     .help = "the smallest change that matters (default 5; 10 with LoadPilot's rule)"},
    {.name = "confidence",
     .type = OPT_NUMBER,
     .offset = AT(confidence),
     .value_name = "PERCENT",
     .min = 50,
     .max = 99.99,
     .help = "of the intervals (default 95)"},
    {.name = "all",
     .type = OPT_FLAG,
     .offset = AT(all),
     .help = "show all endpoints, not only those "
             "that changed"},
    {.name = "compat",
     .type = OPT_STRING,
     .offset = AT(compat),
     .value_name = "TOOL",
     .values = compats,
     .help = "judge as `loadpilot compare` does: by the difference alone"},
    HISTORY_STORE_ROW(AT(store_path)),
    {.name = "json",
     .type = OPT_FLAG,
     .offset = AT(json),
     .help = "print the comparison for programs (format brunt-comparison)"},
};

static const struct opt_example examples[] = {
    {"brunt compare latest", "the last run with its script's baseline, or with the run before it"},
    {"brunt compare latest latest~1 --threshold 3", "two runs; changes from 3 % on matter"},
    {"brunt compare now.json .brunt/baseline.json", "files of --results-json or --save-baseline"},
};

static const struct opt_table table = {
    .name = "brunt compare",
    .operands = "CURRENT [BASELINE]",
    .summary = "Tell what got faster or slower between two runs.",
    .about =
        "CURRENT and BASELINE are runs of the history (an id or a unique beginning of one, latest, "
        "latest~N, baseline, #N) or files that --results-json or --save-baseline wrote, or "
        "LoadPilot's. Without BASELINE it is the newest run of the same script that was marked as "
        "one, else .brunt/baseline.json, else .loadpilot/baseline.json, else the run before.\n\n"
        "A change is told when the runs show that it did not come by chance and when it reaches "
        "the threshold. docs/compare.md has how that is judged.\n\n"
        "Exit codes: 0 no regression was found, 1 a regression was found, 255 a run or file "
        "cannot be had or read.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 2,
};

/* ---- which runs ---- */

/* Files can be compared without a history; one that was named must be there. */
static int open_store(struct compare *c)
{
    scoped(freep) char *path = history_path(c->store_path);

    if (!c->store_path && access(path, F_OK) != 0)
        return 0;
    TRY(store_open(path, STORE_READ, &c->store));
    return 0;
}

struct search {
    const struct store_run *current;
    int64_t key; /* 0: none yet */
};

static int take_other(void *arg, const struct store_run *run)
{
    struct search *s = arg;

    if (run->key == s->current->key || run->created > s->current->created ||
        (run->state != STORE_FINISHED && !run->is_baseline))
        return 0;
    s->key = run->key;
    return 1;
}

/* The newest before the current one, of the same script. */
static int find_other(struct compare *c, bool only_baselines, int64_t *ret_key)
{
    struct search s = {.current = &c->current.run};
    const struct store_filter filter = {.script = c->current.run.script,
                                        .only_baselines = only_baselines,
                                        .only_over = true,
                                        .limit = 1000};

    *ret_key = 0;
    if (!c->store || !c->current.run.key)
        return 0;
    int r = store_runs(c->store, &filter, take_other, &s);

    *ret_key = s.key;
    return r < 0 ? r : 0;
}

static int load_default_baseline(struct compare *c)
{
    static const char *const files[] = {".brunt/baseline.json", ".loadpilot/baseline.json"};
    int64_t key;

    TRY(find_other(c, true, &key));
    for (size_t i = 0; i < countof(files) && !key; i++) {
        if (access(files[i], F_OK) == 0)
            return compare_run_load(NULL, files[i], c->confidence / 100, &c->baseline);
    }
    if (!key)
        TRY(find_other(c, false, &key));
    if (!key) {
        return fault(-ENOENT,
                     "there is nothing to compare '%s' with: no baseline (brunt run "
                     "--save-baseline), no run of the same script before it; name one",
                     c->args.operands[0]);
    }
    return compare_run_load_key(c->store, key, c->confidence / 100, &c->baseline);
}

static int load(struct compare *c)
{
    const char *const *operands = c->args.operands;

    TRY(open_store(c));
    TRY(compare_run_load(c->store, operands[0], c->confidence / 100, &c->current));
    if (c->args.n_operands < 2)
        return load_default_baseline(c);
    return compare_run_load(c->store, operands[1], c->confidence / 100, &c->baseline);
}

/* ---- output ---- */

static void put_title(const struct compare *c, struct buf *out)
{
    buf_printf(out, "Comparing %s with the baseline %s\n\n", c->current.name, c->baseline.name);
}

static void plain(struct compare *c, struct buf *out)
{
    struct plain_row plain_rows[PLAIN_COUNT];
    double threshold = c->threshold > 0 ? c->threshold : PLAIN_THRESHOLD_DEFAULT;
    bool worse = compare_plain(&c->current, &c->baseline, threshold, plain_rows);
    struct str a = c->current.scenario, b = c->baseline.scenario;

    c->exit_code = worse ? EXIT_REGRESSION : 0;
    if (c->json) {
        plain_put_json(&c->current, &c->baseline, plain_rows, threshold, out);
        return;
    }
    put_title(c, out);
    plain_put_text(plain_rows, out);
    if (a.n && b.n && !str_eq(a, b))
        buf_puts(out, "  Note: the runs are of different scenarios\n\n");
    if (!c->compat) {
        buf_puts(out, "  Note: a file has no distributions: differences alone, without regard to "
                      "chance\n\n");
    }
    if (worse) {
        buf_printf(out, "Regression detected (threshold: %g%%). Exiting with code 1.\n", threshold);
    } else {
        buf_puts(out, "No regressions detected.\n");
    }
}

static int judged(struct compare *c, struct buf *out)
{
    scoped(comparison_freep) struct comparison *result = NULL;
    const struct comparison_options options = {.threshold_pct = c->threshold,
                                               .confidence = c->confidence / 100};

    TRY(comparison_make(c->store, &(struct comparison_side){&c->current.run, c->current.measured},
                        &(struct comparison_side){&c->baseline.run, c->baseline.measured}, &options,
                        &result));
    c->exit_code = result->verdict == JUDGED_WORSE ? EXIT_REGRESSION : 0;
    if (c->json) {
        comparison_put_json(result, 2, out);
        return 0;
    }
    put_title(c, out);
    compare_text(result, c->all ? COMPARE_ALL : COMPARE_CHANGED, out);
    return 0;
}

static int compare(struct compare *c)
{
    scoped(buf_fini) struct buf out = {0};

    TRY(load(c));
    if (c->compat || !c->current.measured || !c->baseline.measured) {
        plain(c, &out);
    } else {
        TRY(judged(c, &out));
    }
    cli_write(STDOUT_FILENO, buf_str(&out));
    return c->exit_code;
}

static int run_compare(int argc, char **argv)
{
    struct compare c = {.confidence = 100 * COMPARISON_CONFIDENCE_DEFAULT};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
        c.args = (struct opt_args){0};
    } else if (r == 0) {
        r = compare(&c);
    }
    compare_run_fini(&c.current);
    compare_run_fini(&c.baseline);
    store_close(c.store);
    opt_args_fini(&c.args);
    return r;
}

const struct command cmd_compare = {
    .name = "compare",
    .help = "tell what got faster or slower between two runs",
    .run = run_compare,
    .options = &table,
};
