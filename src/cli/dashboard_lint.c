/*
 * brunt dashboard lint FILE|DIR...: each file by itself, with the exceptions of the `.lint` beside
 * it. What cannot be read does not keep the others from being looked at.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/actions.h"
#include "cli/cli.h"
#include "cli/dashboard_files.h"
#include "dashboard/lint.h"
#include "report/markup.h"
#include "vocab/vocab.h"

struct lint_command {
    struct opt_list only, skip;
    const char *vocab;
    bool strict, json, list, no_exceptions, color;
    struct opt_args args;

    struct lint_options options;
    struct buf out;
    struct json_out j;
    size_t n_files, n_errors, n_warnings, n_excepted, n_others, n_bad;
};

#define AT(field) offsetof(struct lint_command, field)

/* clang-format off */
static const struct opt_row rows[] = {
    {.name = "strict", .type = OPT_FLAG, .offset = AT(strict), .help = "warnings count as errors do"},
    {.name = "rule", .type = OPT_LIST, .offset = AT(only), .value_name = "NAME", .help = "only this rule; repeatable"},
    {.name = "skip", .type = OPT_LIST, .offset = AT(skip), .value_name = "NAME", .help = "not this rule; repeatable"},
    {.name = "vocab", .type = OPT_STRING, .offset = AT(vocab), .value_name = "LIST",
     .help = "say which metrics none of these vocabularies has: brunt, k6, loadpilot, locust, leapwork"},
    {.name = "no-exceptions", .type = OPT_FLAG, .offset = AT(no_exceptions), .help = "do not read the .lint beside a dashboard"},
    {.name = "list", .type = OPT_FLAG, .offset = AT(list), .help = "name the rules, and end"},
    {.name = "json", .type = OPT_FLAG, .offset = AT(json), .help = "print what was found as JSON"},
};
/* clang-format on */

static const struct opt_example examples[] = {
    {"brunt dashboard lint dashboards/", "every .json below the folder"},
    {"brunt dashboard lint --strict --vocab brunt my.json",
     "for a dashboard of brunt's own metrics"},
    {"brunt dashboard export live | brunt dashboard lint -", "what comes on standard input"},
    {"brunt dashboard lint --list", "which rules there are"},
};

static const struct opt_table table = {
    .name = "brunt dashboard lint",
    .operands = "FILE|DIR...",
    .summary = "Say what in Grafana dashboards will not work, or not everywhere.",
    .about = "Looks at dashboards of the classic JSON model, whoever made them, without asking a "
             "server. Rules that end in -rule are those of Grafana's dashboard-linter; a .lint "
             "file of its format beside a dashboard excludes findings.\n\nEnds with 0 when there "
             "are no errors, 1 when there are, 255 when a file cannot be read.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 100000,
    .operand_hint = OPT_HINT_FILE,
};

/* ---- the rules ---- */

static const char *severity_name(enum lint_severity s)
{
    return s == LINT_ERROR ? "error" : "warning";
}

static void json_text(struct json_out *j, const char *key, const char *value)
{
    json_key(j, key);
    json_put_cstr(j, value);
}

static void list_json(struct lint_command *c)
{
    const struct lint_rule_about *about;

    json_open_array(&c->j);
    for (size_t i = 0; (about = lint_rule_about(i)); i++) {
        json_open_object(&c->j);
        json_text(&c->j, "name", about->name);
        json_text(&c->j, "severity", severity_name(about->severity));
        json_text(&c->j, "wants", about->help);
        json_close(&c->j);
    }
    json_close(&c->j);
    buf_putc(&c->out, '\n');
}

static void list_text(struct lint_command *c)
{
    const struct lint_rule_about *about;

    for (size_t i = 0; (about = lint_rule_about(i)); i++) {
        buf_printf(&c->out, "%-7s  %-34s  %s\n", severity_name(about->severity), about->name,
                   about->help);
    }
}

/* ---- what was found ---- */

static void put_colored(struct lint_command *c, const char *code, const char *text)
{
    if (c->color) {
        buf_printf(&c->out, "\033[%sm%s\033[0m", code, text);
    } else {
        buf_puts(&c->out, text);
    }
}

