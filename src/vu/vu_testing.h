#pragma once
/*
 * A script for tests, in C: what an iteration does is chosen by the name of the exported function,
 * what setup() and teardown() do by fields. One file includes it per test program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "script/script.h"

enum fake_export {
    FAKE_SLEEP,  /* 10 ms */
    FAKE_LONG,   /* an hour */
    FAKE_THROW,  /* after a millisecond */
    FAKE_ABORT,  /* test.abort("enough") */
    FAKE_SPIN,   /* computes until it is stopped */
    FAKE_RETURN, /* nothing at all */
    FAKE_FAIL,   /* test.fail() */
    FAKE_ASK,    /* compares what exec_info() says */
    FAKE_OWN,    /* fake.own */
    FAKE_COUNT
};

static const char *const fake_names[FAKE_COUNT] = {"sleep",  "long", "throw", "abort", "spin",
                                                   "return", "fail", "ask",   "own"};

enum fake_stage {
    FAKE_STAGE_NONE, /* no such function */
    FAKE_STAGE_OK,
    FAKE_STAGE_THROW,
    FAKE_STAGE_ABORT,
    FAKE_STAGE_HANG, /* waits for ever */
    FAKE_STAGE_SPIN, /* computes for ever */
};

struct fake_vu {
    struct script_host *host;
    _Atomic mono_ns deadline;
    bool interrupted;
};

struct fake {
    struct script script;
    enum fake_stage setup, teardown;
    bool init_throws;
    const char *expected_data; /* of setup(), as iterations should get it */
    int (*own)(struct fake_vu *vu);
    struct script_export exports[FAKE_COUNT];
    struct {
        _Atomic uint64_t begun, complete, interrupted, running, most_running;
        _Atomic uint64_t n_setups, n_teardowns, wrong, tickets, left;
    } shared;
};

static struct fake fake;

/* ---- what functions do ---- */

static int fake_spin(struct fake_vu *vu)
{
    for (;;) {
        mono_ns deadline = atomic_load(&vu->deadline);

        if (deadline && clock_mono() >= deadline)
            return SCRIPT_E_INTERRUPTED;
    }
}

static int fake_ask(struct fake_vu *vu)
{
    struct script_exec_info info;

    vu->host->ops->exec_info(vu->host, &info);
    if (!info.has_scenario || info.scenario_progress < 0 || info.scenario_progress > 1 ||
        info.vus_active < 1 || info.vus_active > info.vus_initialized || info.test_run_ms < 0)
        atomic_fetch_add(&fake.shared.wrong, 1);
    atomic_fetch_add(&fake.shared.tickets, info.scenario_iteration);
    return vu->host->ops->sleep(vu->host, NS_PER_MS);
}

static int fake_do(struct fake_vu *vu, enum fake_export what)
{
    struct script_host *h = vu->host;

    switch (what) {
    case FAKE_SLEEP:
        return h->ops->sleep(h, 10 * NS_PER_MS);
    case FAKE_LONG:
        return h->ops->sleep(h, 3600 * NS_PER_S);
    case FAKE_THROW:
        if (h->ops->sleep(h, NS_PER_MS))
            return SCRIPT_E_INTERRUPTED;
        h->ops->exception(h, &(struct script_exception){.line = STR("Error: thrown"),
                                                        .stack = STR("Error: thrown")});
        return SCRIPT_E_EXCEPTION;
    case FAKE_ABORT:
        h->ops->abort(h, STR("test aborted: enough"));
        return SCRIPT_E_ABORTED;
    case FAKE_SPIN:
        return fake_spin(vu);
    case FAKE_FAIL:
        (h->ops->fail)(h, STR("bad")); /* cmocka has a macro of that name */
        return h->ops->sleep(h, NS_PER_MS);
    case FAKE_ASK:
        return fake_ask(vu);
    case FAKE_OWN:
        return fake.own(vu);
    default:
        return 0;
    }
}

static void fake_enter(void)
{
    uint64_t n = atomic_fetch_add(&fake.shared.running, 1) + 1;
    uint64_t most = atomic_load(&fake.shared.most_running);

    while (n > most && !atomic_compare_exchange_weak(&fake.shared.most_running, &most, n))
        ;
    atomic_fetch_add(&fake.shared.begun, 1);
}

