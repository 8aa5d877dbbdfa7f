#include "lab/lab_native.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "lab/lab_config.h"
#include "lab/lab_folder.h"

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/brunt-lab-XXXXXX");
    return mkdtemp(dir) ? lab_folder_open(dir) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return lab_folder_remove(dir);
}

static void versions_of_prometheus(void **state)
{
    (void)state;
    assert_false(lab_prometheus_is_new(STR("prometheus, version 2.42.0+ds (branch: debian/sid)")));
    assert_false(lab_prometheus_is_new(STR("prometheus, version 3.5.0 (branch: HEAD)")));
    assert_true(lab_prometheus_is_new(STR("prometheus, version 3.8.0 (branch: HEAD)")));
    assert_true(lab_prometheus_is_new(STR("warning\nprometheus, version 3.11.2 (x)")));
    assert_true(lab_prometheus_is_new(STR("prometheus, version 4.0.0 (x)")));
    assert_false(lab_prometheus_is_new(STR("")));
    assert_false(lab_prometheus_is_new(STR("prometheus, version ")));
    assert_false(lab_prometheus_is_new(STR("prometheus, version 3")));
    assert_false(lab_prometheus_is_new(STR("prometheus, version x.y.z")));
}

/* Makes a program that prints a line, in a folder of its own within `dir`. */
static void make_program(const char *folder, const char *name, const char *line)
{
    scoped(freep) char *where = xasprintf("%s/%s", dir, folder);
    scoped(freep) char *path = xasprintf("%s/%s", where, name);
    scoped(freep) char *text = xasprintf("#!/bin/sh\necho '%s'\n", line);

    assert_int_equal(file_make_folders(where, 0777), 0);
    assert_int_equal(lab_replace_file(path, str_of(text), 0755), 0);
}

static void programs_are_found_in_the_order_of_path(void **state)
{
    (void)state;
    scoped(freep) char *before = xstrdup(getenv("PATH"));
    scoped(freep) char *path = xasprintf(":relative:%s/none:%s/a:%s/b", dir, dir, dir);
    scoped(freep) char *expected = xasprintf("%s/a/influxd", dir);
    struct lab lab;

    make_program("a", "influxd", "InfluxDB v2.7.12 (git: none)");
    make_program("b", "influxd", "InfluxDB v1.6.7");
    make_program("b", "prometheus", "prometheus, version 3.9.1 (x)");
    setenv("PATH", path, 1);
    lab_init(&lab, dir);
    lab_native_find(&lab, "/self");
    setenv("PATH", before, 1);
    assert_string_equal(lab.paths[LAB_PROGRAM_INFLUXDB2], expected);
    assert_int_equal(lab.influx_version, 2);
    assert_true(lab.prometheus_is_new);
    assert_string_equal(lab.paths[LAB_PROGRAM_TARGET], "/self");
    assert_int_equal(lab_native_missing(&lab, LAB_INFLUXDB), LAB_PROGRAM_COUNT);
    free(lab.paths[LAB_PROGRAM_CARBON]);
    lab.paths[LAB_PROGRAM_CARBON] = NULL;
    assert_int_equal(lab_native_missing(&lab, LAB_GRAPHITE), LAB_PROGRAM_CARBON);
    lab_fini(&lab);
}

static void check_tail(const char *text, size_t n, const char *expected)
{
    scoped(freep) char *path = xasprintf("%s/log", dir);
    struct buf out = {0};

    assert_int_equal(lab_replace_file(path, str_of(text), 0644), 0);
    lab_tail(path, n, &out);
    assert_string_equal(buf_cstr(&out), expected);
    buf_fini(&out);
}

static void the_last_lines_of_a_log(void **state)
{
    (void)state;
    check_tail("", 2, "");
    check_tail("a\n", 2, "a\n");
    check_tail("a\nb\nc\n", 2, "b\nc\n");
    check_tail("a\nb\nc", 2, "b\nc");
    check_tail("a\n\n\n", 2, "\n\n");
    check_tail("a\nb\n", 9, "a\nb\n");
}

static void no_log_is_no_fault(void **state)
{
    (void)state;
    struct buf out = {0};

    lab_tail("/nonexistent/log", 3, &out);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_of_prometheus),
        cmocka_unit_test_setup_teardown(programs_are_found_in_the_order_of_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_lines_of_a_log, set_up, tear_down),
        cmocka_unit_test(no_log_is_no_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
