/*
 * gen-docs DIR: writes the reference pages, one per table of the program. The rows are the ones
 * that the program itself uses, so that a page can be old but never wrong; tools/check-docs finds
 * old ones.
 */
#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/loadtest.h"
#include "dashboard/lint.h"
#include "plan/options.h"
#include "sink/sinks.h"
#include "target/target.h"
#include "vocab/vocab.h"

static const char generated[] =
    "<!-- Written by tools/gen_docs.c from the program's tables: change "
    "those, then run `make docs`. -->\n\n";

/* ---- cells ---- */

/* Comma-separated words become several pieces of code, between which the cell may wrap. */
static void put_code(struct buf *out, const char *before, const char *text)
{
    if (!text || !text[0])
        return;
    buf_printf(out, "`%s", before);
    for (const char *p = text; *p; p++)
        buf_printf(out, *p == ',' ? "`%c `" : "%c", *p);
    buf_putc(out, '`');
}

/* ---- options ---- */

static void put_option(struct buf *out, const struct plan_option_row *row)
{
    buf_puts(out, "| ");
    put_code(out, "", row->json);
    buf_puts(out, " | ");
    if (row->short_flag)
        buf_printf(out, "`-%c` ", row->short_flag);
    put_code(out, "--", row->cli);
    buf_puts(out, " | ");
    put_code(out, "", row->env);
    buf_puts(out, " | ");
    put_code(out, "", row->dflt);
    buf_printf(out, " | %s |\n", row->help);
}

static void put_scope(struct buf *out, enum plan_option_scope scope, const char *title,
                      const char *about)
{
    buf_printf(out,
               "\n## %s\n\n%s\n\n| in a script | flag | environment | default | what it is |\n"
               "|---|---|---|---|---|\n",
               title, about);
    for (enum plan_option id = 0; id < PLAN_OPTION_COUNT; id++) {
        if (plan_option_rows[id].scope == scope)
            put_option(out, &plan_option_rows[id]);
    }
}

/* The flags of a command that are in that group of its help. */
static void put_flags(struct buf *out, const struct opt_table *table, const char *group,
                      const char *title)
{
    buf_printf(out, "\n## %s\n\n| flag | environment | what it is |\n|---|---|---|\n", title);
    for (size_t i = 0; i < table->n_rows; i++) {
        const struct opt_row *row = &table->rows[i];

        if (!row->help || strcmp(row->group ? row->group : "", group) != 0)
            continue;
        buf_puts(out, "| ");
        if (row->short_name)
            buf_printf(out, "`-%c` ", row->short_name);
        buf_printf(out, "`--%s` | ", row->name);
        put_code(out, "", row->env);
        buf_printf(out, " | %s |\n", row->help);
    }
}

static void options_page(struct buf *out)
{
    put_scope(out, PLAN_SCOPE_SCRIPT, "Of a test",
              "In a script's `options`, in the configuration file, on the command line.");
    put_scope(out, PLAN_SCOPE_OURS, "Of a test, unknown to k6",
              "k6 warns about these and goes on.");
    put_scope(out, PLAN_SCOPE_CONFIG, "Of the configuration file", "Not in a script.");
    put_scope(out, PLAN_SCOPE_RUNTIME, "How a script is run", "On the command line only.");
    put_scope(out, PLAN_SCOPE_GLOBAL, "Logs, colours, secrets", "On the command line only.");
    put_flags(out, loadtest_table("brunt run"), "Engine", "Of the engine");
    put_flags(out, loadtest_table("brunt run"), "Outputs", "Of outputs");
    put_flags(out, loadtest_table("brunt run"), "Failures", "Of evidence of failures");
    put_flags(out, loadtest_table("brunt run"), "With a URL", "With a URL instead of a script");
    put_flags(out, loadtest_table("brunt run"), "With Python", "With a scenario in Python");
    put_flags(out, cmd_find.make_options(), "Search", "Of `brunt find`: the search");
    put_flags(out, cmd_find.make_options(), "Probes", "Of `brunt find`: probes");
    put_flags(out, cmd_find.make_options(), "Results", "Of `brunt find`: results");
    put_flags(out, cmd_target.options, "", "Of `brunt target`");
}

