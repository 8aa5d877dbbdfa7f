#include "base/opt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct settings {
    bool quiet, verbose;
    const char *duration;
    int64_t vus;
    double rate;
    struct opt_list tags;
    const char *debug;
    const char *mode;
    char stages[64];
    bool called;
};

static int take_stage(void *object, const struct opt_row *row, const char *value)
{
    struct settings *s = object;

    assert_string_equal(row->call_arg, "arg");
    if (strcmp(value, "bad") == 0)
        return fault(FAULT_EXIT(104), "no such stage");
    strncat(s->stages, value, sizeof(s->stages) - strlen(s->stages) - 1);
    return 0;
}

static int take_switch(void *object, const struct opt_row *row, const char *value)
{
    (void)row;
    ((struct settings *)object)->called = strcmp(value, "true") == 0;
    return 0;
}

static const char *const modes[] = {"compact", "full", NULL};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct opt_row rows[] = {
    {.name = "quiet", .short_name = 'q', .type = OPT_FLAG, .offset = AT(quiet), .help = "say nothing"},
    {.name = "verbose", .short_name = 'v', .type = OPT_FLAG, .offset = AT(verbose), .help = "say a lot"},
    {.name = "duration", .short_name = 'd', .type = OPT_STRING, .offset = AT(duration), .help = "how long"},
    {.name = "vus", .short_name = 'u', .type = OPT_INT, .offset = AT(vus), .min = 1, .max = 1000,
     .env = "BRUNT_TEST_VUS", .group = "Load", .help = "virtual users"},
    {.name = "rate", .type = OPT_NUMBER, .offset = AT(rate), .group = "Load", .help = "per second"},
    {.name = "tag", .type = OPT_LIST, .offset = AT(tags), .value_name = "NAME=VALUE", .help = "a tag"},
    {.name = "http-debug", .type = OPT_STRING, .offset = AT(debug), .implied = "headers",
     .help = "print requests; with a very long explanation that has to be wrapped somewhere"},
    {.name = "summary-mode", .type = OPT_STRING, .offset = AT(mode), .values = modes, .help = "how much"},
    {.name = "stage", .short_name = 's', .type = OPT_CALL, .call = take_stage, .call_arg = "arg",
     .env = "BRUNT_TEST_STAGES", .hint = OPT_HINT_FILE, .help = "it's a stage"},
    {.name = "switch", .type = OPT_CALL, .call = take_switch, .is_flag = true, .help = "a call"},
    {.name = "hidden", .type = OPT_FLAG, .offset = AT(quiet)},
};
/* clang-format on */

static const struct opt_example examples[] = {{"brunt run x.js", "runs x.js"}};

static const struct opt_table table = {
    .name = "brunt run",
    .operands = "SCRIPT",
    .summary = "Runs a script.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 2,
    .operand_hint = OPT_HINT_FILE,
};

struct parsed {
    struct settings s;
    struct opt_args args;
};

/* Splits `line` at spaces (in place) and parses it; "run" is argv[0]. */
static int parse(char *line, struct parsed *p)
{
    char name[] = "run";
    char *argv[32] = {name};
    int argc = 1;

    for (char *word; (word = strsep(&line, " "));)
        if (*word)
            argv[argc++] = word;
    *p = (struct parsed){0};
    return opt_parse(&table, &p->s, argc, argv, &p->args);
}

static void done(struct parsed *p)
{
    opt_args_fini(&p->args);
    opt_list_fini(&p->s.tags);
}

static void every_spelling_of_a_value(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "--vus 7 x", "--vus=7 x", "-u 7 x", "-u7 x", "-u=7 x", "x -u 7", "-qu7 x", "-u 1 -u 7 x",
    };

    for (size_t i = 0; i < countof(spellings); i++) {
        char line[64];
        struct parsed p;

        strncpy(line, spellings[i], sizeof(line) - 1);
        line[sizeof(line) - 1] = '\0';
        assert_int_equal(parse(line, &p), 0);
        assert_int_equal(p.s.vus, 7);
        assert_int_equal(p.args.n_operands, 1);
        assert_string_equal(p.args.operands[0], "x");
        done(&p);
    }
}

