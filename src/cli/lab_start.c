/* A loop over programs: what has ended, what is ready, what time it is. */
#include "cli/lab_start.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "lab/lab_native.h"
#include "lab/lab_process.h"

enum {
    TAIL_LINES = 12,
    POLL_MS = 100,
};

#define END_TIME (10 * NS_PER_S)

enum stage {
    STAGE_NONE,  /* not ours to start */
    STAGE_BEGUN, /* runs, does not answer yet */
    STAGE_READY,
    STAGE_FAILED,
};

struct start {
    struct lab_use *use;
    enum stage stages[LAB_PROGRAM_COUNT];
    mono_ns begun, deadline;
    bool show_line; /* standard error is a terminal */
    size_t n_failed;
    char *reason; /* of the first failure */
};

/* ---- signals ---- */

static volatile sig_atomic_t signalled;

static void take_signal(int number)
{
    signalled = number;
}

/* Without SA_RESTART, so that poll() returns. */
static void catch_signals(struct sigaction old[2])
{
    struct sigaction ours = {.sa_handler = take_signal};

    signalled = 0;
    sigaction(SIGINT, &ours, &old[0]);
    sigaction(SIGTERM, &ours, &old[1]);
}

static void release_signals(const struct sigaction old[2])
{
    sigaction(SIGINT, &old[0], NULL);
    sigaction(SIGTERM, &old[1], NULL);
}

/* ---- what runs ---- */

bool lab_runs(const struct lab_use *use, enum lab_program program)
{
    return lab_process_alive(&use->state.processes[program]);
}

bool lab_service_runs(const struct lab_use *use, enum lab_service service)
{
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        if (lab_programs[i].service == service && lab_runs(use, (enum lab_program)i))
            return true;
    }
    return false;
}

/* ---- ending ---- */

static size_t end_programs(struct lab_use *use, const bool programs[LAB_PROGRAM_COUNT])
{
    mono_ns deadline = clock_mono() + END_TIME;
    size_t n = 0;

    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        if (programs[i] && lab_runs(use, (enum lab_program)i)) {
            lab_process_ask(&use->state.processes[i]);
            n++;
        }
    }
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        if (!programs[i])
            continue;
        lab_process_end(&use->state.processes[i], deadline);
        use->state.processes[i] = (struct lab_process){0};
    }
    return n;
}

size_t lab_stop(struct lab_use *use, const bool wanted[LAB_SERVICE_COUNT])
{
    bool programs[LAB_PROGRAM_COUNT];

    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++)
        programs[i] = wanted[lab_programs[i].service];
    return end_programs(use, programs);
}

/* What this command started; what ran before stays. */
static void undo(struct start *s)
{
    bool programs[LAB_PROGRAM_COUNT];

    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++)
        programs[i] = s->stages[i] != STAGE_NONE;
    end_programs(s->use, programs);
}

/* ---- telling ---- */

static double seconds_since(mono_ns begun)
{
    return (double)(clock_mono() - begun) / 1e9;
}

static void clear_line(const struct start *s)
{
    if (s->show_line)
        fprintf(stderr, "\r\033[K");
}

static void tell(struct start *s, enum lab_program program, const char *what)
{
    clear_line(s);
    fprintf(stderr, "%-12s %s after %.1f s\n", lab_programs[program].name, what,
            seconds_since(s->begun));
}

static void show_progress(const struct start *s)
{
    if (!s->show_line)
        return;
    fprintf(stderr, "\r\033[Kwaiting %.0f s for", seconds_since(s->begun));
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        if (s->stages[i] == STAGE_BEGUN)
            fprintf(stderr, " %s", lab_programs[i].name);
    }
    fflush(stderr);
}