/* ---- metrics ---- */

static void put_metric(struct buf *out, const char *name, const char *type, const char *contains,
                       const char *help)
{
    buf_printf(out, "| `%s` | ", name);
    for (const char *p = type; *p; p++)
        buf_putc(out, (char)tolower(*p));
    buf_puts(out, strcmp(contains, "TIME") == 0 ? " of ms" : "");
    buf_puts(out, strcmp(contains, "DATA") == 0 ? " of bytes" : "");
    buf_printf(out, " | %s |\n", help);
}

static void metrics_page(struct buf *out)
{
#define METRIC(id, type, contains, name, help) put_metric(out, name, #type, #contains, help);
#include "metric/metric.def"
#undef METRIC
    buf_puts(out,
             "\n## Tags\n\n"
             "These are put on measurements by the program; `systemTags` chooses among them.\n\n"
             "| tag | without `systemTags` |\n|---|---|\n");
#define SYSTAG(id, name, on) buf_printf(out, "| `" name "` | %s |\n", (on) ? "on" : "off");
#include "metric/systag.def"
#undef SYSTAG
}

/* ---- codes ---- */

static void error_codes_page(struct buf *out)
{
#define X(name, number, text, help) \
    buf_printf(out, "| %d | %s | %s |\n", number, (text)[0] ? "`" text "`" : "", help);
#include "proto/error_code.def"
#undef X
}

/* ---- what is masked ---- */

static void masks_page(struct buf *out)
{
#define IS                       "is"
#define ENDS                     "ends in"
#define CONTAINS                 "contains"
#define ANYWHERE                 "headers, parameters, fields, elements, attributes"
#define QUERY                    "parameters of URLs"
#define MASK(match, where, name) buf_puts(out, "| " match " | `" name "` | " where " |\n");
#include "proto/mask.def"
#undef MASK
#undef IS
#undef ENDS
#undef CONTAINS
#undef ANYWHERE
#undef QUERY
}

static void dashboard_rules_page(struct buf *out)
{
    const struct lint_rule_about *about;

    for (size_t i = 0; (about = lint_rule_about(i)); i++)
        buf_printf(out, "| `%s` | %s | %s |\n", about->name,
                   about->severity == LINT_ERROR ? "error" : "warning", about->help);
}

static void exit_codes_page(struct buf *out)
{
#define EXIT_CODE(number, when, todo) buf_puts(out, "| " #number " | " when " | " todo " |\n");
#include "base/exit_code.def"
#undef EXIT_CODE
}

/* ---- outputs ---- */

static void put_output(struct buf *out, const struct sink_class *class)
{
    buf_printf(out, "\n## %s\n\n%c%s. `-o '%s'`", class->name, toupper(class->summary[0]),
               class->summary + 1, class->example);
    for (const char *const *a = class->aliases; a && *a; a++)
        buf_printf(out, "%s`%s`", a == class->aliases ? "; also called " : ", ", *a);
    buf_puts(out, "\n");
    if (class->n_params)
        buf_puts(out, "\n| setting | default | environment | what it is |\n|---|---|---|---|\n");
    for (size_t i = 0; i < class->n_params; i++) {
        const struct sink_param *row = &class->params[i];

        buf_printf(out, "| `%s%s` | ", row->key, row->type == SINK_PAIRS ? ".NAME" : "");
        put_code(out, "", row->dflt);
        buf_puts(out, " | ");
        put_code(out, "", row->env);
        buf_printf(out, " | %s", row->help);
        for (const char *p = row->values; p && *p; p++)
            buf_printf(out, p == row->values ? ": `%c" : *p == '|' ? "`, `" : "%c", *p);
        buf_puts(out, row->values ? "` |\n" : " |\n");
    }
}

static void outputs_page(struct buf *out)
{
    for (size_t i = 0; i < n_sink_classes; i++)
        put_output(out, sink_classes[i]);
}

/* ---- vocabularies ---- */

static void put_name(void *arg, const struct vocab_entry *e)
{
    buf_printf(arg, "| `%s` | %s%s%s | %s | `%s` | %s |\n", e->name, e->type,
               e->unit[0] ? ", " : "", e->unit, e->labels, e->source, e->help);
}

