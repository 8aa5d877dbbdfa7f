/* brunt show RUN: a run of the history on the terminal. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"
#include "cli/stored_run.h"
#include "report/har.h"
#include "report/report.h"
#include "report/report_show.h"
#include "report/run_doc.h"
#include "store/store.h"

struct show {
    const char *store;
    const char *har;
    bool json, plain, full, summary_only;
    struct opt_args args;
    struct stored_run run;
};

#define AT(field) offsetof(struct show, field)

static const struct opt_row rows[] = {
    HISTORY_STORE_ROW(AT(store)),
    {.name = "full",
     .type = OPT_FLAG,
     .offset = AT(full),
     .help = "the summary with groups and scenarios, as --summary-mode full has it"},
    {.name = "summary",
     .type = OPT_FLAG,
     .offset = AT(summary_only),
     .help = "the summary alone, as it stood at the end of the run"},
    {.name = "plain",
     .type = OPT_FLAG,
     .offset = AT(plain),
     .help = "charts of ASCII signs and no colours, as without a terminal"},
    {.name = "json",
     .type = OPT_FLAG,
     .offset = AT(json),
     .help = "print the run document instead, for programs"},
    {.name = "har",
     .type = OPT_STRING,
     .offset = AT(har),
     .value_name = "FILE|-",
     .hint = OPT_HINT_FILE,
     .help = "write the captured requests with their answers to a HAR file instead"},
};

static const struct opt_example examples[] = {
    {"brunt show latest", "the last run"},
    {"brunt show baseline --summary", "what was printed at the end of the run that is compared to"},
    {"brunt show latest --har failed.har", "what failed, for a browser's developer tools"},
    {"brunt show latest --json | jq .run.headline", "for programs"},
};

static const struct opt_table table = {
    .name = "brunt show",
    .operands = "RUN",
    .summary = "Show a run of the history.",
    .about = "RUN is an id of `brunt history` or a unique beginning of one, latest, latest~N or "
             "baseline. A run that is under way is shown as far as it got.\n\n"
             "Exit codes: 0 it was shown, 255 there is no such run.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 1,
};

/* ---- for people ---- */

static bool env_says_no(void)
{
    const char *no = getenv("NO_COLOR"); /* NOLINT(concurrency-mt-unsafe): nothing sets it */

    return no && no[0];
}

static int put_text(struct show *s, struct buf *out)
{
    struct report_show_style style = {
        .columns = cli_columns(STDOUT_FILENO),
        .plain = s->plain || !cli_is_terminal(STDOUT_FILENO) || env_says_no(),
        .color = !s->plain && cli_wants_color(STDOUT_FILENO),
        .mode = s->full ? SUMMARY_FULL : SUMMARY_COMPACT,
    };
    scoped(report_freep) struct report *report = NULL;
    scoped(report_timeline_fini) struct report_timeline timeline = {0};

    TRY(history_fault(report_load(s->run.store, s->run.key, &report), s->args.operands[0]));
    if (s->summary_only) {
        report_show_summary(report, &style, out);
        report_show_verdict(report, &style, out);
        return 0;
    }
    TRY(history_fault(report_timeline_load(s->run.store, s->run.key, style.columns * 2, &timeline),
                      s->args.operands[0]));
    report_show_header(report, &style, out);
    report_show_summary(report, &style, out);
    report_show_verdict(report, &style, out);
    report_show_outputs(report, &style, out);
    report_show_charts(&timeline, &style, out);
    report_show_lists(report, &style, out);
    return 0;
}

/* ---- for programs ---- */

static int put_json(struct show *s, struct buf *out)
{
    struct run_doc_options options = {.indent = 1};

    TRY(history_fault(run_doc_put(s->run.store, s->run.key, &options, out), s->args.operands[0]));
    buf_putc(out, '\n');
    return 0;
}

struct har_keys {
    int64_t *keys;
    size_t n, cap;
};

static int take_key(void *arg, const struct store_exchange *e)
{
    struct har_keys *list = arg;

    vec_push(list->keys, list->n, list->cap) = e->key;
    return 0;
}

static int put_har(struct show *s, const struct har_keys *list, struct buf *out)
{
    struct har har;

    har_begin(&har, out);
    for (size_t i = 0; i < list->n; i++) {
        scoped(arena_fini) struct arena arena = {0};
        struct store_exchange e;
        int r = store_exchange_get(s->run.store, s->run.key, list->keys[i], &arena, &e);

        if (r < 0)
            return r;
        if (r == 0 && e.har.n)
            har_put(&har, e.har);
    }
    har_end(&har, (struct str){0});
    return 0;
}

static int write_har(struct show *s)
{
    scoped(buf_fini) struct buf out = BUF_INIT(RUN_DOC_BYTES_MAX);
    struct har_keys list = {0};
    int r = store_exchanges(s->run.store, s->run.key, take_key, &list);

    if (r == 0)
        r = put_har(s, &list, &out);
    free(list.keys);
    TRY(r);
    if (strcmp(s->har, "-") != 0)
        return cli_write_file(s->har, buf_str(&out));
    cli_write(STDOUT_FILENO, buf_str(&out));
    return 0;
}

static int show(struct show *s)
{
    scoped(buf_fini) struct buf out = BUF_INIT(RUN_DOC_BYTES_MAX);

    if (s->json && s->har)
        return fault(-EINVAL, "--json and --har are two things: take one of them");
    TRY(stored_run_open(s->store, s->args.operands[0], &s->run));
    if (s->har)
        return write_har(s);
    TRY(s->json ? put_json(s, &out) : put_text(s, &out));
    cli_write(STDOUT_FILENO, buf_str(&out));
    return 0;
}

static int run_show(int argc, char **argv)
{
    struct show s = {0};
    int r = opt_parse(&table, &s, argc, argv, &s.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &s.args);
        s.args = (struct opt_args){0};
    } else if (r == 0) {
        r = show(&s);
    }
    stored_run_close(&s.run);
    opt_args_fini(&s.args);
    return r;
}

const struct command cmd_show = {
    .name = "show",
    .help = "show a run of the history",
    .run = run_show,
    .options = &table,
};
