/*
 * Forms are rows: what a name ends in, and the function that writes it. Secrets are blacked out
 * before a form packs or escapes its text: afterwards nobody would find them.
 */
#include "cli/report_file.h"

#include <errno.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/redact.h"
#include "cli/cli.h"
#include "report/comparison.h"
#include "report/measured.h"
#include "report/report.h"
#include "report/report_html.h"
#include "report/report_junit.h"
#include "report/report_md.h"
#include "report/run_doc.h"
#include "store/store.h"

typedef int(put_fn)(const struct report_file_source *from, struct buf *out);

static int gone(int r)
{
    return r > 0 ? fault(-ENOENT, "the run is no longer in the history") : r;
}

/* ---- forms ---- */

static int put_redacted(const struct report_file_source *from, struct buf *text, struct buf *out)
{
    if (redact_add(from->redact, buf_str(text), out))
        return fault(-EFBIG, "the report is too big");
    return 0;
}

static int put_document(const struct report_file_source *from, int indent, struct buf *out)
{
    scoped(buf_fini) struct buf text = BUF_INIT(RUN_DOC_BYTES_MAX);
    struct run_doc_options options = {.indent = indent, .exchanges = true, .script = true};

    TRY(gone(run_doc_put(from->store, from->key, &options, &text)));
    return put_redacted(from, &text, out);
}

static int put_json(const struct report_file_source *from, struct buf *out)
{
    TRY(put_document(from, 1, out));
    buf_putc(out, '\n');
    return 0;
}

int report_file_html(const struct report_file_source *from, struct buf *out)
{
    scoped(buf_fini) struct buf document = BUF_INIT(RUN_DOC_BYTES_MAX);
    scoped(buf_fini) struct buf title = BUF_INIT(1 << 20), clean = BUF_INIT(1 << 20);
    scoped(arena_fini) struct arena arena = {0};
    struct store_run run;

    TRY(gone(store_run_get(from->store, from->key, &arena, &run)));
    buf_printf(&title, "%.*s · %.*s", run.name.n < 1000 ? (int)run.name.n : 1000, run.name.p,
               run.id.n < 100 ? (int)run.id.n : 100, run.id.p);
    TRY(put_redacted(from, &title, &clean));
    TRY(put_document(from, 0, &document));
    return report_html_put(buf_str(&clean), buf_str(&document), out);
}

static int put_junit(const struct report_file_source *from, struct buf *out)
{
    scoped(report_freep) struct report *report = NULL;
    scoped(buf_fini) struct buf text = BUF_INIT(RUN_DOC_BYTES_MAX);

    TRY(gone(report_load(from->store, from->key, &report)));
    report_junit_put(report, &text);
    return put_redacted(from, &text, out);
}

static int take_key(void *arg, const struct store_run *run)
{
    int64_t *keys = arg; /* the run's own, and the one that is looked for */

    if (run->key == keys[0])
        return 0;
    keys[1] = run->key;
    return 1;
}

/* The newest run of the same script that is a baseline; *ret_key is 0 without one. */
static int find_baseline(const struct report_file_source *from, const struct report *report,
                         int64_t *ret_key)
{
    struct store_filter filter = {
        .script = report->run.script, .only_baselines = true, .only_over = true, .limit = 2};
    int64_t keys[2] = {from->key, 0};
    int r = store_runs(from->store, &filter, take_key, keys);

    *ret_key = keys[1];
    return r < 0 ? r : 0;
}

/* A run, what it is compared with, and what came of that. */
struct compared {
    struct report *report, *baseline;
    struct measured *measured[2];
    struct comparison *comparison;
};

static void compared_fini(struct compared *c)
{
    comparison_free(c->comparison);
    measured_free(c->measured[0]);
    measured_free(c->measured[1]);
    report_free(c->report);
    report_free(c->baseline);
}

static int compare(const struct report_file_source *from, int64_t baseline, struct compared *c)
{
    double confidence = COMPARISON_CONFIDENCE_DEFAULT;

    TRY(gone(report_load(from->store, baseline, &c->baseline)));
    TRY(measured_load(from->store, from->key, MEASURED_WITHIN, confidence, &c->measured[0]));
    TRY(measured_load(from->store, baseline, MEASURED_WITHIN, confidence, &c->measured[1]));
    struct comparison_side sides[] = {{&c->report->run, c->measured[0]},
                                      {&c->baseline->run, c->measured[1]}};

    return comparison_make(from->store, &sides[0], &sides[1], &(struct comparison_options){0},
                           &c->comparison);
}

static int put_md(const struct report_file_source *from, struct buf *out)
{
    scoped(compared_fini) struct compared c = {0};
    scoped(buf_fini) struct buf text = BUF_INIT(RUN_DOC_BYTES_MAX);
    int64_t baseline;

    TRY(gone(report_load(from->store, from->key, &c.report)));
    TRY(find_baseline(from, c.report, &baseline));
    if (baseline)
        TRY(compare(from, baseline, &c));
    report_md_put(c.report, &(struct report_md_baseline){c.baseline, c.comparison}, &text);
    return put_redacted(from, &text, out);
}

/* ---- files ---- */

static const struct {
    struct str suffix;
    put_fn *put;
} forms[] = {
    {{".html", 5}, report_file_html},
    {{".htm", 4}, report_file_html},
    {{".json", 5}, put_json},
    {{".xml", 4}, put_junit},
    {{".md", 3}, put_md},
    {{".markdown", 9}, put_md},
};

static put_fn *find_form(const char *path)
{
    for (size_t i = 0; i < countof(forms); i++) {
        struct str s = str_of(path);

        if (s.n > forms[i].suffix.n &&
            str_eq_nocase(str_from_index(s, s.n - forms[i].suffix.n), forms[i].suffix))
            return forms[i].put;
    }
    return NULL;
}

int report_file_check(const char *path)
{
    if (find_form(path))
        return 0;
    return fault(-EINVAL,
                 "'%s' is no file that ends in .html, .json, .junit.xml or .md, which says "
                 "what the report is",
                 path);
}

int report_file_write(const struct report_file_source *from, const char *path)
{
    scoped(buf_fini) struct buf out = BUF_INIT(RUN_DOC_BYTES_MAX);

    TRY(report_file_check(path));
    TRY(find_form(path)(from, &out));
    return cli_write_file(path, buf_str(&out));
}
