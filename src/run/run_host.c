/*
 * What users ask of the run, and tell it: logging, exceptions, k6/execution, abort and fail. Called
 * on any loop's thread.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/redact.h"
#include "run/run_priv.h"

/*
 * Every request fails so once descriptors are used up: said once, because the lines would be as
 * many as the requests, and each failure is counted anyway.
 */
static bool is_descriptor_flood(struct run *run, struct str error)
{
    if (likely(str_find_str(error, STR("too many open files")) == error.n))
        return false;
    if (!atomic_exchange(&run->shared.descriptors_out, true)) {
        log_warn(run->config.log,
                 "Requests fail because no more files can be opened (further ones are counted, not "
                 "logged): %.*s",
                 STR_ARG(error));
    }
    return true;
}

void run_log_script(struct log *log, struct log *console, const struct run_script_line *line)
{
    static const enum log_level levels[] = {
        [SCRIPT_LOG_DEBUG] = LOG_LEVEL_DEBUG,
        [SCRIPT_LOG_INFO] = LOG_LEVEL_INFO,
        [SCRIPT_LOG_WARN] = LOG_LEVEL_WARNING,
        [SCRIPT_LOG_ERROR] = LOG_LEVEL_ERROR,
    };
    bool to_console = line->source == SCRIPT_LOG_CONSOLE && console;
    struct log_field fields[2];
    size_t n = 0;

    if (line->field.n)
        fields[n++] = (struct log_field){line->field, line->value};
    if (line->source == SCRIPT_LOG_CONSOLE && !to_console)
        fields[n++] = (struct log_field){STR("source"), STR("console")};
    if (line->source == SCRIPT_LOG_STACKTRACE)
        fields[n++] = (struct log_field){STR("source"), STR("stacktrace")};
    log_write(to_console ? console : log, levels[line->level], line->message, fields, n);
}

static void vu_log(void *arg, const struct vu *vu UNUSED, enum script_log_level level,
                   enum script_log_source source, struct str message, struct str field,
                   struct str value)
{
    struct run *run = ((struct worker *)arg)->run;
    const struct run_script_line line = {level, source, message, field, value};

    if (source == SCRIPT_LOG_ENGINE && level == SCRIPT_LOG_WARN && is_descriptor_flood(run, value))
        return;
    run_log_script(run->config.log, run->config.console, &line);
}

/* ---- exceptions ---- */

static void log_exception(struct log *log, const struct plan_scenario *s, struct str line)
{
    struct log_field fields[3] = {{STR("source"), STR("stacktrace")}};

    if (s) {
        fields[1] = (struct log_field){STR("executor"), str_of(plan_executor_name(s->executor))};
        fields[2] = (struct log_field){STR("scenario"), str_of(s->name)};
        log_write(log, LOG_LEVEL_ERROR, line, fields, 3);
        return;
    }
    fields[1] = (struct log_field){STR("hint"), STR("script exception")};
    log_write(log, LOG_LEVEL_ERROR, line, fields, 2);
}

/* On the clock of the run, which is that of what it is compared with. */
static wall_ns wall_of(const struct worker *w)
{
    const struct run *run = w->run;

    if (!run->started)
        return clock_wall();
    /* The turn in which a loop heard of the start may have begun before it. */
    span_ns since = loop_now(w->loop) - run->started;

    return run->started_wall + (since > 0 ? since : 0);
}

/* The text without secrets, in `buf`. */
static struct str redacted(const struct worker *w, struct str text, struct buf *buf)
{
    if (redact_add(w->run->config.secrets, text, buf))
        return STR("");
    return buf_str(buf);
}

static struct str below_folder(const struct run *run, struct str place)
{
    struct str folder = str_of(run->folder);

    if (folder.n > 1 && str_starts(place, folder) && place.n > folder.n && place.p[folder.n] == '/')
        return str_from_index(place, folder.n + 1);
    return place;
}

static uint64_t note_exception(struct worker *w, const struct plan_scenario *s,
                               const struct script_exception *e)
{
    scoped(buf_fini) struct buf stack = {0}, message = {0};
    struct exception_told told = {.kind = e->kind, .place = e->place};

    if (e->kind.n || e->message.n || e->place.n) {
        told.stack = redacted(w, e->stack, &stack);
        told.message = redacted(w, e->message, &message);
    } else {
        exception_read_stack(redacted(w, e->stack, &stack), &told);
        told.place = below_folder(w->run, told.place);
    }
    told.scenario = str_of(s ? s->name : "");
    return exception_book_note(w->exceptions, &told, wall_of(w));
}

