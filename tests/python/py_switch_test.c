/*
 * Many users of one interpreter on coroutines of one loop, each suspended again and again in the
 * midst of Python: recursion, exceptions being handled, callbacks from C, context variables. The
 * script looks after each switch whether what it finds is its own. To be run with sanitizers and
 * PYTHONMALLOC=malloc, so that every object of Python's is one of malloc's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "metric/metric.h"
#include "metric/tagset.h"
#include "script/script.h"

enum {
    N_SWITCHES = 100, /* of each user; SWITCHES in switch.py */
};

struct user {
    struct script_host host; /* first */
    struct arena arena;
    struct fixture *fixture;
    void *vu;
    int result;
};

struct fixture {
    struct loop *loop;
    struct metric_registry *metrics;
    struct tag_pool *tags;
    struct script *script;
    void *script_loop;
    struct user *users;
    size_t n_users, n_left;
    uint64_t n_switches, n_exceptions;
    struct script_host host;
};

static int host_sleep(struct script_host *h, span_ns span UNUSED)
{
    ((struct user *)(void *)h)->fixture->n_switches++;
    return coro_yield() ? SCRIPT_E_INTERRUPTED : 0;
}

static mono_ns host_now(struct script_host *h UNUSED)
{
    return 1;
}

static void host_sample(struct script_host *h UNUSED, uint32_t id UNUSED,
                        const struct tagset *tags UNUSED, double value UNUSED)
{
}

static void host_log(struct script_host *h UNUSED, enum script_log_level level UNUSED,
                     enum script_log_source source UNUSED, struct str message)
{
    print_message("log: %.*s\n", STR_ARG(message));
}

static uint64_t host_exception(struct script_host *h, const struct script_exception *e)
{
    print_message("exception: %.*s\n", STR_ARG(e->stack));
    return ++((struct user *)(void *)h)->fixture->n_exceptions;
}

static const struct script_host_ops host_ops = {
    .sleep = host_sleep,
    .now = host_now,
    .sample = host_sample,
    .log = host_log,
    .exception = host_exception,
};

static void init_host(struct fixture *f, struct script_host *host, struct arena *arena, uint64_t id)
{
    *host = (struct script_host){
        .ops = &host_ops,
        .phase = SCRIPT_RUN,
        .tag_pool = f->tags,
        .tags = tagset_empty(f->tags),
        .arena = arena,
        .vu_id = id,
        .vu_id_in_test = id,
    };
}

static void user_run(void *arg)
{
    struct user *u = arg;
    struct fixture *f = u->fixture;

    u->result = f->script->ops->run_iteration(u->vu, 0, NULL);
    if (u->result == 0)
        u->result = f->script->ops->leave(u->vu);
    if (--f->n_left == 0)
        loop_stop(f->loop);
}

static void make_users(struct fixture *f, size_t n)
{
    f->n_users = f->n_left = n;
    f->users = xnew_n(struct user, n);
    for (size_t i = 0; i < n; i++) {
        struct user *u = &f->users[i];

        u->fixture = f;
        init_host(f, &u->host, &u->arena, i + 1);
        assert_int_equal(f->script->ops->vu_new(f->script, f->script_loop, &u->host, &u->vu), 0);
        assert_int_equal(coro_spawn(f->loop, CORO_STACK_LARGE, user_run, u, NULL), 0);
    }
}

static void free_users(struct fixture *f)
{
    for (size_t i = 0; i < f->n_users; i++) {
        f->script->ops->vu_free(f->users[i].vu);
        arena_fini(&f->users[i].arena);
    }
    free(f->users);
}

static int load(struct fixture *f, const char *path)
{
    const struct script_config config = {.path = path, .metrics = f->metrics};

    TRY(script_python_ops.load(&config, &f->host, &f->script));
    return 0;
}

static void users_keep_their_own_while_all_take_turns(void **state UNUSED)
{
    const char *wanted = getenv("BRUNT_TEST_USERS");
    size_t n = wanted ? (size_t)atol(wanted) : 1000;
    struct fixture f = {.metrics = metric_registry_new(), .tags = tag_pool_new()};

    init_host(&f, &f.host, NULL, 0);
    if (load(&f, "tests/python/switch.py") < 0)
        fail_msg("%s", fault_text());
    assert_int_equal(loop_new(NULL, &f.loop), 0);
    assert_int_equal(f.script->ops->loop_open(f.script, &f.script_loop), 0);
    make_users(&f, n);
    assert_int_equal(loop_run(f.loop), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(f.users[i].result, 0);
    assert_int_equal(f.n_exceptions, 0);
    assert_int_equal(f.n_switches, n * N_SWITCHES);
    free_users(&f);
    f.script->ops->loop_close(f.script_loop);
    f.script->ops->free(f.script);
    loop_free(f.loop);
    tag_pool_free(f.tags);
    metric_registry_free(f.metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_keep_their_own_while_all_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
