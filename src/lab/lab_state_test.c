#include "lab/lab_state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "lab/lab_config.h"
#include "lab/lab_folder.h"
#include "lab/lab_process.h"

static struct lab_state example(void)
{
    struct lab_state s = {.backend = LAB_COMPOSE, .influx_version = 2, .boot = "b-1"};

    for (size_t i = 0; i < LAB_PORT_COUNT; i++)
        s.ports[i] = (uint16_t)(40000 + i);
    s.services[LAB_GRAPHITE] = true;
    s.processes[LAB_PROGRAM_CARBON] = (struct lab_process){4711, 123456789012};
    return s;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct lab_state before = example(), after;
    struct buf text = {0}, again = {0};

    lab_state_put(&before, &text);
    assert_int_equal(lab_state_parse(buf_str(&text), &after), 0);
    assert_int_equal(after.backend, LAB_COMPOSE);
    assert_int_equal(after.influx_version, 2);
    assert_string_equal(after.boot, "b-1");
    assert_memory_equal(after.ports, before.ports, sizeof(before.ports));
    assert_memory_equal(after.services, before.services, sizeof(before.services));
    assert_int_equal(after.processes[LAB_PROGRAM_CARBON].pid, 4711);
    assert_int_equal(after.processes[LAB_PROGRAM_CARBON].started, 123456789012);
    lab_state_put(&after, &again);
    assert_string_equal(buf_cstr(&again), buf_cstr(&text));
    buf_fini(&text);
    buf_fini(&again);
}

static void unknown_lines_are_skipped(void **state)
{
    (void)state;
    struct lab_state s;

    assert_int_equal(lab_state_parse(STR("brunt-lab 1\nmoon full\nport moon 7\nport grafana 3001\n"
                                         "process moon 5 6\nservice moon\n\n  \n"),
                                     &s),
                     0);
    assert_int_equal(s.ports[LAB_PORT_GRAFANA], 3001);
    assert_int_equal(s.ports[LAB_PORT_PROMETHEUS], 9090);
}

/* A signal to 0, 1 or a negative id would reach others than a child of ours. */
static void dangerous_numbers_are_no_processes(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "process carbon 0 5",          "process carbon 1 5",  "process carbon -1 5",
        "process carbon 4294967297 5", "process carbon 77 ",  "process carbon 77",
        "process carbon 77 -5",        "process carbon +7 5", "process carbon 2147483648 5",
    };

    for (size_t i = 0; i < countof(lines); i++) {
        struct lab_state s;
        scoped(freep) char *text = xasprintf("brunt-lab 1\n%s\n", lines[i]);

        assert_int_equal(lab_state_parse(str_of(text), &s), 0);
        assert_int_equal(s.processes[LAB_PROGRAM_CARBON].pid, 0);
    }
}

static void another_file_is_no_state(void **state)
{
    (void)state;
    struct lab_state s;

    assert_int_equal(lab_state_parse(STR(""), &s), -EINVAL);
    assert_int_equal(lab_state_parse(STR("brunt-lab 2\n"), &s), -EINVAL);
    assert_int_equal(lab_state_parse(STR("\0\0\0"), &s), -EINVAL);
}

/* ---- files ---- */

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

static void a_state_is_loaded_as_long_as_the_machine_runs(void **state)
{
    (void)state;
    struct lab_state before = example(), after;

    assert_int_equal(lab_state_load(dir, &after), LAB_E_NONE);
    lab_boot_id(before.boot);
    assert_int_equal(lab_state_save(dir, &before), 0);
    assert_int_equal(lab_state_load(dir, &after), 0);
    assert_int_equal(after.processes[LAB_PROGRAM_CARBON].pid, 4711);

    snprintf(before.boot, sizeof(before.boot), "another-start");
    assert_int_equal(lab_state_save(dir, &before), 0);
    assert_int_equal(lab_state_load(dir, &after), 0);
    assert_int_equal(after.processes[LAB_PROGRAM_CARBON].pid, 0);
    assert_true(after.services[LAB_GRAPHITE]);

    assert_int_equal(lab_state_remove(dir), 0);
    assert_int_equal(lab_state_remove(dir), 0);
    assert_int_equal(lab_state_load(dir, &after), LAB_E_NONE);
}

static void a_damaged_or_long_file_is_a_fault(void **state)
{
    (void)state;
    scoped(freep) char *path = xasprintf("%s/state", dir);
    scoped(freep) char *longer = xmalloc(LAB_STATE_BYTES_MAX + 1);
    struct lab_state s;

    assert_int_equal(lab_replace_file(path, STR("what?\n"), 0644), 0);
    assert_int_equal(lab_state_load(dir, &s), -EINVAL);
    assert_non_null(strstr(fault_text(), "state"));
    memset(longer, '\n', LAB_STATE_BYTES_MAX + 1);
    assert_int_equal(lab_replace_file(path, str_from(longer, LAB_STATE_BYTES_MAX + 1), 0644), 0);
    assert_int_equal(lab_state_load(dir, &s), -EFBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(unknown_lines_are_skipped),
        cmocka_unit_test(dangerous_numbers_are_no_processes),
        cmocka_unit_test(another_file_is_no_state),
        cmocka_unit_test_setup_teardown(a_state_is_loaded_as_long_as_the_machine_runs, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_or_long_file_is_a_fault, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