static void flags_lists_and_numbers(void **state)
{
    (void)state;
    struct parsed p;
    char line[] = "-qv --verbose=false --tag a=1 --tag=b=2 --rate 2.5 -d 10s x y";

    assert_int_equal(parse(line, &p), 0);
    assert_true(p.s.quiet);
    assert_false(p.s.verbose);
    assert_int_equal(p.s.tags.n_items, 2);
    assert_string_equal(p.s.tags.items[1], "b=2");
    assert_true(p.s.rate == 2.5);
    assert_string_equal(p.s.duration, "10s");
    assert_int_equal(p.args.n_operands, 2);
    assert_true(opt_given(&table, &p.args, "tag"));
    assert_false(opt_given(&table, &p.args, "vus"));
    done(&p);
}

static void an_implied_value_never_eats_an_operand(void **state)
{
    (void)state;
    struct parsed p;
    char bare[] = "--http-debug x", full[] = "--http-debug=full x";

    assert_int_equal(parse(bare, &p), 0);
    assert_string_equal(p.s.debug, "headers");
    assert_string_equal(p.args.operands[0], "x");
    done(&p);
    assert_int_equal(parse(full, &p), 0);
    assert_string_equal(p.s.debug, "full");
    done(&p);
}

static void two_dashes_end_options(void **state)
{
    (void)state;
    struct parsed p;
    char line[] = "-q -- --vus -u", dash[] = "-";

    assert_int_equal(parse(line, &p), 0);
    assert_int_equal(p.args.n_operands, 2);
    assert_string_equal(p.args.operands[0], "--vus");
    done(&p);
    assert_int_equal(parse(dash, &p), 0);
    assert_string_equal(p.args.operands[0], "-");
    done(&p);
}

static void calls_get_values_and_flags(void **state)
{
    (void)state;
    struct parsed p;
    char line[] = "-s a -sb --switch=T x";

    assert_int_equal(parse(line, &p), 0);
    assert_string_equal(p.s.stages, "ab");
    assert_true(p.s.called);
    done(&p);
}

static void the_environment_fills_in(void **state)
{
    (void)state;
    struct parsed p;
    char bare[] = "x", given[] = "-u 9 x", again[] = "x";

    setenv("BRUNT_TEST_VUS", "5", 1);
    setenv("BRUNT_TEST_STAGES", "", 1);
    assert_int_equal(parse(bare, &p), 0);
    assert_int_equal(p.s.vus, 5);
    assert_false(opt_given(&table, &p.args, "vus"));
    assert_string_equal(p.s.stages, "");
    done(&p);
    assert_int_equal(parse(given, &p), 0);
    assert_int_equal(p.s.vus, 9);
    done(&p);
    setenv("BRUNT_TEST_VUS", "many", 1);
    assert_int_equal(parse(again, &p), FAULT_EXIT(104));
    assert_non_null(strstr(fault_text(), "BRUNT_TEST_VUS"));
    opt_list_fini(&p.s.tags);
    unsetenv("BRUNT_TEST_VUS");
    unsetenv("BRUNT_TEST_STAGES");
}

static void faults_name_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *text;
        int code;
    } cases[] = {
        {"--vsu 3 x", "unknown option '--vsu'; did you mean '--vus'?", -EINVAL},
        {"--verbos x", "did you mean '--verbose'?", -EINVAL},
        {"--summary x", "did you mean '--summary-mode'?", -EINVAL},
        {"--zzzzzz x", "unknown option '--zzzzzz'; see 'brunt run --help'", -EINVAL},
        {"-qz x", "unknown option '-z' in '-qz'", -EINVAL},
        {"x --vus", "option --vus needs a value", -EINVAL},
        {"x -u", "option -u needs a value", -EINVAL},
        {"-u many x", "invalid value 'many' for -u: it must be a whole number", -EINVAL},
        {"--vus=0 x", "--vus must be from 1 to 1000", -EINVAL},
        {"--vus=99999999999999999999 x", "must be a whole number", -EINVAL},
        {"--rate=nan x", "must be a number", -EINVAL},
        {"--quiet=maybe x", "it must be true or false", -EINVAL},
        {"--switch=maybe x", "it must be true or false", -EINVAL},
        {"--summary-mode=tiny x", "it must be one of compact, full", -EINVAL},
        {"-s bad x", "-s: no such stage", FAULT_EXIT(104)},
        {"-q", "brunt run needs SCRIPT", -EINVAL},
        {"a b c", "brunt run does not take 'c'", -EINVAL},
        {"--=x", "unknown option '--'", -EINVAL},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        char line[128];
        struct parsed p;

        strncpy(line, cases[i].line, sizeof(line) - 1);
        line[sizeof(line) - 1] = '\0';
        assert_int_equal(parse(line, &p), cases[i].code);
        if (!strstr(fault_text(), cases[i].text))
            fail_msg("'%s' gave: %s", cases[i].line, fault_text());
        opt_list_fini(&p.s.tags);
    }
    fault_clear();
}

