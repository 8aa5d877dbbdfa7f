#include "cli/loadtest_alone.h"

#include "base/mem.h"
#include "cli/loadtest.h"
#include "loop/coro.h"
#include "loop/loop.h"

struct loading {
    struct loadtest *test;
    struct loop *loop;
    int result;
    char *words; /* of a fault */
};

static void load(void *arg)
{
    struct loading *l = arg;

    l->result = loadtest_load(l->test);
    if (l->result < 0)
        l->words = xstrdup(fault_text());
    loop_stop(l->loop);
}

int loadtest_load_alone(struct loadtest *test)
{
    struct loading l = {.test = test};

    TRY(loop_new(NULL, &l.loop));
    int r = coro_spawn(l.loop, CORO_STACK_LARGE, load, &l, NULL);

    if (r == 0)
        r = loop_run(l.loop);
    loop_free(l.loop);
    if (r >= 0)
        r = l.result < 0 ? fault(l.result, "%s", l.words) : l.result;
    free(l.words);
    return r;
}