static void vocabularies_page(struct buf *out)
{
    for (enum vocab_id id = 0; id < VOCAB_COUNT; id++) {
        buf_printf(out,
                   "\n## %s\n\n| name | type | labels | from | what it is |\n"
                   "|---|---|---|---|---|\n",
                   vocab_name(id));
        vocab_entries(id, put_name, out);
    }
}

/* ---- the rest ---- */

static void imports_page(struct buf *out)
{
#define MODULE(symbol)
#define ABSENT(name, why) buf_puts(out, "| `" name "` | " why " |\n");
#include "script/js/js_modules.def"
#undef ABSENT
#undef MODULE
}

static void target_page(struct buf *out)
{
    target_list(out);
    buf_puts(out, "```\n");
}

/* clang-format off */
static const struct {
    const char *file;
    const char *intro;
    void (*put)(struct buf *out);
} pages[] = {
    {"options.md", "# Options\n\n"
     "Of the places that give a value the first counts: command line, environment, the script's `options`, the file named by\n"
     "`--config`, the default. A duration is written `90s`, `1m30s` or `500ms`; in a script it may also be a number of\n"
     "milliseconds. A flag without a value also takes `=true` or `=false`.\n", options_page},
    {"metrics.md", "# Metrics\n\n"
     "What is measured without being asked; a script adds its own with `k6/metrics`.\n\n"
     "| metric | type | what it is |\n|---|---|---|\n", metrics_page},
    {"error-codes.md", "# Error codes\n\n"
     "`res.error_code` and the tag `error_code`; the numbers are k6's. `res.error` and the tag `error` have the text; where\n"
     "the column is empty, the text says what happened.\n\n"
     "| code | text | when |\n|---|---|---|\n", error_codes_page},
    {"masked-names.md", "# Masked names\n\n"
     "Values of these names are not shown in [evidence of failures](../failures.md). A name is compared in lower case and by\n"
     "its letters and digits alone, whole and by its last part: `X-Api-Key` is `apikey`, `user[pass]` is `pass`.\n\n"
     "| the name | | in |\n|---|---|---|\n", masks_page},
    {"dashboard-rules.md", "# Rules for dashboards\n\n"
     "What `brunt dashboard lint` looks at; `--list` prints the same. [How to use it](../dashboard-tools.md). A rule may call\n"
     "what is less grave a warning too.\n\n"
     "| rule | gravest | wants |\n|---|---|---|\n", dashboard_rules_page},
    {"exit-codes.md", "# Exit codes\n\n| code | when | what to do |\n|---|---|---|\n", exit_codes_page},
    {"outputs.md", "# Outputs\n\n"
     "Where a run can send its measurements, `-o NAME[=ARGUMENT][?key=value&...]`, any number of times. All know `?label=`,\n"
     "`?vocab=` and `?compat=exact`. `brunt outputs NAME` prints the same.\n", outputs_page},
    {"vocabularies.md", "# Vocabularies\n\n"
     "What outputs call what is measured, by vocabulary: `--vocab NAME` for all outputs, `?vocab=NAME` for one, several with\n"
     "comma. between them. `brunt metrics` prints the same. [Which to use](../vocabularies.md).\n", vocabularies_page},
    {"imports.md", "# Imports that fail\n\n"
     "A script that imports one of these ends with exit code 107 and the sentence. A star stands for any ending; the first\n"
     "row that fits counts.\n\n"
     "| module | sentence |\n|---|---|\n", imports_page},
    {"target.md", "# What `brunt target` answers\n\nAs `brunt target --list` prints it.\n\n```\n", target_page},
};
/* clang-format on */

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: gen-docs DIR\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < countof(pages); i++) {
        scoped(buf_fini) struct buf out = {0};
        scoped(buf_fini) struct buf path = {0};

        buf_printf(&out, "%s%s", generated, pages[i].intro);
        pages[i].put(&out);
        buf_printf(&path, "%s/%s", argv[1], pages[i].file);
        int r = cli_write_file(buf_cstr(&path), buf_str(&out));

        if (r < 0)
            return cli_fault(r);
    }
    return 0;
}