static void put_finding(struct lint_command *c, const struct lint_finding *f)
{
    buf_puts(&c->out, "  ");
    put_colored(c, f->severity == LINT_ERROR ? "31" : "33", severity_name(f->severity));
    buf_puts(&c->out, f->severity == LINT_ERROR ? "    " : "  ");
    markup_put_terminal(&c->out, str_of(f->place), 0);
    buf_puts(&c->out, ": ");
    markup_put_terminal(&c->out, str_of(f->text), 0);
    buf_printf(&c->out, " [%s]\n", f->rule->name);
}

static void put_heading(struct lint_command *c, const char *path)
{
    markup_put_terminal(&c->out, str_of(path), 0);
    buf_puts(&c->out, "\n");
}

static void text_report(struct lint_command *c, const char *path, const struct lint_report *report)
{
    if (report->n_findings)
        put_heading(c, path);
    for (size_t i = 0; i < report->n_findings; i++)
        put_finding(c, &report->findings[i]);
}

static void json_finding(struct json_out *j, const struct lint_finding *f)
{
    json_open_object(j);
    json_text(j, "rule", f->rule->name);
    json_text(j, "severity", severity_name(f->severity));
    json_text(j, "place", f->place);
    if (f->panel_title)
        json_text(j, "panel", f->panel_title);
    if (f->target >= 0) {
        json_key(j, "target");
        json_put_int(j, f->target);
    }
    json_text(j, "text", f->text);
    json_close(j);
}

static void json_report(struct lint_command *c, const char *path, const struct lint_report *report)
{
    json_open_object(&c->j);
    json_text(&c->j, "file", path);
    json_text(&c->j, "title", report->title);
    json_key(&c->j, "findings");
    json_open_array(&c->j);
    for (size_t i = 0; i < report->n_findings; i++)
        json_finding(&c->j, &report->findings[i]);
    json_close(&c->j);
    json_close(&c->j);
}

/* A file that is no dashboard, with the words of the fault. */
static void put_bad(struct lint_command *c, const char *path, const char *why)
{
    c->n_bad++;
    if (c->json) {
        json_open_object(&c->j);
        json_text(&c->j, "file", path);
        json_text(&c->j, "bad", why);
        json_close(&c->j);
        return;
    }
    put_heading(c, path);
    buf_puts(&c->out, "  ");
    put_colored(c, "31", "error");
    buf_puts(&c->out, "    ");
    markup_put_terminal(&c->out, str_of(why), 0);
    buf_putc(&c->out, '\n');
}

/* ---- files ---- */

