#include "cli/loadtest_run.h"

#include "cli/cli.h"
#include "cli/loadtest.h"
#include "cli/secrets.h"

struct run_config loadtest_run_config(const struct loadtest *t, struct loop *loop)
{
    return (struct run_config){
        .loop = loop,
        .script = t->script,
        .plan = t->plan,
        .registry = t->registry,
        .log = t->log,
        .console = t->console,
        .n_loops = (unsigned)t->own.loops,
        .io = cli_io(t->own.io),
        .precise = t->own.precise,
        .kernel_timestamps = t->own.kernel_timestamps,
        .secret = secrets_get,
        .secret_arg = t->secrets,
    };
}
