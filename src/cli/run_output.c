/*
 * The script's handleSummary() says what is written where; without it, the text summary goes to
 * standard output. --summary-export adds a file to whatever was said.
 */
#include "cli/run_output.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/redact.h"
#include "cli/cli.h"
#include "cli/loadtest.h"
#include "cli/run_sinks.h"
#include "cli/run_verdict.h"
#include "report/summary.h"
#include "run/health.h"
#include "run/run.h"

static void write_redacted(struct loadtest *t, const char *path, struct str data)
{
    struct buf out = BUF_INIT(1 << 30);
    int r = redact_add(t->redact, data, &out);

    if (r == 0 && strcmp(path, "stdout") == 0)
        cli_write(STDOUT_FILENO, buf_str(&out));
    else if (r == 0 && strcmp(path, "stderr") == 0)
        cli_write(STDERR_FILENO, buf_str(&out));
    else if (r == 0)
        r = cli_write_file(path, buf_str(&out));
    if (r < 0)
        log_error(t->log, "failed to handle the end-of-test summary: %s", fault_text());
    buf_fini(&out);
}

static enum summary_model model_of(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_scenarios; i++) {
        if (plan->scenarios[i].open_model)
            return SUMMARY_MODEL_OPEN;
    }
    return SUMMARY_MODEL_CLOSED;
}

void run_output_input(const struct loadtest *t, struct run *run, struct summary_input *ret_input)
{
    struct run_exceptions exceptions;

    run_exceptions(run, &exceptions);
    *ret_input =
        (struct summary_input){.snapshot = run_snapshot(run),
                               .thresholds = run_thresholds(run),
                               .options = t->plan->options,
                               .duration = run_elapsed(run),
                               .stdout_is_tty = isatty(STDOUT_FILENO),
                               .stderr_is_tty = isatty(STDERR_FILENO),
                               .setup_data = run_setup_data(run),
                               .script = str_from(t->script->text, t->script->n_text),
                               .generated_at = clock_wall(),
                               .model = model_of(t->plan),
                               .quiet = t->plan->options->quiet,
                               .corrected = t->own.corrected,
                               .corrected_interval = t->own.corrected_interval,
                               .exceptions = {exceptions.items, exceptions.n, run_started(run)}};
}

static struct summary *make_summary(struct loadtest *t, struct run *run,
                                    const struct run_sinks *sinks, struct buf *generator,
                                    struct buf *outputs)
{
    struct json_out j = JSON_OUT(generator, 0), o = JSON_OUT(outputs, 0);
    struct summary_input in;

    run_output_input(t, run, &in);
    health_json(run, &j);
    in.generator = buf_str(generator);
    if (sinks) {
        run_sinks_json(sinks, &o);
        in.outputs = buf_str(outputs);
    }
    return summary_new(&in);
}

static void write_text(struct loadtest *t, const struct summary *s, enum summary_mode mode)
{
    struct buf out = {0};

    summary_text(s, mode, loadtest_colors(t, STDOUT_FILENO) ? SUMMARY_COLORED : SUMMARY_PLAIN,
                 &out);
    write_redacted(t, "stdout", buf_str(&out));
    buf_fini(&out);
}

static void write_files(struct loadtest *t, struct script_summary_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        write_redacted(t, files[i].name, str_from(files[i].data, files[i].n_data));
        free(files[i].name);
        free(files[i].data);
    }
    free(files);
}

static void write_export(struct loadtest *t, const struct summary *s, enum summary_mode mode)
{
    const struct plan_options *o = t->plan->options;
    struct buf out = BUF_INIT(1 << 30);

    if (!o->summary_export[0])
        return;
    if (o->new_machine_readable_summary)
        summary_machine(s, mode, 4, &out);
    else
        summary_export(s, &out);
    write_redacted(t, o->summary_export, buf_str(&out));
    buf_fini(&out);
}

/* Below the rest of the text summary. */
static void show_outputs(const struct loadtest *t, const struct run_sinks *sinks)
{
    struct buf out = {0};

    run_sinks_text(sinks, loadtest_colors(t, STDOUT_FILENO), &out);
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
}

void run_output_summary(struct loadtest *t, struct run *run, const struct run_sinks *sinks)
{
    const struct plan_options *o = t->plan->options;
    enum summary_mode mode = strcmp(o->summary_mode, "full") == 0 ? SUMMARY_FULL : SUMMARY_COMPACT;
    struct script_summary_file *files = NULL;
    struct buf data = BUF_INIT(1 << 30);
    size_t n = 0;

    if (strcmp(o->summary_mode, "disabled") == 0) {
        run_verdict_log(t, run);
        return;
    }
    struct buf generator = {0}, outputs = {0};
    struct summary *s = make_summary(t, run, sinks, &generator, &outputs);

    if (t->script->has_handle_summary) {
        if (o->new_machine_readable_summary)
            summary_machine(s, mode, 0, &data);
        else
            summary_data(s, &data);
        run_summary(run, buf_cstr(&data), &files, &n);
    }
    if (n) {
        write_files(t, files, n);
        run_verdict_log(t, run);
    } else {
        write_text(t, s, mode);
        run_verdict_show(t, run);
        show_outputs(t, sinks);
    }
    write_export(t, s, mode);
    buf_fini(&data);
    buf_fini(&generator);
    buf_fini(&outputs);
    summary_free(s);
}
