/* brunt inspect SCRIPT: options and scenarios as JSON, without running anything. */
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/loadtest.h"
#include "loop/coro.h"
#include "loop/loop.h"

struct inspection {
    struct loadtest test;
    struct loop *loop;
    int result;
};

static void inspect(void *arg)
{
    struct inspection *in = arg;
    struct buf out = {0};

    in->result = loadtest_load(&in->test);
    if (in->result == 0) {
        plan_inspect_json(in->test.plan, PLAN_INSPECT_REQUIREMENTS, &out);
        buf_putc(&out, '\n');
        cli_write(STDOUT_FILENO, buf_str(&out));
    }
    buf_fini(&out);
    loop_stop(in->loop);
}

static int inspect_test(struct inspection *in)
{
    TRY(loop_new(NULL, &in->loop));
    int r = coro_spawn(in->loop, CORO_STACK_LARGE, inspect, in, NULL);

    if (r == 0)
        r = loop_run(in->loop);
    loop_free(in->loop);
    return r < 0 ? r : in->result;
}

static const struct opt_table *make_options(void)
{
    return loadtest_table("brunt inspect");
}

static int inspect_run(int argc, char **argv)
{
    const struct opt_table *table = make_options();
    struct inspection *in = xnew(struct inspection);
    int r = loadtest_open(&in->test, table, argc, argv);

    if (r == OPT_E_HELP) {
        cli_help(table, &in->test.args);
        in->test.args = (struct opt_args){0};
        r = 0;
    } else if (r == 0) {
        r = inspect_test(in);
    }
    loadtest_close(&in->test);
    free(in);
    return r;
}

const struct command cmd_inspect = {
    .name = "inspect",
    .help = "print the options and scenarios of a test as JSON",
    .run = inspect_run,
    .make_options = make_options,
};