/* The `.lint` in the folder of `path`; *ret stays NULL where there is none. */
static int read_exceptions(const char *path, struct lint_exceptions **ret)
{
    const char *slash = strrchr(path, '/');
    scoped(freep) char *file =
        slash ? xasprintf("%.*s/.lint", (int)(slash - path), path) : xstrdup(".lint");
    scoped(buf_fini) struct buf text = BUF_INIT(LINT_BYTES_MAX);
    struct stat st;

    if (strcmp(path, "-") == 0 || stat(file, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    TRY(cli_read_file(file, &text));
    int r = lint_exceptions_read(buf_str(&text), ret);

    return r ? fault(r, "%s: %s", file, fault_text()) : 0;
}

static int lint_text_of(struct lint_command *c, const struct dashboard_file *file,
                        struct lint_report **ret)
{
    scoped(buf_fini) struct buf text = BUF_INIT(LINT_BYTES_MAX);
    struct lint_options options = c->options;
    struct lint_exceptions *exceptions = NULL;

    TRY(cli_read_file(file->path, &text));
    if (!c->no_exceptions)
        TRY(read_exceptions(file->path, &exceptions));
    options.exceptions = exceptions;
    int r = dashboard_lint(buf_str(&text), &options, ret);

    lint_exceptions_free(exceptions);
    return r;
}

static void lint_file(struct lint_command *c, const struct dashboard_file *file)
{
    struct lint_report *report = NULL;
    int r = lint_text_of(c, file, &report);

    if (r == LINT_E_NO_DASHBOARD && file->from_folder) {
        c->n_others++;
        return;
    }
    c->n_files++;
    if (r) {
        put_bad(c, file->path, r < 0 ? fault_text() : "it is JSON, but no dashboard");
        return;
    }
    c->n_errors += report->n_errors;
    c->n_warnings += report->n_warnings;
    c->n_excepted += report->n_excepted;
    if (c->json) {
        json_report(c, file->path, report);
    } else {
        text_report(c, file->path, report);
    }
    lint_report_free(report);
}

static void put_count(struct buf *out, size_t n, const char *what)
{
    buf_printf(out, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static void text_end(struct lint_command *c)
{
    put_count(&c->out, c->n_files, "dashboard");
    buf_puts(&c->out, ": ");
    put_count(&c->out, c->n_errors, "error");
    buf_puts(&c->out, ", ");
    put_count(&c->out, c->n_warnings, "warning");
    if (c->n_excepted)
        buf_printf(&c->out, ", %zu excluded by .lint", c->n_excepted);
    if (c->n_bad)
        buf_printf(&c->out, ", %zu not readable", c->n_bad);
    if (c->n_others)
        buf_printf(&c->out, "; %zu other JSON file%s", c->n_others, c->n_others == 1 ? "" : "s");
    buf_putc(&c->out, '\n');
}

static void json_count(struct json_out *j, const char *key, size_t n)
{
    json_key(j, key);
    json_put_u64(j, n);
}

static void json_end(struct lint_command *c)
{
    json_close(&c->j);
    json_count(&c->j, "errors", c->n_errors);
    json_count(&c->j, "warnings", c->n_warnings);
    json_count(&c->j, "excluded", c->n_excepted);
    json_count(&c->j, "bad", c->n_bad);
    json_close(&c->j);
    buf_putc(&c->out, '\n');
}

static void lint_all(struct lint_command *c, const struct dashboard_files *files)
{
    if (c->json) {
        json_open_object(&c->j);
        json_key(&c->j, "files");
        json_open_array(&c->j);
    }
    for (size_t i = 0; i < files->n; i++)
        lint_file(c, &files->list[i]);
    if (c->json) {
        json_end(c);
    } else {
        text_end(c);
    }
}

static int find_files(const struct lint_command *c, struct dashboard_files *files)
{
    if (!c->args.n_operands)
        return fault(-EINVAL, "say what to look at: FILE|DIR..., or - for standard input");
    for (size_t i = 0; i < c->args.n_operands; i++)
        TRY(dashboard_files_add(files, c->args.operands[i]));
    if (!files->n)
        return fault(-ENOENT, "there is no .json in '%s'", c->args.operands[0]);
    return 0;
}

/* The exit code, or a fault. */
static int lint(struct lint_command *c)
{
    scoped(dashboard_files_fini) struct dashboard_files files = {0};

    c->options = (struct lint_options){.only = c->only.items,
                                       .n_only = c->only.n_items,
                                       .skip = c->skip.items,
                                       .n_skip = c->skip.n_items};
    if (c->vocab)
        TRY(vocab_parse(str_of(c->vocab), &c->options.vocabs));
    TRY(lint_options_check(&c->options));
    TRY(find_files(c, &files));
    lint_all(c, &files);
    if (c->n_bad)
        return 255;
    return c->n_errors || (c->strict && c->n_warnings);
}

static int run(struct lint_command *c)
{
    c->j = JSON_OUT(&c->out, 2);
    c->color = cli_wants_color(STDOUT_FILENO);
    if (!c->list)
        return lint(c);
    if (c->json) {
        list_json(c);
    } else {
        list_text(c);
    }
    return 0;
}

static int run_lint(int argc, char **argv)
{
    struct lint_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
        c.args = (struct opt_args){0};
    } else if (r == 0) {
        r = run(&c);
        cli_write(STDOUT_FILENO, buf_str(&c.out));
    }
    buf_fini(&c.out);
    opt_list_fini(&c.only);
    opt_list_fini(&c.skip);
    opt_args_fini(&c.args);
    return r;
}

const struct command action_dashboard_lint = {
    .name = "lint",
    .help = "say what in dashboards will not work, or not everywhere",
    .run = run_lint,
    .options = &table,
};