static int fake_run_iteration(void *self, int export_index, const char *setup_data)
{
    struct fake_vu *vu = self;

    fake_enter();
    if (strcmp(setup_data ? setup_data : "", fake.expected_data ? fake.expected_data : "") != 0)
        atomic_fetch_add(&fake.shared.wrong, 1);
    int r = fake_do(vu, (enum fake_export)export_index);

    atomic_fetch_sub(&fake.shared.running, 1);
    if (r == 0 || r == SCRIPT_E_EXCEPTION) {
        atomic_fetch_add(&fake.shared.complete, 1);
    } else {
        atomic_fetch_add(&fake.shared.interrupted, 1);
    }
    return r;
}

static int fake_stage(struct fake_vu *vu, enum fake_stage what, mono_ns deadline)
{
    struct script_host *h = vu->host;

    switch (what) {
    case FAKE_STAGE_THROW:
        h->ops->exception(h, &(struct script_exception){.line = STR("Error: stage"),
                                                        .stack = STR("Error: stage")});
        return SCRIPT_E_EXCEPTION;
    case FAKE_STAGE_ABORT:
        return fake_do(vu, FAKE_ABORT);
    case FAKE_STAGE_HANG:
        return fake_do(vu, FAKE_LONG);
    case FAKE_STAGE_SPIN:
        atomic_store(&vu->deadline, deadline);
        return fake_spin(vu) && deadline <= clock_mono() ? SCRIPT_E_TIMEOUT : SCRIPT_E_INTERRUPTED;
    default:
        return 0;
    }
}

/* Suspends, as hooks at the end do. */
static int fake_leave(void *self)
{
    struct fake_vu *vu = self;

    atomic_fetch_add(&fake.shared.left, 1);
    return vu->host->ops->sleep(vu->host, NS_PER_MS);
}

/* ---- the table ---- */

static int fake_setup(void *self, mono_ns deadline, char **ret_json)
{
    atomic_fetch_add(&fake.shared.n_setups, 1);
    int r = fake_stage(self, fake.setup, deadline);

    *ret_json = r == 0 && fake.expected_data ? xstrdup(fake.expected_data) : NULL;
    return r;
}

static int fake_teardown(void *self, const char *setup_data, mono_ns deadline)
{
    atomic_fetch_add(&fake.shared.n_teardowns, 1);
    if (strcmp(setup_data ? setup_data : "", fake.expected_data ? fake.expected_data : "") != 0)
        atomic_fetch_add(&fake.shared.wrong, 1);
    return fake_stage(self, fake.teardown, deadline);
}

static int fake_loop_open(struct script *s UNUSED, void **ret_loop)
{
    *ret_loop = NULL;
    return 0;
}

static void fake_loop_close(void *script_loop UNUSED)
{
}

static int fake_vu_new(struct script *s UNUSED, void *script_loop UNUSED, struct script_host *host,
                       void **ret_vu)
{
    struct fake_vu *vu;

    if (fake.init_throws) {
        host->ops->exception(host, &(struct script_exception){.line = STR("Error: init"),
                                                              .stack = STR("Error: init")});
        return SCRIPT_E_EXCEPTION;
    }
    vu = xnew(struct fake_vu);
    vu->host = host;
    *ret_vu = vu;
    return 0;
}

static int fake_find_export(struct script *s UNUSED, const char *name)
{
    for (int i = 0; i < FAKE_COUNT; i++) {
        if (strcmp(name, fake_names[i]) == 0)
            return i;
    }
    return -1;
}

static void fake_interrupt(void *self)
{
    ((struct fake_vu *)self)->interrupted = true;
}

static void fake_set_deadline(void *self, mono_ns deadline)
{
    atomic_store(&((struct fake_vu *)self)->deadline, deadline);
}

static int fake_summary(void *vu UNUSED, const char *data UNUSED, mono_ns deadline UNUSED,
                        struct script_summary_file **ret_files, size_t *ret_n)
{
    *ret_files = NULL;
    *ret_n = 0;
    return 0;
}

static const struct script_ops fake_ops = {
    .name = "fake",
    .loop_open = fake_loop_open,
    .loop_close = fake_loop_close,
    .vu_new = fake_vu_new,
    .vu_free = free,
    .find_export = fake_find_export,
    .run_iteration = fake_run_iteration,
    .leave = fake_leave,
    .setup = fake_setup,
    .teardown = fake_teardown,
    .handle_summary = fake_summary,
    .interrupt = fake_interrupt,
    .set_deadline = fake_set_deadline,
};

/* Back to a script without setup() and teardown(). */
static void fake_reset(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.script.ops = &fake_ops;
    fake.script.exports = fake.exports;
    fake.script.n_exports = FAKE_COUNT;
    for (size_t i = 0; i < FAKE_COUNT; i++) {
        fake.exports[i] =
            (struct script_export){.name = (char *)(uintptr_t)fake_names[i], .callable = true};
    }
}