/* The end of its log is what tells why. */
static void fail(struct start *s, enum lab_program program, const char *what)
{
    scoped(freep) char *log = lab_native_log(&s->use->lab, program);
    scoped(buf_fini) struct buf text = {0};

    s->stages[program] = STAGE_FAILED;
    s->n_failed++;
    tell(s, program, what);
    lab_tail(log, TAIL_LINES, &text);
    fprintf(stderr, "--- %s\n%.*s---\n", log, STR_ARG(buf_str(&text)));
    if (!s->reason)
        s->reason = xasprintf("%s %s: see %s", lab_programs[program].name, what, log);
}

/* ---- starting ---- */

struct noted {
    struct start *s;
    enum lab_program program;
};

static int note(void *arg, const struct lab_process *p)
{
    struct noted *n = arg;

    n->s->use->state.processes[n->program] = *p;
    n->s->use->state.services[lab_programs[n->program].service] = true;
    return lab_use_save(n->s->use);
}

static int start_all(struct start *s, const bool wanted[LAB_SERVICE_COUNT])
{
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        enum lab_program program = (enum lab_program)i;
        struct noted noted = {s, program};
        struct lab_process p;

        if (!wanted[lab_programs[i].service] || !lab_has_program(&s->use->lab, program) ||
            lab_runs(s->use, program))
            continue;
        s->stages[i] = STAGE_BEGUN;
        TRY(lab_native_start(&s->use->lab, program, note, &noted, &p));
    }
    return 0;
}

/* ---- waiting ---- */

static void look(struct start *s, enum lab_program program)
{
    if (!lab_runs(s->use, program)) {
        fail(s, program, "has ended");
    } else if (lab_native_ready(&s->use->lab, program)) {
        if (lab_native_prepare(&s->use->lab, program)) {
            fail(s, program, fault_text());
            return;
        }
        s->stages[program] = STAGE_READY;
        tell(s, program, "ready");
    } else if (clock_mono() > s->deadline) {
        fail(s, program, "was not ready");
    }
}

static bool is_waiting(const struct start *s)
{
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        if (s->stages[i] == STAGE_BEGUN)
            return true;
    }
    return false;
}

static void wait_for_all(struct start *s)
{
    while (is_waiting(s) && !signalled) {
        for (size_t i = 0; i < LAB_PROGRAM_COUNT && !signalled; i++) {
            if (s->stages[i] == STAGE_BEGUN)
                look(s, (enum lab_program)i);
        }
        show_progress(s);
        if (is_waiting(s))
            poll(NULL, 0, POLL_MS);
    }
    clear_line(s);
}

/* Ends what was started here; services of which nothing runs any more were never asked for. */
static int forget(struct start *s)
{
    bool any = false;

    undo(s);
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        enum lab_service service = lab_programs[i].service;

        if (s->stages[i] != STAGE_NONE)
            s->use->state.services[service] = lab_service_runs(s->use, service);
    }
    for (size_t i = 0; i < LAB_SERVICE_COUNT; i++)
        any |= s->use->state.services[i];
    return any ? lab_use_save(s->use) : lab_state_remove(s->use->lab.dir);
}

static int run(struct start *s, const bool wanted[LAB_SERVICE_COUNT])
{
    int r = start_all(s, wanted);

    if (r) {
        scoped(freep) char *why = xstrdup(fault_text());

        ignored(forget(s));
        return fault(r, "%s", why);
    }
    wait_for_all(s);
    if (signalled) {
        TRY(forget(s));
        return fault(FAULT_EXIT(105), "interrupted: what was started has ended again");
    }
    if (s->n_failed)
        return fault(-EIO, "%s; what runs is left running, `brunt lab down` ends it", s->reason);
    return 0;
}

int lab_start(struct lab_use *use, const bool wanted[LAB_SERVICE_COUNT], span_ns timeout)
{
    struct start s = {
        .use = use, .begun = clock_mono(), .show_line = cli_is_terminal(STDERR_FILENO)};
    struct sigaction old[2];

    s.deadline = s.begun + timeout;
    catch_signals(old);
    int r = run(&s, wanted);

    release_signals(old);
    free(s.reason);
    return r;
}
