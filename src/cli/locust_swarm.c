/*
 * The main thread waits, runs, and waits again; each run has a loop of its own and ends with it.
 * What a form says goes to the run as one more argument, which its workers get as well.
 */
#include "cli/locust_swarm.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/cmd_run.h"
#include "cli/loadtest.h"
#include "cli/locust_web.h"
#include "cli/stop_signals.h"
#include "web/web_locust_about.h"

struct locust_swarm {
    const struct loadtest *test;
    struct web_locust_about about;
    struct arena arena;
    struct stop_signals *signals;
    struct locust_web *web;
    int argc;
    char **argv;
    int exit_code; /* of the last run */
};

static bool read_about(const struct loadtest *t, struct arena *arena,
                       struct web_locust_about *ret_about)
{
    int r = t->script->web_json ? web_locust_about_read(arena, t->script->web_json, ret_about) : -1;

    fault_clear();
    return r == 0;
}

bool locust_swarm_is_wanted(const struct loadtest *t, enum run_style style)
{
    scoped(arena_fini) struct arena arena = {0};
    struct web_locust_about about;

    return style == RUN_STYLE_LOCUST && read_about(t, &arena, &about) && !about.is_headless;
}

/* `fields` NULL: as the command line has it. */
static int run_once(struct locust_swarm *s, const char *fields)
{
    scoped(freep) char *option = fields ? xasprintf("--swarm=%s", fields) : NULL;
    char **argv = xnew_n(char *, (size_t)s->argc + 2);
    int argc = s->argc;

    memcpy(argv, s->argv, (size_t)argc * sizeof(*argv));
    if (option)
        argv[argc++] = option;
    const struct cmd_run_served served = {s->web, s->signals};
    int r = cmd_run_served(&served, argc, argv);

    free(argv);
    stop_signals_tell(s->signals, locust_web_on_signal, s->web);
    if (r < 0)
        log_error(s->test->log, "%s", fault_text());
    /* A run that could not begin has been told to whoever asked for it: others may. */
    s->exit_code = r < 0 ? fault_exit_code(r) : r;
    fault_clear();
    return r;
}

/* Until somebody ends it, or --autoquit does. */
static void serve_runs(struct locust_swarm *s)
{
    double patience = s->about.autostart ? s->about.autoquit : -1;
    char *fields;

    if (s->about.autostart)
        ignored(run_once(s, NULL));
    while (locust_web_wait(s->web, patience, &fields) == 0) {
        ignored(run_once(s, fields));
        free(fields);
    }
}

static void say_where(const struct locust_swarm *s)
{
    log_info(s->test->log, "the web page and Locust's web API are at %s%s", locust_web_url(s->web),
             s->about.autostart ? "" : "; POST /swarm, or the page, begins a test");
    if (s->about.web_host[0])
        log_warn(s->test->log, "whoever reaches --web-host can begin and stop tests: there is no "
                               "login");
}

int locust_swarm_serve(const struct loadtest *test, int argc, char **argv)
{
    struct locust_swarm s = {.test = test, .argc = argc, .argv = argv};
    const struct locust_web_config config = {.test = test, .log = test->log, .can_swarm = true};

    read_about(test, &s.arena, &s.about);
    int r = stop_signals_start(&s.signals);

    if (r == 0)
        r = locust_web_new(&config, &s.web);
    if (r == 0) {
        stop_signals_tell(s.signals, locust_web_on_signal, s.web);
        say_where(&s);
        serve_runs(&s);
    }
    stop_signals_tell(s.signals, NULL, NULL);
    locust_web_free(s.web);
    stop_signals_stop(s.signals);
    arena_fini(&s.arena);
    return r < 0 ? r : s.exit_code;
}
