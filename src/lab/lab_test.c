#include "lab/lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

struct variables {
    const char *const *pairs; /* name, value, ..., NULL */
};

static const char *look_up(void *arg, const char *name)
{
    const struct variables *v = arg;

    for (const char *const *p = v->pairs; *p; p += 2) {
        if (strcmp(p[0], name) == 0)
            return p[1];
    }
    return NULL;
}

static void check_dir(const char *given, const char *const *pairs, const char *expected)
{
    struct variables v = {pairs};
    scoped(freep) char *dir = NULL;

    assert_int_equal(lab_dir(given, look_up, &v, &dir), 0);
    assert_string_equal(dir, expected);
}

static void the_folder_is_the_nearest_that_was_named(void **state)
{
    (void)state;
    const char *all[] = {"BRUNT_LAB", "/l", "XDG_DATA_HOME", "/d", "HOME", "/h", NULL};
    const char *data[] = {"XDG_DATA_HOME", "/d", "HOME", "/h", NULL};
    const char *relative[] = {"BRUNT_LAB", "", "XDG_DATA_HOME", "d", "HOME", "/h", NULL};
    const char *none[] = {NULL};
    struct variables v = {none};
    char *dir = NULL;

    check_dir("/given", all, "/given");
    check_dir(NULL, all, "/l");
    check_dir("", data, "/d/brunt/lab");
    check_dir(NULL, relative, "/h/.local/share/brunt/lab");
    assert_int_equal(lab_dir(NULL, look_up, &v, &dir), FAULT_EXIT(104));
    assert_null(dir);
}

static void a_relative_folder_becomes_absolute(void **state)
{
    (void)state;
    const char *none[] = {NULL};
    struct variables v = {none};
    scoped(freep) char *dir = NULL;

    assert_int_equal(lab_dir("here", look_up, &v, &dir), 0);
    assert_int_equal(dir[0], '/');
    assert_true(str_ends(str_of(dir), STR("/here")));
}

static void check_fill(const struct lab *lab, const char *text, const char *expected)
{
    struct buf out = {0};

    lab_fill(lab, text, &out);
    assert_string_equal(buf_cstr(&out), expected);
    buf_fini(&out);
}

static void placeholders_are_what_the_backend_needs(void **state)
{
    (void)state;
    struct lab lab;

    lab_init(&lab, "/lab dir");
    lab.ports[LAB_PORT_PROMETHEUS] = 9191;
    lab.ports[LAB_PORT_GRAPHITE] = 18085;
    check_fill(&lab, "@host@:@port.brunt@ @listen@ @lab@", "127.0.0.1:9464 127.0.0.1 $BRUNT_LAB");
    check_fill(&lab, "@url.prometheus@ @inner.prometheus@", "http://127.0.0.1:9191 9191");
    check_fill(&lab, "@dir@/x@port.carbon@y", "/lab dir/x2003y");
    lab.backend = LAB_COMPOSE;
    check_fill(&lab, "@host@ @listen@ @lab@", "host.docker.internal 0.0.0.0 /lab");
    check_fill(&lab, "@port.prometheus@:@inner.prometheus@", "9191:9090");
    check_fill(&lab, "@port.graphite@ @url.graphite@", "18085 http://graphite:80");
    lab_fini(&lab);
}

static void what_is_no_placeholder_stays(void **state)
{
    (void)state;
    struct lab lab;

    lab_init(&lab, "/l");
    check_fill(&lab, "a@b.c", "a@b.c");
    check_fill(&lab, "@", "@");
    check_fill(&lab, "@@host@@", "@127.0.0.1@");
    check_fill(&lab, "@nothing@host@", "@nothing127.0.0.1");
    check_fill(&lab, "@port.nothing@ @program.grafana@", "@port.nothing@ @program.grafana@");
    check_fill(&lab, "", "");
    lab_fini(&lab);
}

static void each_name_finds_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAB_SERVICE_COUNT; i++)
        assert_int_equal(lab_service_find(str_of(lab_services[i].name)), i);
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++)
        assert_int_equal(lab_program_find(str_of(lab_programs[i].name)), i);
    for (size_t i = 0; i < LAB_PORT_COUNT; i++)
        assert_int_equal(lab_port_find(str_of(lab_ports[i].name)), i);
    assert_int_equal(lab_service_find(STR("grafan")), LAB_SERVICE_COUNT);
    assert_int_equal(lab_program_find(STR("")), LAB_PROGRAM_COUNT);
}

static void default_ports_are_all_different(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAB_PORT_COUNT; i++) {
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(lab_ports[i].number, lab_ports[k].number);
    }
}

static void a_lab_has_one_influxdb(void **state)
{
    (void)state;
    struct lab lab;

    lab_init(&lab, "/l");
    assert_true(lab_has_program(&lab, LAB_PROGRAM_INFLUXDB1));
    assert_false(lab_has_program(&lab, LAB_PROGRAM_INFLUXDB2));
    lab.influx_version = 2;
    assert_false(lab_has_program(&lab, LAB_PROGRAM_INFLUXDB1));
    assert_true(lab_has_program(&lab, LAB_PROGRAM_INFLUXDB2));
    assert_true(lab_has_program(&lab, LAB_PROGRAM_CARBON));
    lab_fini(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_folder_is_the_nearest_that_was_named),
        cmocka_unit_test(a_relative_folder_becomes_absolute),
        cmocka_unit_test(placeholders_are_what_the_backend_needs),
        cmocka_unit_test(what_is_no_placeholder_stays),
        cmocka_unit_test(each_name_finds_its_row),
        cmocka_unit_test(default_ports_are_all_different),
        cmocka_unit_test(a_lab_has_one_influxdb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