static uint64_t vu_exception(void *arg, const struct vu *vu, const struct script_exception *e)
{
    struct worker *w = arg;

    if (e->line.n)
        log_exception(w->run->config.log, vu_scenario(vu), e->line);
    if (!e->number)
        return note_exception(w, vu_scenario(vu), e);
    return exception_book_again(w->exceptions, e->number, wall_of(w)) ? e->number : 0;
}

/* ---- k6/execution ---- */

static const struct scenario_run *scenario_of(const struct run *run, const struct plan_scenario *s)
{
    for (size_t i = 0; i < run->n_scenarios; i++) {
        if (run->scenarios[i].plan == s)
            return &run->scenarios[i];
    }
    return NULL;
}

static uint64_t ticket_of(struct vu *vu, const struct scenario_run *sr)
{
    int64_t *ticket = vu_ticket(vu);
    struct scenario_run *w = (struct scenario_run *)(uintptr_t)sr;

    /* Numbers are given to iterations that ask, so that those which do not share no counter. */
    if (*ticket < 0)
        *ticket = (int64_t)atomic_fetch_add(&w->shared.next_number, 1);
    return (uint64_t)*ticket;
}

static double progress_of(const struct scenario_run *sr, mono_ns now)
{
    const struct plan_scenario *s = sr->plan;

    if (s->executor == PLAN_SHARED_ITERATIONS || s->executor == PLAN_PER_VU_ITERATIONS) {
        double all =
            (double)s->iterations * (double)(s->executor == PLAN_PER_VU_ITERATIONS ? s->vus : 1);

        return (double)scenario_complete(sr) / all;
    }
    if (now >= sr->end)
        return 1;
    return now > sr->start ? (double)(now - sr->start) / (double)(sr->end - sr->start) : 0;
}

static void vu_exec_info(void *arg, struct vu *vu, struct script_exec_info *ret_info)
{
    struct worker *w = arg;
    struct run *run = w->run;
    mono_ns now = loop_now(w->loop);
    struct run_totals totals;
    const struct scenario_run *sr = scenario_of(run, vu_scenario(vu));

    run_totals(run, &totals);
    *ret_info = (struct script_exec_info){
        .test_run_ms = run->started ? (double)(now - run->started) / 1e6 : 0,
        .iterations_completed = totals.complete,
        .iterations_interrupted = totals.interrupted,
        .vus_active = totals.vus_active,
        .vus_initialized = totals.vus_initialized,
    };
    if (!sr)
        return;
    ret_info->has_scenario = true;
    ret_info->scenario_name = sr->plan->name;
    ret_info->executor = plan_executor_name(sr->plan->executor);
    ret_info->scenario_start_unix_ms =
        (double)(run->started_wall + (sr->start - run->started)) / 1e6;
    ret_info->scenario_progress = progress_of(sr, now);
    ret_info->scenario_iteration = ticket_of(vu, sr);
    ret_info->scenario_iteration_in_test =
        plan_share_nth(sr->plan->work, ret_info->scenario_iteration);
}

static void vu_abort(void *arg, struct vu *vu UNUSED, struct str message)
{
    run_stop(((struct worker *)arg)->run, RUN_STOP_ABORT, message);
}

static void vu_end(void *arg, struct vu *vu UNUSED, struct str message)
{
    run_stop(((struct worker *)arg)->run, RUN_STOP_OVER, message);
}

static void vu_fail(void *arg, struct vu *vu UNUSED, struct str message)
{
    struct run *run = ((struct worker *)arg)->run;

    run_fail(run);
    log_error(run->config.log, "test marked as failed%s%.*s", message.n ? ": " : "",
              STR_ARG(message));
}

static int vu_secret(void *arg, struct str source, struct str key, struct buf *ret_value)
{
    const struct run_config *c = &((struct worker *)arg)->run->config;

    if (c->secret)
        return c->secret(c->secret_arg, source, key, ret_value);
    buf_puts(ret_value, "no secret sources are configured");
    return SCRIPT_E_REFUSED;
}

const struct vu_run_ops run_vu_ops = {
    .log = vu_log,
    .exception = vu_exception,
    .exec_info = vu_exec_info,
    .secret = vu_secret,
    .abort = vu_abort,
    .fail = vu_fail,
    .end = vu_end,
};

void run_user_missing(struct run *run, const struct plan_scenario *s)
{
    if (!atomic_exchange(&run->shared.users_missing, true)) {
        log_error(run->config.log, "scenario %s has fewer users than it should: %s", s->name,
                  fault_text());
    }
}

void run_short_of_users(const struct scenario_run *sr)
{
    log_warn(sr->run->config.log,
             "scenario %s: insufficient VUs, all %" PRIu64
             " are busy: iterations are dropped. Raise maxVUs, or look at why iterations take long",
             sr->plan->name, sr->n_slots);
}

void run_warn(struct run *run, const char *text)
{
    log_warn(run->config.log, "%s", text);
}
