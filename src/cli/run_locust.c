#include "cli/run_locust.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/loadtest.h"
#include "cli/locust_exceptions.h"
#include "cli/locust_files.h"
#include "cli/locust_front.h"
#include "cli/report_file.h"
#include "cli/run_facts.h"
#include "locust/locust_console.h"
#include "locust/locust_json.h"
#include "locust/locust_view.h"
#include "run/run.h"
#include "vocab/vocab.h"

#define TABLE_PERIOD (2 * NS_PER_S)

enum {
    EXIT_STOPPED_REMOTELY = 103,
    EXIT_SIGNAL = 105,
    EXIT_ABORT = 108,
    EXIT_HANDLER = 2, /* Locust's, for a handler of an event that raised */
};

struct run_locust {
    struct loadtest *test;
    enum run_style style;
    struct arena arena;
    struct locust_front front;
    struct locust_quantiles quantiles;
    const char *history;        /* the file with all names' lines; NULL: none */
    struct locust_files *files; /* NULL: none, or they could not be written */
    struct run *run;
    struct locust_view *view;
    struct locust_exceptions exceptions; /* as they were written last */
    span_ns next_table;                  /* of the test's duration */
    bool shows_tables;                   /* while it runs */
    bool ends_with_tables;
    bool is_reset; /* --reset-stats has been done */
};

struct locust_view *run_locust_view(struct run_locust *l)
{
    return l ? l->view : NULL;
}

const char *run_locust_history(const struct run_locust *l)
{
    return l ? l->history : NULL;
}

void run_locust_free(struct run_locust *l)
{
    if (!l)
        return;
    locust_files_close(l->files);
    locust_view_free(l->view);
    locust_exceptions_fini(&l->exceptions);
    arena_fini(&l->arena);
    free(l);
}

static void freep_locust(struct run_locust **l)
{
    run_locust_free(*l);
}

/* ---- before the run ---- */

/* brunt's own report, there. */
static int add_report(struct run_locust *l)
{
    struct opt_list *reports = &l->test->own.reports;

    if (!l->front.html)
        return 0;
    if (report_file_check(l->front.html) < 0)
        return fault(FAULT_EXIT(104), "--html: %s", fault_text());
    TRY(locust_files_make_room(l->front.html));
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
    vec_push(reports->items, reports->n_items, reports->cap) =
        arena_str(&l->test->arena, str_of(l->front.html)).p;
    return 0;
}

static void choose_tables(struct run_locust *l)
{
    const char *summary = l->test->own.summary;
    bool is_locusts = summary ? strcmp(summary, "locust") == 0 : l->style == RUN_STYLE_LOCUST;

    l->ends_with_tables = is_locusts || l->front.print_stats || l->front.only_summary;
    l->shows_tables = (is_locusts || l->front.print_stats) && !l->front.only_summary;
    /* Locust's file of JSON takes the place of its tables. */
    if (l->front.json_file)
        l->ends_with_tables = false;
}

static void set_workers(struct run_locust *l)
{
    struct loadtest_own *own = &l->test->own;

    if (own->workers || !l->front.processes)
        return;
    own->workers = l->front.processes > 0 ? l->front.processes : (int64_t)run_processors();
}

int run_locust_new(struct loadtest *t, enum run_style style, struct run_locust **ret_locust)
{
    *ret_locust = NULL;
    if (!t->script->front_json)
        return 0;
    scoped(freep_locust) struct run_locust *l = xnew(struct run_locust);

    l->test = t;
    l->style = style;
    TRY(locust_front_read(t->script->front_json, &l->arena, &l->front));
    l->quantiles = (struct locust_quantiles){l->front.quantiles, l->front.n_quantiles};
    if (!l->front.n_quantiles)
        l->quantiles = locust_quantiles_report;
    TRY(add_report(l));
    set_workers(l);
    choose_tables(l);
    if (l->front.csv)
        TRY(locust_files_open(&l->front, l->quantiles, &l->files));
    if (l->front.csv && l->front.csv_full_history)
        l->history = arena_printf(&l->arena, "%s_stats_history.csv", l->front.csv);
    *ret_locust = take(l);
    return 0;
}

/* ---- while it runs ---- */

static enum locust_state state_of(const struct vocab_facts *facts, const struct run *run)
{
    static const enum locust_state states[] = {
        [VOCAB_PHASE_WAITING] = LOCUST_READY,  [VOCAB_PHASE_RAMP_UP] = LOCUST_SPAWNING,
        [VOCAB_PHASE_STEADY] = LOCUST_RUNNING, [VOCAB_PHASE_RAMP_DOWN] = LOCUST_RUNNING,
        [VOCAB_PHASE_DONE] = LOCUST_STOPPED,
    };

    if (run_stopped(run) != RUN_STOP_NONE && facts->vus)
        return LOCUST_STOPPING;
    return states[facts->phase];
}

static int name_width(void)
{
    return locust_name_width(isatty(STDERR_FILENO) ? (int)cli_columns(STDERR_FILENO) : 0);
}

/* Where Locust's logger writes its tables. */
static void print(struct buf *text)
{
    cli_write(STDERR_FILENO, buf_str(text));
    buf_reset(text);
}

