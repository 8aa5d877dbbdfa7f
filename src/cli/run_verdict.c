#include "cli/run_verdict.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/loadtest.h"
#include "run/control.h"
#include "run/health.h"

static void put_colored(struct buf *out, bool colored, const char *sgr, const char *text)
{
    if (colored)
        buf_printf(out, "\033[%sm%s\033[0m", sgr, text);
    else
        buf_puts(out, text);
}

void run_verdict_show(const struct loadtest *t, const struct run *run)
{
    static const char *const colors[] = {
        [VERDICT_VALID] = "32",
        [VERDICT_SUSPECT] = "33",
        [VERDICT_INVALID] = "31",
    };
    bool colored = loadtest_colors(t, STDOUT_FILENO);
    struct buf out = {0};
    struct verdict v;
    size_t n_events;

    health_judge(run, &v);
    buf_puts(&out, "  █ GENERATOR \n\n    verdict: ");
    put_colored(&out, colored, colors[v.level], verdict_name(v.level));
    buf_putc(&out, '\n');
    for (size_t i = 0; i < v.n_reasons; i++) {
        buf_puts(&out, "    ");
        put_colored(&out, colored, colors[v.reasons[i].level],
                    v.reasons[i].level == VERDICT_INVALID ? "✗ " : "! ");
        buf_puts(&out, v.reasons[i].text);
        buf_putc(&out, '\n');
    }
    run_events(run, &n_events);
    if (n_events)
        buf_printf(&out, "    changed while it ran: %zu times, see the log\n", n_events);
    buf_puts(&out, "\n\n");
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
}

void run_verdict_log(const struct loadtest *t, const struct run *run)
{
    struct verdict v;

    health_judge(run, &v);
    for (size_t i = 0; i < v.n_reasons; i++) {
        log_warn(t->log, "the generator calls this run %s: %s", verdict_name(v.reasons[i].level),
                 v.reasons[i].text);
    }
}

int run_verdict_exit_code(const struct loadtest *t, const struct run *run, int exit_code)
{
    struct verdict v;

    /* Thresholds that held or not, by numbers that are not true, say nothing either way. */
    if (!t->own.fail_on_invalid || (exit_code != 0 && exit_code != 99))
        return exit_code;
    health_judge(run, &v);
    if (v.level != VERDICT_INVALID)
        return exit_code;
    log_error(t->log, "--fail-on-invalid: the generator calls this run invalid: %s",
              v.reasons[0].text);
    return 112;
}
