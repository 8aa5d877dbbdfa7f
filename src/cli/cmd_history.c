/*
 * brunt history: the runs that were kept, a line each. Cells are made first, columns are as wide as
 * their widest; the sparkline comes last, where a terminal has room for it.
 */
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"
#include "cli/history_trend.h"
#include "report/humanize.h"
#include "report/markup.h"
#include "report/run_doc.h"

enum column {
    COLUMN_RUN,
    COLUMN_WHEN,
    COLUMN_SCRIPT,
    COLUMN_DURATION,
    COLUMN_RATE,
    COLUMN_P95,
    COLUMN_FAILED,
    COLUMN_VERDICT,
    COLUMN_STATE,
    COLUMN_LABELS,
    COLUMN_SPARK,
    N_COLUMNS,
};

enum {
    SCRIPT_COLUMNS_MAX = 40,
    LIMIT_DEFAULT = 30,
};

static const struct {
    const char *title;
    bool right;
} columns[N_COLUMNS] = {
    [COLUMN_RUN] = {"RUN", false},
    [COLUMN_WHEN] = {"WHEN", false},
    [COLUMN_SCRIPT] = {"SCRIPT", false},
    [COLUMN_DURATION] = {"TIME", true},
    [COLUMN_RATE] = {"REQ/S", true},
    [COLUMN_P95] = {"P95", true},
    [COLUMN_FAILED] = {"FAILED", true},
    [COLUMN_VERDICT] = {"GENERATOR", false},
    [COLUMN_STATE] = {"STATE", false},
    [COLUMN_LABELS] = {"LABELS", false},
    [COLUMN_SPARK] = {"P95 OVER TIME", false},
};

struct history_row {
    char *cells[N_COLUMNS];
};

struct history {
    const char *store_path, *script, *label, *trend;
    bool json, only_baselines;
    int64_t limit;
    struct opt_args args;
    struct history_row *rows;
    size_t n_rows, cap_rows;
    struct json_out *out; /* with --json */
};

#define AT(field) offsetof(struct history, field)

static const struct opt_row option_rows[] = {
    HISTORY_STORE_ROW(AT(store_path)),
    {.name = "limit",
     .short_name = 'n',
     .type = OPT_INT,
     .offset = AT(limit),
     .min = 1,
     .max = 1000000,
     .value_name = "N",
     .help = "so many runs, the newest (30)"},
    {.name = "script",
     .type = OPT_STRING,
     .offset = AT(script),
     .value_name = "NAME",
     .help = "only runs of that script, as it was named on the command line"},
    {.name = "label",
     .type = OPT_STRING,
     .offset = AT(label),
     .value_name = "NAME",
     .help = "only runs with that label"},
    {.name = "baselines", .type = OPT_FLAG, .offset = AT(only_baselines), .help = "only baselines"},
    {.name = "trend",
     .type = OPT_STRING,
     .offset = AT(trend),
     .value_name = "METRIC[:STAT]",
     .help = "show one figure over all finished runs of a script (--script, else that of the last "
             "run), and where it changed; as http_req_duration or http_req_duration:p(99)"},
    {.name = "json",
     .type = OPT_FLAG,
     .offset = AT(json),
     .help = "print it as JSON, with all that a list of the API has"},
};

static const struct opt_example examples[] = {
    {"brunt history", "the latest runs"},
    {"brunt history checkout -n 100", "those that have \"checkout\" in their name, script, label, "
                                      "note or commit"},
    {"brunt history --label nightly --json", "for a program"},
    {"brunt history --trend http_req_duration", "its p(95) over all runs, with steps and drifts"},
};

static const struct opt_table table = {
    .name = "brunt history",
    .operands = "[TEXT]",
    .summary = "List the runs that were kept.",
    .about = "TEXT is a part of a run's name, script, label, note or commit, in any case.\n\n"
             "A run that a process was writing when it was killed is listed as interrupted, with "
             "all that it had measured.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 1,
};

/* ---- cells ---- */

static char *text_cell(struct str text)
{
    struct buf b = {0};

    markup_put_terminal(&b, text, 0);
    buf_cstr(&b);
    return buf_take(&b, NULL);
}

/* The end of a long path says more than its beginning. */
static char *script_cell(struct str script)
{
    scoped(freep) char *text = text_cell(script);
    struct str s = str_of(text);

    if (text_columns(s) <= SCRIPT_COLUMNS_MAX)
        return xstrdup(text);
    while (text_columns(s) > SCRIPT_COLUMNS_MAX - 1) {
        size_t n = utf8_length((const unsigned char *)s.p, s.n);

        s = str_from_index(s, n ? n : 1);
    }
    return xasprintf("…%.*s", STR_ARG(s));
}

