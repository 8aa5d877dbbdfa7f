/*
 * brunt worker: a share of a run, in a process that `brunt run --workers` has started. It is called
 * with the run's own arguments, and does what its socket says.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/loadtest.h"
#include "cli/loadtest_run.h"
#include "dist/share.h"
#include "dist/share_process.h"
#include "loop/coro.h"
#include "loop/loop.h"

struct worker_command {
    struct loadtest test;
    unsigned index, count;
    struct loop *loop;
    struct share *share;
    struct run *run;
};

static int make_run(struct worker_command *c)
{
    struct loadtest *t = &c->test;

    TRY(loadtest_load(t));
    struct run_config config = loadtest_run_config(t, c->loop);

    config.capture = (unsigned)t->own.capture;
    config.capture_body = (size_t)t->own.capture_body;
    config.secrets = t->redact;
    share_configure(c->share, &config);
    return run_new(&config, &c->run);
}

/* The numbers of all are known to the other process only. */
static void say_over(struct worker_command *c)
{
    struct script *s = c->test.script;
    struct script_ending ending;

    if (s->ops->over && s->ops->over(s, NULL, &ending) < 0)
        log_error(c->test.log, "%s", fault_text());
}

static void main_coroutine(void *arg)
{
    struct worker_command *c = arg;
    int r = make_run(c);

    if (r < 0) {
        share_refuse(c->share, r, fault_text());
        fault_clear();
    } else {
        share_execute(c->share, c->run);
        say_over(c);
    }
    run_free(c->run);
    share_free(take(c->share));
    loop_stop(c->loop);
}

static int with_loop(struct worker_command *c)
{
    TRY(loop_new(NULL, &c->loop));
    int r = share_new(c->loop, SHARE_PROCESS_FD, c->index, c->count, &c->share);

    if (r == 0)
        r = coro_spawn(c->loop, CORO_STACK_LARGE, main_coroutine, c, NULL);
    if (r == 0)
        r = loop_run(c->loop);
    share_free(c->share);
    loop_free(c->loop);
    return r;
}

/* "0/2" of the variable. */
static int read_share(struct worker_command *c)
{
    struct str rest = str_of(getenv(SHARE_PROCESS_ENV)), part;
    uint64_t index = 0, count = 0;

    if (!str_split(&rest, '/', &part) || !str_u64(part, &index) || !str_u64(rest, &count) ||
        index >= count || count > UINT16_MAX) {
        return fault(-EINVAL,
                     "this is what `brunt run --workers` starts; it is not to be called by hand");
    }
    c->index = (unsigned)index;
    c->count = (unsigned)count;
    return 0;
}

static const struct opt_table *make_options(void)
{
    return loadtest_table("brunt worker");
}

static int run_worker(int argc, char **argv)
{
    struct worker_command *c = xnew(struct worker_command);
    int r = read_share(c);

    if (r < 0) {
        free(c);
        return r;
    }
    /* Ctrl-C reaches all of a terminal's processes: what it means here the run says. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    r = loadtest_open(&c->test, make_options(), argc, argv);
    if (r == 0)
        r = with_loop(c);
    loadtest_close(&c->test);
    free(c);
    return r;
}

const struct command cmd_worker = {
    .name = "worker",
    .run = run_worker,
    .make_options = make_options,
};