static void help_comes_first(void **state)
{
    (void)state;
    static const char *const lines[] = {"--help", "-h", "-qh", "x y z --help"};

    for (size_t i = 0; i < countof(lines); i++) {
        char line[32];
        struct parsed p;

        strncpy(line, lines[i], sizeof(line) - 1);
        line[sizeof(line) - 1] = '\0';
        assert_int_equal(parse(line, &p), OPT_E_HELP);
        done(&p);
    }
}

static void help_is_laid_out(void **state)
{
    (void)state;
    struct buf out = {0};

    opt_help(&table, 60, &out);
    assert_string_equal(buf_cstr(&out),
                        "Usage: brunt run [OPTION...] SCRIPT\n"
                        "\n"
                        "Runs a script.\n"
                        "\n"
                        "Options:\n"
                        "  -q, --quiet              say nothing\n"
                        "  -v, --verbose            say a lot\n"
                        "  -d, --duration TEXT      how long\n"
                        "      --tag NAME=VALUE     a tag\n"
                        "      --http-debug[=TEXT]  print requests; with a very long\n"
                        "                           explanation that has to be\n"
                        "                           wrapped somewhere\n"
                        "      --summary-mode TEXT  how much: compact, full\n"
                        "  -s, --stage VALUE        it's a stage [BRUNT_TEST_STAGES]\n"
                        "      --switch             a call\n"
                        "\n"
                        "Load:\n"
                        "  -u, --vus N              virtual users [BRUNT_TEST_VUS]\n"
                        "      --rate X             per second\n"
                        "\n"
                        "  -h, --help               show this text\n"
                        "\n"
                        "Examples:\n"
                        "  brunt run x.js\n"
                        "      runs x.js\n");
    buf_fini(&out);
}

static void completions_name_everything(void **state)
{
    (void)state;
    static const char *const shells[] = {"bash", "zsh", "fish"};
    const struct opt_command actions[] = {
        {.name = "lint", .help = "it's a lint", .table = &table},
        {.name = "push", .help = "push it"},
    };
    const struct opt_command commands[] = {
        {.name = "run", .help = "it's a run", .table = &table},
        {.name = "version", .help = "print the version"},
        {.name = "dashboard", .help = "with actions", .actions = actions, .n_actions = 2},
    };
    struct buf out = {0};

    for (size_t i = 0; i < countof(shells); i++) {
        buf_reset(&out);
        assert_int_equal(opt_completion(shells[i], "brunt", commands, countof(commands), &out), 0);
        for (size_t j = 0; j < countof(rows); j++) {
            bool is_there = strstr(buf_cstr(&out), rows[j].name) != NULL;

            assert_int_equal(is_there, rows[j].help != NULL);
        }
        assert_non_null(strstr(buf_cstr(&out), "version"));
        assert_non_null(strstr(buf_cstr(&out), "compact full"));
        assert_non_null(strstr(buf_cstr(&out), "push"));
    }
    assert_int_equal(opt_completion("csh", "brunt", commands, 2, &out), -EINVAL);
    fault_clear();
    buf_fini(&out);
}

static void nearest_knows_slips_from_other_words(void **state)
{
    (void)state;
    static const char *const names[] = {"run", "report", "target", "version"};
    static const struct {
        const char *typed, *want;
    } cases[] = {
        {"rnu", "run"},     {"targt", "target"}, {"vresion", "version"},
        {"repo", "report"}, {"dashboard", NULL}, {"x", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        const char *near = opt_nearest(cases[i].typed, names, countof(names), sizeof(names[0]));

        if (cases[i].want)
            assert_string_equal(near, cases[i].want);
        else
            assert_null(near);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_a_value),
        cmocka_unit_test(flags_lists_and_numbers),
        cmocka_unit_test(an_implied_value_never_eats_an_operand),
        cmocka_unit_test(two_dashes_end_options),
        cmocka_unit_test(calls_get_values_and_flags),
        cmocka_unit_test(the_environment_fills_in),
        cmocka_unit_test(faults_name_what_is_wrong),
        cmocka_unit_test(help_comes_first),
        cmocka_unit_test(help_is_laid_out),
        cmocka_unit_test(completions_name_everything),
        cmocka_unit_test(nearest_knows_slips_from_other_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