static char *when_cell(wall_ns at)
{
    struct buf b = {0};

    history_put_time(at, &b);
    buf_cstr(&b);
    return buf_take(&b, NULL);
}

static char *duration_cell(span_ns span)
{
    char text[DURATION_TEXT_BYTES];
    span_ns unit = span >= 10 * NS_PER_S ? NS_PER_S : 100 * NS_PER_MS;

    return xstrdup(duration_format(span / unit * unit, text));
}

/* A number of the headline; false when there is none. */
static bool figure(const json_t *headline, const char *key, double *ret)
{
    const json_t *value = json_object_get(headline, key);

    if (!json_is_number(value))
        return false;
    *ret = json_number_value(value);
    return true;
}

static char *rate_cell(const json_t *headline)
{
    double v;

    if (!figure(headline, "rate", &v))
        return xstrdup("-");
    return v < 100 ? xasprintf("%.1f", v) : xasprintf("%.0f", v);
}

static char *p95_cell(const json_t *headline)
{
    struct buf b = {0};
    double v;

    if (!figure(headline, "p95", &v))
        return xstrdup("-");
    humanize(&b, v, CONTAINS_TIME, TIME_UNIT_AUTO);
    buf_cstr(&b);
    return buf_take(&b, NULL);
}

static char *failed_cell(const json_t *headline)
{
    struct buf b = {0};
    double v;

    if (!figure(headline, "failed", &v))
        return xstrdup("-");
    humanize_share(&b, v);
    buf_cstr(&b);
    return buf_take(&b, NULL);
}

static char *verdict_cell(struct str verdict_json)
{
    json_t *root = json_loadb(verdict_json.p, verdict_json.n, 0, NULL);
    const char *level = json_string_value(json_object_get(root, "level"));
    char *cell = text_cell(str_of(level ? level : "-"));

    json_decref(root);
    return cell;
}

static char *state_cell(const struct store_run *run)
{
    if (run->state == STORE_FINISHED && run->exit_code == 99)
        return xstrdup("thresholds failed");
    if (run->state != STORE_RUNNING && run->exit_code > 0)
        return xasprintf("%s (%d)", store_state_name(run->state), run->exit_code);
    return xstrdup(store_state_name(run->state));
}

static char *labels_cell(const struct store_run *run)
{
    json_t *root = json_loadb(run->labels_json.p, run->labels_json.n, 0, NULL);
    struct buf b = {0};
    size_t i;
    json_t *label;

    if (run->is_baseline)
        buf_puts(&b, "[baseline] ");
    json_array_foreach(root, i, label)
    {
        markup_put_terminal(&b, str_from(json_string_value(label), json_string_length(label)), 0);
        buf_putc(&b, ' ');
    }
    if (b.len)
        b.len--;
    json_decref(root);
    buf_cstr(&b);
    return buf_take(&b, NULL);
}

static char *spark_cell(const json_t *headline)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const json_t *spark = json_object_get(headline, "spark"), *value;
    struct buf b = {0};
    double max = 0;
    size_t i;

    json_array_foreach(spark, i, value)
    {
        double v = json_number_value(value);

        max = v > max ? v : max;
    }
    json_array_foreach(spark, i, value)
    {
        double share = max > 0 ? json_number_value(value) / max : 0;
        int bar = (int)(share * 7 + 0.5); /* the last of the eight */

        buf_puts(&b, bars[bar > 0 ? bar : 0]);
    }
    buf_cstr(&b);
    return buf_take(&b, NULL);
}

static int add_row(void *arg, const struct store_run *run)
{
    struct history *h = arg;
    struct history_row *row = &vec_push(h->rows, h->n_rows, h->cap_rows);
    json_t *headline = json_loadb(run->headline_json.p, run->headline_json.n, 0, NULL);

    row->cells[COLUMN_RUN] = text_cell(run->id);
    row->cells[COLUMN_WHEN] = when_cell(run->started ? run->started : run->created);
    row->cells[COLUMN_SCRIPT] = script_cell(run->script);
    row->cells[COLUMN_DURATION] = duration_cell(run->duration);
    row->cells[COLUMN_RATE] = rate_cell(headline);
    row->cells[COLUMN_P95] = p95_cell(headline);
    row->cells[COLUMN_FAILED] = failed_cell(headline);
    row->cells[COLUMN_VERDICT] = verdict_cell(run->verdict_json);
    row->cells[COLUMN_STATE] = state_cell(run);
    row->cells[COLUMN_LABELS] = labels_cell(run);
    row->cells[COLUMN_SPARK] = spark_cell(headline);
    json_decref(headline);
    return 0;
}

/* ---- the table ---- */

