/* brunt inspect SCRIPT: options and scenarios as JSON, without running anything. */
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/loadtest.h"
#include "cli/loadtest_alone.h"

static int inspect(struct loadtest *test)
{
    struct buf out = {0};

    TRY(loadtest_load_alone(test));
    plan_inspect_json(test->plan, PLAN_INSPECT_REQUIREMENTS, &out);
    buf_putc(&out, '\n');
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
    return 0;
}

static const struct opt_table *make_options(void)
{
    return loadtest_table("brunt inspect");
}

static int inspect_run(int argc, char **argv)
{
    const struct opt_table *table = make_options();
    struct loadtest *test = xnew(struct loadtest);
    int r = loadtest_open(test, table, argc, argv);

    if (r == OPT_E_HELP) {
        cli_help(table, &test->args);
        test->args = (struct opt_args){0};
        r = 0;
    } else if (r == 0) {
        r = inspect(test);
    }
    loadtest_close(test);
    free(test);
    return r;
}

const struct command cmd_inspect = {
    .name = "inspect",
    .help = "print the options and scenarios of a test as JSON",
    .run = inspect_run,
    .make_options = make_options,
};
