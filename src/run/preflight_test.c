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
                                            .n_loops = 4};

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

static void quotas_are_read(void **state)
{
    (void)state;
    assert_true(preflight_parse_quota("150000 100000\n") == 1.5);
    assert_true(preflight_parse_quota("max 100000\n") == 0);
    assert_true(preflight_parse_quota("-1\n 100000\n") == 0);
    assert_true(preflight_parse_quota("200000\n 100000\n") == 2);
    assert_true(preflight_parse_quota("") == 0);
    assert_true(preflight_parse_quota("1 0") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_short),
        cmocka_unit_test(quotas_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
