/*
 * brunt tag RUN [+LABEL|-LABEL...]: what users put on a run. Words that begin with one dash are
 * labels to take off, so they are taken out of the command line before options are read.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"
#include "report/markup.h"

struct tag_command {
    const char *store_path, *note;
    bool baseline, no_baseline;
    struct opt_args args;
    const char **off; /* labels to take off */
    size_t n_off, cap_off;
};

#define AT(field) offsetof(struct tag_command, field)

enum {
    LABEL_BYTES_MAX = 100,
    LABELS_MAX = 100,
};

static const struct opt_row option_rows[] = {
    HISTORY_STORE_ROW(AT(store_path)),
    {.name = "note",
     .type = OPT_STRING,
     .offset = AT(note),
     .value_name = "TEXT",
     .help = "what there is to say of the run; an empty text takes it away"},
    {.name = "baseline",
     .type = OPT_FLAG,
     .offset = AT(baseline),
     .help = "make it what later runs of the script are compared with"},
    {.name = "no-baseline", .type = OPT_FLAG, .offset = AT(no_baseline), .help = "and no longer"},
};

static const struct opt_example examples[] = {
    {"brunt tag latest +nightly +eu", "put two labels on the latest run"},
    {"brunt tag 20261121T15 -nightly", "take one off"},
    {"brunt tag latest --baseline --note 'before the new cache'", "compare others with it"},
    {"brunt tag latest", "show what it has"},
};

static const struct opt_table table = {
    .name = "brunt tag",
    .operands = "RUN [+LABEL|-LABEL...]",
    .summary = "Put labels, a note or the mark of a baseline on a run.",
    .about = HISTORY_RUN_HELP
    "\n\nRuns with a label and baselines are kept when older ones are removed to make room.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 1000,
};

/* ---- labels ---- */

static int check_label(const char *label)
{
    size_t n = strlen(label);

    if (n == 0 || n > LABEL_BYTES_MAX)
        return fault(-EINVAL, "'%s' is no label: it has 1 to %d bytes", label, LABEL_BYTES_MAX);
    return 0;
}

static void take_off(json_t *labels, const char *label)
{
    for (size_t i = json_array_size(labels); i-- > 0;) {
        const char *text = json_string_value(json_array_get(labels, i));

        if (text && strcmp(text, label) == 0)
            json_array_remove(labels, i);
    }
}

static int put_on(json_t *labels, const char *label)
{
    json_t *value = json_string(label);

    if (!value)
        return fault(-EINVAL, "a label is text in UTF-8");
    take_off(labels, label);
    json_array_append_new(labels, value);
    if (json_array_size(labels) > LABELS_MAX)
        return fault(-EINVAL, "a run has at most %d labels", LABELS_MAX);
    return 0;
}

static int change_labels(const struct tag_command *c, json_t *labels)
{
    for (size_t i = 1; i < c->args.n_operands; i++) {
        const char *word = c->args.operands[i];
        const char *label = word[0] == '+' ? word + 1 : word;

        TRY(check_label(label));
        TRY(put_on(labels, label));
    }
    for (size_t i = 0; i < c->n_off; i++) {
        TRY(check_label(c->off[i] + 1));
        take_off(labels, c->off[i] + 1);
    }
    return 0;
}

/* ---- the run ---- */

static void show(const struct store_run *run, const json_t *labels)
{
    scoped(buf_fini) struct buf out = {0};
    size_t i;
    json_t *label;

    markup_put_terminal(&out, run->id, 0);
    buf_puts(&out, ":");
    json_array_foreach(labels, i, label)
    {
        buf_puts(&out, " +");
        markup_put_terminal(&out, str_of(json_string_value(label)), 0);
    }
    buf_puts(&out, run->is_baseline ? " [baseline]" : "");
    if (run->note.n) {
        buf_puts(&out, "\n  ");
        markup_put_terminal(&out, run->note, 0);
    }
    buf_putc(&out, '\n');
    cli_write(STDOUT_FILENO, buf_str(&out));
}

static bool changes(const struct tag_command *c)
{
    return c->args.n_operands > 1 || c->n_off || c->note || c->baseline || c->no_baseline;
}

static int mark(const struct tag_command *c, struct store *s, struct store_run *run, json_t *labels)
{
    TRY(change_labels(c, labels));
    scoped(freep) char *text = json_dumps(labels, JSON_COMPACT);

    if (c->note)
        run->note = str_of(c->note);
    run->is_baseline = (run->is_baseline || c->baseline) && !c->no_baseline;
    run->labels_json = str_of(text);
    if (changes(c))
        TRY(store_run_mark(s, run));
    show(run, labels);
    run->labels_json = (struct str){0};
    return 0;
}

static int tag_run(const struct tag_command *c, struct store *s, struct arena *arena)
{
    struct store_run run;
    int64_t key;

    TRY(history_find(s, c->args.operands[0], &key));
    TRY(store_run_get(s, key, arena, &run));
    json_t *labels = json_loadb(run.labels_json.p, run.labels_json.n, 0, NULL);

    if (!json_is_array(labels)) {
        json_decref(labels);
        labels = json_array();
    }
    int r = mark(c, s, &run, labels);

    json_decref(labels);
    return r;
}

static int tag(const struct tag_command *c)
{
    struct arena arena = {0};
    struct store *s = NULL;

    if (c->baseline && c->no_baseline)
        return fault(-EINVAL, "--baseline and --no-baseline contradict each other");
    TRY(history_open(c->store_path, STORE_READ, &s));
    int r = tag_run(c, s, &arena);

    arena_fini(&arena);
    store_close(s);
    return r;
}

/* "-slow" is a label; "-h" and "--note" are options. */
static bool is_label_off(const char *word)
{
    return word[0] == '-' && word[1] && word[1] != '-' && strcmp(word, "-h") != 0;
}

static int take_labels_out(struct tag_command *c, int argc, char **argv)
{
    int n = 0;

    for (int i = 0; i < argc; i++) {
        bool is_value = i && strcmp(argv[i - 1], "--note") == 0;

        if (i && !is_value && is_label_off(argv[i])) {
            vec_push(c->off, c->n_off, c->cap_off) = argv[i];
        } else {
            argv[n++] = argv[i];
        }
    }
    return n;
}

static int run_tag(int argc, char **argv)
{
    struct tag_command c = {0};
    int n = take_labels_out(&c, argc, argv);
    int r = opt_parse(&table, &c, n, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
        c.args = (struct opt_args){0};
    } else if (r == 0) {
        r = tag(&c);
    }
    free(c.off);
    opt_args_fini(&c.args);
    return r;
}

const struct command cmd_tag = {
    .name = "tag",
    .help = "put labels or a note on a run, or make it a baseline",
    .run = run_tag,
    .options = &table,
};