static void show_table(struct run_locust *l)
{
    struct buf out = {.limit = (size_t)1 << 32};

    if (!l->shows_tables || run_is_last_tick(l->run) || run_elapsed(l->run) < l->next_table)
        return;
    /* Ticks come when they can: one that is a little early counts. */
    l->next_table = run_elapsed(l->run) + TABLE_PERIOD - NS_PER_S / 2;
    locust_console_stats(l->view, LOCUST_RATES_CURRENT, name_width(), &out);
    print(&out);
    buf_fini(&out);
}

static void write_files(struct run_locust *l)
{
    if (!l->files)
        return;
    locust_exceptions_read(l->run, &l->exceptions);
    if (locust_files_write(l->files, l->view, l->exceptions.items, l->exceptions.n) == 0)
        return;
    log_error(l->test->log, "--csv: %s; its files are not written any more", fault_text());
    locust_files_close(take(l->files));
}

void run_locust_begin(struct run_locust *l, struct run *run)
{
    if (!l)
        return;
    l->run = run;
    l->view = locust_view_new(&(struct locust_view_config){
        .snapshot = run_snapshot(run),
        .exact = l->test->own.compat != NULL,
        .keep_seconds = l->front.json || l->front.json_file,
        .keep_recent = l->front.csv && l->front.csv_full_history,
    });
    /* Whoever looks for the files finds them whole before the first tick. */
    locust_view_now(l->view)->now = clock_wall();
    write_files(l);
}

void run_locust_tick(struct run_locust *l)
{
    struct vocab_facts facts;

    if (!l || !l->view)
        return;
    run_facts(l->run, &facts);
    const struct locust_tick tick = {
        .started = facts.started,
        .now = facts.now,
        .users = facts.vus,
        .state = state_of(&facts, l->run),
    };

    locust_view_tick(l->view, &tick);
    if (l->front.reset_stats && !l->is_reset && tick.state == LOCUST_RUNNING) {
        l->is_reset = true;
        log_info(l->test->log, "--reset-stats: all users are there, statistics start over");
        locust_view_reset(l->view);
    }
    write_files(l);
    show_table(l);
}

/* ---- the end ---- */

static void show_all(struct run_locust *l)
{
    struct buf out = {.limit = (size_t)1 << 32};

    if (l->ends_with_tables) {
        locust_console_stats(l->view, LOCUST_RATES_TOTAL, name_width(), &out);
        locust_console_quantiles(l->view, l->quantiles, name_width(), &out);
        locust_console_errors(l->view, name_width(), &out);
        print(&out);
    }
    buf_fini(&out);
}

static void write_json(struct run_locust *l)
{
    struct buf out = {.limit = (size_t)1 << 32};

    if (l->front.json || l->front.json_file)
        locust_json_stats(l->view, &out);
    if (l->front.json)
        cli_write(STDOUT_FILENO, buf_str(&out));
    if (l->front.json_file) {
        scoped(freep) char *path = xasprintf("%s.json", l->front.json_file);

        if (locust_files_make_room(path) < 0 || cli_write_file(path, buf_str(&out)) < 0)
            log_error(l->test->log, "--json-file: %s", fault_text());
    }
    buf_fini(&out);
}

/* Requests that failed, or tasks that raised, in any worker; handlers of events are none. */
static bool has_errors(const struct run_locust *l, const struct script_ending *ending)
{
    struct run_exceptions exceptions;

    run_exceptions(l->run, &exceptions);
    return locust_view_total(l->view)->failures || exceptions.total > ending->n_failed;
}

/* What brunt has to say is said, but where Locust calls it a way to end. */
static bool is_locusts_to_judge(const struct run_locust *l, int exit_code)
{
    switch (exit_code) {
    case 0:
    case EXIT_ABORT:
        return true;
    case EXIT_SIGNAL:
    case EXIT_STOPPED_REMOTELY:
        return l->style == RUN_STYLE_LOCUST;
    default:
        return false;
    }
}

static int judge(const struct run_locust *l, const struct script_ending *ending, int exit_code)
{
    bool is_strict = l->style == RUN_STYLE_LOCUST || l->front.has_error_code;

    if (!is_locusts_to_judge(l, exit_code))
        return exit_code;
    if (ending->exit_code >= 0)
        return ending->exit_code;
    if (is_strict && has_errors(l, ending))
        return l->front.error_code & 0xff;
    return is_strict && ending->failed ? EXIT_HANDLER : 0;
}

static struct script_ending ask_script(struct run_locust *l)
{
    struct script *s = l->test->script;
    struct script_ending ending = {.exit_code = -1};
    struct buf stats = {.limit = (size_t)1 << 32};

    locust_json_final(l->view, &stats);
    if (s->ops->over && s->ops->over(s, buf_cstr(&stats), &ending) < 0)
        log_error(l->test->log, "%s", fault_text());
    buf_fini(&stats);
    return ending;
}

int run_locust_end(struct run_locust *l, int exit_code)
{
    if (!l || !l->view)
        return exit_code;
    struct script_ending ending = ask_script(l);

    exit_code = judge(l, &ending, exit_code);
    if (l->style == RUN_STYLE_LOCUST)
        log_info(l->test->log, "Shutting down (exit code %d)", exit_code);
    write_json(l);
    show_all(l);
    return exit_code;
}