static size_t width_of(const struct history *h, enum column c)
{
    size_t width = 0;

    for (size_t i = 0; i < h->n_rows; i++) {
        size_t n = text_columns(str_of(h->rows[i].cells[c]));

        width = n > width ? n : width;
    }
    size_t title = strlen(columns[c].title);

    /* A column in which nothing stands is left out. */
    return width && title > width ? title : width;
}

static void put_cell(enum column c, const char *text, size_t width, struct buf *out)
{
    size_t n = text_columns(str_of(text)), pad = width > n ? width - n : 0;

    if (!columns[c].right)
        buf_puts(out, text);
    buf_printf(out, "%*s", (int)pad, "");
    if (columns[c].right)
        buf_puts(out, text);
}

static void put_line(const char *const *cells, const size_t *widths, struct buf *out)
{
    for (int c = 0; c < N_COLUMNS; c++) {
        if (!widths[c])
            continue;
        put_cell((enum column)c, cells ? cells[c] : columns[c].title, widths[c], out);
        buf_puts(out, "  ");
    }
    while (out->len && out->data[out->len - 1] == ' ')
        out->len--;
    buf_putc(out, '\n');
}

static void put_table(const struct history *h, struct buf *out)
{
    size_t widths[N_COLUMNS], total = 0;

    for (int c = 0; c < N_COLUMNS; c++) {
        widths[c] = width_of(h, (enum column)c);
        total += widths[c] ? widths[c] + 2 : 0;
    }
    if (!cli_is_terminal(STDOUT_FILENO) || total > cli_columns(STDOUT_FILENO))
        widths[COLUMN_SPARK] = 0;
    put_line(NULL, widths, out);
    for (size_t i = 0; i < h->n_rows; i++)
        put_line((const char *const *)h->rows[i].cells, widths, out);
}

static int show_table(struct history *h, struct store *s, const struct store_filter *filter)
{
    scoped(buf_fini) struct buf out = {0};
    size_t n = 0;

    TRY(store_count(s, filter, &n));
    TRY(store_runs(s, filter, add_row, h));
    if (!h->n_rows) {
        fprintf(stderr, "no runs\n");
        return 0;
    }
    put_table(h, &out);
    cli_write(STDOUT_FILENO, buf_str(&out));
    if (n > h->n_rows && cli_is_terminal(STDOUT_FILENO))
        printf("\n%zu of %zu runs; -n shows more\n", h->n_rows, n);
    return 0;
}

/* ---- JSON ---- */

static int add_json(void *arg, const struct store_run *run)
{
    struct history *h = arg;
    struct buf b = {0};

    run_doc_put_run(run, &b);
    json_put_raw(h->out, buf_str(&b));
    buf_fini(&b);
    return 0;
}

static int show_json(struct history *h, struct store *s, const struct store_filter *filter)
{
    scoped(buf_fini) struct buf out = BUF_INIT(RUN_DOC_BYTES_MAX);
    struct json_out j = JSON_OUT(&out, 0);
    size_t n = 0;

    TRY(store_count(s, filter, &n));
    h->out = &j;
    json_open_object(&j);
    json_key(&j, "total");
    json_put_u64(&j, n);
    json_key(&j, "runs");
    json_open_array(&j);
    TRY(store_runs(s, filter, add_json, h));
    json_close(&j);
    json_close(&j);
    buf_putc(&out, '\n');
    cli_write(STDOUT_FILENO, buf_str(&out));
    return 0;
}

static int show(struct history *h)
{
    struct store_filter filter = {
        .script = str_of(h->script),
        .label = str_of(h->label),
        .text = h->args.n_operands ? str_of(h->args.operands[0]) : (struct str){0},
        .only_baselines = h->only_baselines,
        .limit = (size_t)h->limit,
    };
    struct store *s = NULL;

    TRY(history_open(h->store_path, STORE_READ, &s));
    const struct history_trend trend = {h->trend, h->script, h->json};
    int r = h->trend  ? history_trend(s, &trend)
            : h->json ? show_json(h, s, &filter)
                      : show_table(h, s, &filter);

    store_close(s);
    return r;
}

static void history_fini(struct history *h)
{
    for (size_t i = 0; i < h->n_rows; i++) {
        for (int c = 0; c < N_COLUMNS; c++)
            free(h->rows[i].cells[c]);
    }
    free(h->rows);
    opt_args_fini(&h->args);
}

static int run_history(int argc, char **argv)
{
    struct history h = {.limit = LIMIT_DEFAULT};
    int r = opt_parse(&table, &h, argc, argv, &h.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &h.args);
        h.args = (struct opt_args){0};
    } else if (r == 0) {
        r = show(&h);
    }
    history_fini(&h);
    return r;
}

const struct command cmd_history = {
    .name = "history",
    .help = "list the runs that were kept",
    .run = run_history,
    .options = &table,
};
