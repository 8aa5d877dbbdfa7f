/*
 * brunt dashboard new: a dashboard for the metrics that a script makes, found by loading it as
 * `brunt inspect` does, or in a run of the history. Loading a script does not run its default
 * function; metrics are made in its init code, so that is enough.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"
#include "cli/loadtest.h"
#include "cli/loadtest_alone.h"
#include "cli/stored_run.h"
#include "dashboard/board_made.h"

struct new_command {
    const char *dialect, *file, *name, *title, *run, *store_path;
    struct opt_list env;
    struct opt_args args;

    struct arena arena;
    struct board_metric *metrics;
    size_t n_metrics, cap_metrics;
};

#define AT(field) offsetof(struct new_command, field)

static const struct opt_row rows[] = {
    {.name = "for",
     .type = OPT_STRING,
     .offset = AT(dialect),
     .value_name = "SOURCE",
     .values = dialect_names,
     .help = "the data source; prometheus unless told otherwise"},
    {.name = "out",
     .short_name = 'o',
     .type = OPT_STRING,
     .offset = AT(file),
     .value_name = "FILE",
     .hint = OPT_HINT_FILE,
     .help = "write to this file instead of printing"},
    {.name = "name",
     .type = OPT_STRING,
     .offset = AT(name),
     .value_name = "WORD",
     .help = "of its uid and title; otherwise the script's"},
    {.name = "title",
     .type = OPT_STRING,
     .offset = AT(title),
     .value_name = "TEXT",
     .help = "its title; otherwise made of the name"},
    {.name = "run",
     .type = OPT_STRING,
     .offset = AT(run),
     .value_name = "RUN",
     .help = "of a run of the history instead of a script: its id, or latest"},
    {.name = "env",
     .short_name = 'e',
     .type = OPT_LIST,
     .offset = AT(env),
     .value_name = "VAR=VALUE",
     .help = "a variable for the script while it is loaded"},
    HISTORY_STORE_ROW(AT(store_path)),
};

static const struct opt_example examples[] = {
    {"brunt dashboard new checkout.js -o checkout.json", "for the metrics of a script"},
    {"brunt dashboard new --run latest --for flux", "for those that the latest run had"},
};

static const struct opt_table table = {
    .name = "brunt dashboard new",
    .operands = "[SCRIPT]",
    .summary = "Make a dashboard for the metrics that a script has of its own.",
    .about = "Counters become rates and totals, gauges values, rates shares, trends percentiles. "
             "Units come from what a metric contains (times, data) or from the end of its name: "
             "_usd, _cost, _bytes, _ms, _seconds, _percent, _ratio.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 1,
    .operand_hint = OPT_HINT_FILE,
};

/* ---- what metrics there are ---- */

static void take_metrics(struct new_command *c, const struct metric_registry *registry)
{
    for (uint32_t id = METRIC_N_BUILTIN; id < metric_count(registry); id++) {
        const struct metric *m = metric_get(registry, id);

        vec_push(c->metrics, c->n_metrics, c->cap_metrics) = (struct board_metric){
            .name = arena_str(&c->arena, str_of(m->name)).p,
            .type = m->type,
            .contains = m->contains,
        };
    }
}

/* The command line that `brunt inspect` would have had; the caller frees the array. */
static char **script_arguments(struct new_command *c, int *ret_n)
{
    char **words = xnew_n(char *, 2 * c->env.n_items + 5);
    int n = 0;

    words[n++] = arena_printf(&c->arena, "brunt dashboard new");
    words[n++] = arena_printf(&c->arena, "--quiet");
    for (size_t i = 0; i < c->env.n_items; i++) {
        words[n++] = arena_printf(&c->arena, "-e");
        words[n++] = arena_printf(&c->arena, "%s", c->env.items[i]);
    }
    words[n++] = arena_printf(&c->arena, "--");
    words[n++] = arena_printf(&c->arena, "%s", c->args.operands[0]);
    *ret_n = n;
    return words;
}

static int metrics_of_script(struct new_command *c)
{
    struct loadtest *test = xnew(struct loadtest);
    int n;
    char **words = script_arguments(c, &n);
    int r = loadtest_open(test, loadtest_table("brunt dashboard new"), n, words);

    if (r == 0)
        r = loadtest_load_alone(test);
    if (r == 0)
        take_metrics(c, test->registry);
    loadtest_close(test);
    free(test);
    free(words);
    return r;
}

static int metrics_of_run(struct new_command *c)
{
    struct stored_run run;
    struct metric_registry *registry = NULL;
    struct snapshot *snapshot = NULL;
    int r = stored_run_open(c->store_path, c->run, &run);

    if (r == 0)
        r = store_totals(run.store, run.key, &registry, &snapshot);
    if (r == 0) {
        take_metrics(c, registry);
        snapshot_free(snapshot);
        metric_registry_free(registry);
    }
    stored_run_close(&run);
    return r;
}

/* ---- the dashboard ---- */

/* "checkout" of "tests/checkout.js". */
static const char *name_of(struct new_command *c)
{
    if (c->name)
        return c->name;
    if (c->run)
        return c->run;
    const char *path = c->args.operands[0];
    const char *slash = strrchr(path, '/');
    struct str base = str_of(slash ? slash + 1 : path);

    return arena_str(&c->arena, str_from(base.p, str_find(base, '.'))).p;
}

static int put(struct new_command *c)
{
    const struct board_made made = {
        .name = name_of(c),
        .title = c->title,
        .metrics = c->metrics,
        .n_metrics = c->n_metrics,
    };
    struct board_form form = {.dialect = DIALECT_PROMETHEUS};
    const struct board *b;
    scoped(buf_fini) struct buf text = {0};

    if (c->dialect)
        TRY(dialect_parse(str_of(c->dialect), &form.dialect));
    if (!c->n_metrics) {
        return fault(-EINVAL,
                     "%s has no metrics of its own; for what every run has there is "
                     "'brunt dashboard export live'",
                     c->run ? c->run : c->args.operands[0]);
    }
    TRY(board_make(&made, &c->arena, &b));
    TRY(board_json(b, &form, &text));
    if (c->file)
        return cli_write_file(c->file, buf_str(&text));
    cli_write(STDOUT_FILENO, buf_str(&text));
    return 0;
}

static int make(struct new_command *c)
{
    if (!c->run == !c->args.n_operands)
        return fault(-EINVAL, "name a script, or a run with --run RUN");
    TRY(c->run ? metrics_of_run(c) : metrics_of_script(c));
    return put(c);
}

static int run(int argc, char **argv)
{
    struct new_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
    } else {
        if (r == 0)
            r = make(&c);
        opt_args_fini(&c.args);
    }
    opt_list_fini(&c.env);
    arena_fini(&c.arena);
    free(c.metrics);
    return r;
}

const struct command action_dashboard_new = {
    .name = "new",
    .help = "make a dashboard for the metrics of a script or of a run",
    .run = run,
    .options = &table,
};
