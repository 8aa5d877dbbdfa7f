/* brunt rm RUN...: removes runs from the history. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"

struct rm_command {
    const char *store_path;
    span_ns before; /* 0: not given */
    bool yes;
    struct opt_args args;
    int64_t *keys;
    size_t n_keys, cap_keys;
};

#define AT(field) offsetof(struct rm_command, field)

static const struct opt_row option_rows[] = {
    HISTORY_STORE_ROW(AT(store_path)),
    {.name = "before",
     .type = OPT_CALL,
     .offset = AT(before),
     .value_name = "AGE",
     .help = "all runs that are older, as 90d or 36h, but for baselines and those with a label",
     .call = history_take_age},
    {.name = "yes",
     .short_name = 'y',
     .type = OPT_FLAG,
     .offset = AT(yes),
     .help = "do not ask (only a terminal is asked)"},
};

static const struct opt_example examples[] = {
    {"brunt rm latest", "the latest run"},
    {"brunt rm --before 90d --yes", "what is older than three months"},
};

static const struct opt_table table = {
    .name = "brunt rm",
    .operands = "[RUN...]",
    .summary = "Remove runs from the history.",
    .about = HISTORY_RUN_HELP "\n\nA run that goes on is not removed: stop it first.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 100000,
};

/* ---- which ones ---- */

static void add_key(struct rm_command *c, int64_t key)
{
    for (size_t i = 0; i < c->n_keys; i++) {
        if (c->keys[i] == key)
            return;
    }
    vec_push(c->keys, c->n_keys, c->cap_keys) = key;
}

static int add_old(void *arg, const struct store_run *run)
{
    if (!run->is_baseline && (run->labels_json.n == 0 || str_is(run->labels_json, "[]")))
        add_key(arg, run->key);
    return 0;
}

static int choose(struct rm_command *c, struct store *s)
{
    struct store_filter old = {
        .until = clock_wall() - c->before, .only_over = true, .limit = SIZE_MAX / 2};

    for (size_t i = 0; i < c->args.n_operands; i++) {
        int64_t key;

        TRY(history_find(s, c->args.operands[i], &key));
        add_key(c, key);
    }
    return c->before ? store_runs(s, &old, add_old, c) : 0;
}

static int check_over(struct store *s, int64_t key, struct arena *arena)
{
    struct store_run run;

    TRY(store_run_get(s, key, arena, &run));
    if (run.state == STORE_RUNNING)
        return fault(-EBUSY, "run %.*s goes on: stop it first", STR_ARG(run.id));
    return 0;
}

static int check_all(const struct rm_command *c, struct store *s)
{
    struct arena arena = {0};
    int r = 0;

    for (size_t i = 0; i < c->n_keys && r == 0; i++)
        r = check_over(s, c->keys[i], &arena);
    arena_fini(&arena);
    return r;
}

/* ---- removing ---- */

static bool may(const struct rm_command *c)
{
    char answer[16];

    if (c->yes || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return true;
    fprintf(stderr, "Remove %zu run%s for good? [y/N] ", c->n_keys, c->n_keys == 1 ? "" : "s");
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int remove_all(struct rm_command *c, struct store *s)
{
    size_t none;

    TRY(choose(c, s));
    TRY(check_all(c, s));
    if (c->n_keys && !may(c))
        return fault(-ECANCELED, "nothing was removed");
    for (size_t i = 0; i < c->n_keys; i++)
        TRY(store_run_remove(s, c->keys[i]));
    TRY(store_retain(s, &(struct store_retention){0}, &none));
    printf("%zu run%s removed\n", c->n_keys, c->n_keys == 1 ? "" : "s");
    return 0;
}

static int rm(struct rm_command *c)
{
    struct store *s = NULL;

    if (!c->args.n_operands && !c->before)
        return fault(-EINVAL, "say which: RUN, or --before AGE");
    TRY(history_open(c->store_path, STORE_READ, &s));
    int r = remove_all(c, s);

    store_close(s);
    return r;
}

static int run_rm(int argc, char **argv)
{
    struct rm_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
        c.args = (struct opt_args){0};
    } else if (r == 0) {
        r = rm(&c);
    }
    free(c.keys);
    opt_args_fini(&c.args);
    return r;
}

const struct command cmd_rm = {
    .name = "rm",
    .help = "remove runs from the history",
    .run = run_rm,
    .options = &table,
};
