#include "cli/run_about.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static const char *no_env(void *arg, const char *name)
{
    (void)arg;
    (void)name;
    return NULL;
}

static const char *some_env(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "BRUNT_PROJECT_ID") == 0     ? "p-env"
           : strcmp(name, "BRUNT_COMPANY_NAME") == 0 ? ""
                                                     : NULL;
}

static void runs_are_named_as_leapwork_does(void **state)
{
    struct run_about about = {0};
    struct run_about_source from = {.run_id = "r1",
                                    .script = "tests/new_timeline",
                                    .started = 1777019985 * NS_PER_S,
                                    .env = no_env};

    (void)state;
    assert_int_equal(run_about_read(&about, &from), 0);
    assert_true(str_is(about.run.run_name, "new_timeline_24042026083945"));
    assert_true(str_is(about.run.timeline_name, "new_timeline"));
    assert_true(str_is(about.run.run_status, "running"));
    assert_int_equal(about.run.company_id.n, 0);
    run_about_fini(&about);
}

static void variables_are_over_the_configuration(void **state)
{
    struct run_about about = {0};
    struct run_about_source from = {
        .json = "{\"projectId\":\"p-file\",\"companyName\":\"acme\",\"timelineName\":\"shop\"}",
        .run_id = "r1",
        .script = "a.js",
        .env = some_env};

    (void)state;
    assert_int_equal(run_about_read(&about, &from), 0);
    assert_true(str_is(about.run.project_id, "p-env"));
    assert_true(str_is(about.run.company_name, "acme"));
    assert_true(str_is(about.run.run_name, "shop_01011970000000"));
    run_about_fini(&about);
}

static void bad_settings_are_named(void **state)
{
    static const struct {
        const char *json, *said;
    } bad[] = {{"[]", "is no object"},
               {"{\"company\":\"x\"}", "there is no setting \"company\""},
               {"{\"companyId\":1}", "companyId is no string"}};

    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        struct run_about about = {0};
        struct run_about_source from = {
            .json = bad[i].json, .run_id = "r", .script = "a", .env = no_env};

        assert_int_equal(run_about_read(&about, &from), FAULT_EXIT(104));
        assert_non_null(strstr(fault_text(), bad[i].said));
        run_about_fini(&about);
    }
}

/* ---- outputs ---- */

static char warned[512];

static void warn(void *arg, const char *text)
{
    (void)arg;
    snprintf(warned, sizeof(warned), "%s", text);
}

#define CONNECTION(name, enabled)                                                                \
    "{\"name\":\"" name "\",\"enabled\":" enabled ",\"endpoint\":\"http://h/graphite/metrics\"," \
    "\"username\":\"1\",\"apiKey\":\"k\"}"

static const struct {
    const char *asked[3];
    const char *list;
    bool automatic;
    const char *want, *warned;
} outputs[] = {
    {{"json=a"}, "[]", true, "json=a ", ""},
    {{NULL}, "[" CONNECTION("a", "true") "," CONNECTION("b", "false") "]", true, "leapwork=a ", ""},
    {{NULL}, "[" CONNECTION("a", "true") "]", false, "", ""},
    {{"leapwork=a?step=5s"}, "[" CONNECTION("a", "true") "]", true, "leapwork=a?step=5s ", ""},
    {{"leapwork=b", "json=x"},
     "[" CONNECTION("a", "true") "," CONNECTION("b", "false") "]",
     true,
     "leapwork=b json=x leapwork=a ",
     ""},
    {{"leapwork"},
     "[" CONNECTION("a", "true") "," CONNECTION("b", "true") "]",
     false,
     "leapwork=a leapwork=b ",
     ""},
    {{"leapwork"}, "[]", false, "leapwork ", ""},
    {{NULL}, "[{\"name\":\"x\"}]", true, "", "Grafana connection is missing endpoint"},
    {{"json=a", "web-dashboard=port=0"}, "[]", true, "json=a ", ""},
    {{"json=a"}, "{", true, "json=a ", "the run is not published: \"connections\""},
};

static void enabled_connections_become_outputs(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(outputs); i++) {
        struct arena arena = {0};
        struct plan_strings asked = {.items = (const char **)(uintptr_t)outputs[i].asked}, specs;
        scoped(buf_fini) struct buf got = {0};

        while (asked.n < 3 && asked.items[asked.n])
            asked.n++;
        struct run_publication from = {.asked = &asked,
                                       .inline_list = outputs[i].list,
                                       .automatic = outputs[i].automatic,
                                       .env = no_env,
                                       .warn = warn};

        warned[0] = '\0';
        run_publication_outputs(&from, &arena, &specs);
        for (size_t k = 0; k < specs.n; k++)
            buf_printf(&got, "%s ", specs.items[k]);
        if (!str_is(buf_str(&got), outputs[i].want) || !strstr(warned, outputs[i].warned) ||
            (!outputs[i].warned[0] && warned[0]))
            fail_msg("row %zu: '%.*s', warned '%s'", i, STR_ARG(buf_str(&got)), warned);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_named_as_leapwork_does),
        cmocka_unit_test(variables_are_over_the_configuration),
        cmocka_unit_test(bad_settings_are_named),
        cmocka_unit_test(enabled_connections_become_outputs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
