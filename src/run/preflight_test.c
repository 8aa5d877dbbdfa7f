#include "run/preflight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct preflight_facts fine = {.max_vus = 1000,
                                            .connections_each = 1,
                                            .reuses_connections = true,
                                            .descriptor_limit = 20000,
                                            .local_ports = 28232,
                                            .cpu_quota = 4,
                                            .n_loops = 4,
                                            .n_processors = 4,
                                            .memory = UINT64_MAX};

/* NULL: no warning. */
static void check(struct preflight_facts f, const char *words)
{
    struct buf out = {0};

    preflight_judge(&f, &out);
    if (!words)
        assert_string_equal(buf_cstr(&out), "");
    else if (!strstr(buf_cstr(&out), words) || strchr(buf_cstr(&out), '\n')[1])
        fail_msg("'%s' instead of one line with '%s'", buf_cstr(&out), words);
    buf_fini(&out);
}

static void says_what_is_short(void **state)
{
    struct preflight_facts f = fine;

    (void)state;
    check(f, NULL);
    f.max_vus = 19937;
    check(f,
          "the test may need 19937 connections at once, and a process here may open 20000 files");
    f.descriptor_limit = 0;
    check(f, NULL);
    f.max_vus = 30000;
    check(f, "28232 local ports");
    f.local_ports = 0;
    check(f, NULL);
    f = fine;
    f.reuses_connections = false;
    check(f, "beyond about 470 requests a second");
    f = fine;
    f.cpu_quota = 1.5;
    check(f, "may use 1.5 processors and the test runs on 4 loops");
    f.cpu_quota = 0;
    check(f, NULL);
}

static void processors_and_memory(void **state)
{
    struct preflight_facts f = fine;

    (void)state;
    f.n_loops = 5;
    f.cpu_quota = 0;
    check(f, "5 loops share 4 processors");
    f.n_processors = 0;
    check(f, NULL);
    f = fine;
    f.memory = 20 << 20;
    check(f, "1000 users take 31 MiB at least, and there are 20 MiB");
    f.max_vus = 640;
    check(f, NULL);
    f.memory = UINT64_MAX;
    check(f, NULL);
}

/* A rate that is planned is known not to use ports up, or to. */
static void ports_by_the_planned_rate(void **state)
{
    struct preflight_facts f = fine;

    (void)state;
    f.reuses_connections = false;
    f.iterations_per_s = 470;
    check(f, NULL);
    f.iterations_per_s = 471;
    check(f, "beyond about 470 requests a second");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_short),
        cmocka_unit_test(processors_and_memory),
        cmocka_unit_test(ports_by_the_planned_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
