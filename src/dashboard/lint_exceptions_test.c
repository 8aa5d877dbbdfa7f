#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "dashboard/lint.h"

static const struct lint_rule_about rule_a = {.name = "rule-a"}, rule_b = {.name = "rule-b"};

static struct lint_exceptions *read_ok(const char *text)
{
    struct lint_exceptions *e = NULL;

    if (lint_exceptions_read(str_of(text), &e))
        fail_msg("%s\n%s", fault_text(), text);
    return e;
}

static enum lint_fate fate(const struct lint_exceptions *e, const struct lint_rule_about *rule,
                           const char *dashboard, const char *panel, int target)
{
    struct lint_finding f = {.rule = rule, .panel_title = panel, .target = target};

    return lint_exceptions_fate(e, dashboard, &f);
}

static void test_the_documented_form(void **state UNUSED)
{
    struct lint_exceptions *e = read_ok("# why\n"
                                        "exclusions:\n"
                                        "  rule-a:\n"
                                        "    reason: Totals: of everything # not a rate\n"
                                        "    entries:\n"
                                        "    - dashboard: Apollo Server\n"
                                        "      panel: 'Top 10''s # 1'\n"
                                        "    - panel: \"Say \\\"x\\\"\"\n"
                                        "      targetIdx: 2\n"
                                        "      reason: because\n"
                                        "\n"
                                        "warnings:\n"
                                        "  rule-b:\n");

    assert_int_equal(fate(e, &rule_a, "Apollo Server", "Top 10's # 1", 0), LINT_IS_EXCLUDED);
    assert_int_equal(fate(e, &rule_a, "Other", "Top 10's # 1", 0), LINT_STAYS);
    assert_int_equal(fate(e, &rule_a, "Other", "Say \"x\"", 2), LINT_IS_EXCLUDED);
    assert_int_equal(fate(e, &rule_a, "Other", "Say \"x\"", 1), LINT_STAYS);
    assert_int_equal(fate(e, &rule_b, "Any", "any", 7), LINT_IS_WARNING);
    assert_int_equal(fate(e, &rule_b, "Any", NULL, -1), LINT_IS_WARNING);
    lint_exceptions_free(e);
}

static void test_indented_lists_and_order(void **state UNUSED)
{
    struct lint_exceptions *e = read_ok("warnings:\n"
                                        "    rule-a:\n"
                                        "        entries:\n"
                                        "          -  panel: A\n"
                                        "             dashboard: D\n"
                                        "          -  panel: B\n"
                                        "        reason: later\n"
                                        "    \"rule-b\":\n"
                                        "---\n"
                                        "exclusions:\n"
                                        "  rule-b:\r\n");

    assert_int_equal(fate(e, &rule_a, "D", "A", -1), LINT_IS_WARNING);
    assert_int_equal(fate(e, &rule_a, "E", "A", -1), LINT_STAYS);
    assert_int_equal(fate(e, &rule_a, "E", "B", -1), LINT_IS_WARNING);
    /* Excluded wins over a warning. */
    assert_int_equal(fate(e, &rule_b, "E", "B", -1), LINT_IS_EXCLUDED);
    lint_exceptions_free(e);
}

static void test_nothing_is_nothing(void **state UNUSED)
{
    struct lint_exceptions *e = read_ok("\n# only words\n");

    assert_int_equal(fate(e, &rule_a, "D", "A", -1), LINT_STAYS);
    lint_exceptions_free(e);
    lint_exceptions_free(read_ok(""));
    lint_exceptions_free(read_ok("exclusions:\n"));
    lint_exceptions_free(NULL);
}

static void test_refuses(void **state UNUSED)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"rules:\n", "line 1: exclusions: or warnings:"},
        {"exclusions: {}\n", "line 1: of YAML"},
        {"exclusions:\n  rule-a: x\n", "line 2: the name of a rule"},
        {"exclusions:\n  - rule-a:\n", "line 2: the name of a rule"},
        {"exclusions:\n\trule-a:\n", "line 2: lines are indented with spaces"},
        {"exclusions:\n  rule-a\n", "line 2: this is no"},
        {"exclusions:\n  rule-a:\n    because: x\n", "line 3: a rule has reason and entries"},
        {"exclusions:\n  rule-a:\n    entries: x\n", "line 3: entries: is followed by a list"},
        {"exclusions:\n  rule-a:\n    entries:\n    - row: x\n", "line 4: an entry has"},
        {"exclusions:\n  rule-a:\n    entries:\n    - targetIdx: -1\n", "line 4: targetIdx"},
        {"exclusions:\n  rule-a:\n    entries:\n    - panel: 'x\n", "line 4: the quotes"},
        {"exclusions:\n  rule-a:\n    entries:\n    - panel: x\n       dashboard: y\n",
         "line 5: this is indented"},
        {"exclusions:\n  rule-a:\n    entries:\n    - panel: &x y\n", "line 4: of YAML"},
        {"exclusions:\n  rule-a:\n rule-b:\n", "line 3: this is indented"},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct lint_exceptions *e = NULL;

        if (lint_exceptions_read(str_of(cases[i].text), &e) != -EINVAL)
            fail_msg("taken for right:\n%s", cases[i].text);
        if (!strstr(fault_text(), cases[i].why))
            fail_msg("says '%s', not '%s'", fault_text(), cases[i].why);
        assert_null(e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_documented_form),
        cmocka_unit_test(test_indented_lists_and_order),
        cmocka_unit_test(test_nothing_is_nothing),
        cmocka_unit_test(test_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
