#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

static wall_ns now;

static wall_ns test_wall(void)
{
    return now;
}

static void collect(void *arg, struct str line)
{
    buf_putstr(arg, line);
}

struct fixture {
    struct buf out;
    struct log_options options;
};

static int set_up(void **state)
{
    static struct fixture f;

    setenv("TZ", "UTC", 1);
    unsetenv("NO_COLOR");
    tzset();
    now = 1767323045 * NS_PER_S; /* 2026-01-02T03:04:05Z */
    f = (struct fixture){0};
    f.options = (struct log_options){
        .level = LOG_LEVEL_INFO,
        .emit = collect,
        .emit_arg = &f.out,
        .wall = test_wall,
    };
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    buf_fini(&((struct fixture *)*state)->out);
    return 0;
}

static const struct log_field source = {{"source", 6}, {"console", 7}};

/* One line of `msg` in the shape of the fixture's options. */
static const char *line_of(struct fixture *f, enum log_level level, const char *msg)
{
    struct log *log = log_new(-1, &f->options);

    buf_reset(&f->out);
    now += 1500 * NS_PER_MS;
    log_write(log, level, str_of(msg), &source, 1);
    now -= 1500 * NS_PER_MS;
    log_free(log);
    return buf_cstr(&f->out);
}

static void text_is_logfmt(void **state)
{
    struct fixture *f = *state;

    now -= 1500 * NS_PER_MS;
    assert_string_equal(line_of(f, LOG_LEVEL_INFO, "hello"),
                        "time=\"2026-01-02T03:04:05Z\" level=info msg=hello source=console\n");
    assert_string_equal(
        line_of(f, LOG_LEVEL_WARNING, "a \"b\"\n\x01=\xc3\xa9"),
        "time=\"2026-01-02T03:04:05Z\" level=warning msg=\"a \\\"b\\\"\\n\\x01=\xc3\xa9\" "
        "source=console\n");
    assert_string_equal(line_of(f, LOG_LEVEL_ERROR, ""),
                        "time=\"2026-01-02T03:04:05Z\" level=error source=console\n");
}

static void text_has_the_zone(void **state)
{
    struct fixture *f = *state;

    now -= 1500 * NS_PER_MS;
    setenv("TZ", "XYZ-05:30", 1);
    tzset();
    assert_string_equal(line_of(f, LOG_LEVEL_INFO, "x"),
                        "time=\"2026-01-02T08:34:05+05:30\" level=info msg=x source=console\n");
}

static void a_terminal_gets_columns(void **state)
{
    struct fixture *f = *state;

    f->options.color = LOG_COLOR_ALWAYS;
    assert_string_equal(line_of(f, LOG_LEVEL_INFO, "hell\xc3\xb6"),
                        "\033[36mINFO\033[0m[0001] hell\xc3\xb6"
                        "                                        \033[36msource\033[0m=console\n");
    assert_string_equal(
        line_of(f, LOG_LEVEL_ERROR, "0123456789012345678901234567890123456789012345"),
        "\033[31mERRO\033[0m[0001] 0123456789012345678901234567890123456789012345 "
        "\033[31msource\033[0m=console\n");
}

static void json_has_its_keys_in_order(void **state)
{
    struct fixture *f = *state;

    f->options.format = LOG_FORMAT_JSON;
    now -= 1500 * NS_PER_MS;
    assert_string_equal(line_of(f, LOG_LEVEL_WARNING, "<b>&\t\"\x02"),
                        "{\"level\":\"warning\",\"msg\":\"\\u003cb\\u003e\\u0026\\t\\\"\\u0002\","
                        "\"source\":\"console\",\"time\":\"2026-01-02T03:04:05Z\"}\n");
}

static void raw_is_the_message(void **state)
{
    struct fixture *f = *state;

    f->options.format = LOG_FORMAT_RAW;
    assert_string_equal(line_of(f, LOG_LEVEL_INFO, "a \"b\""), "a \"b\"\n");
}

static void fields_are_sorted_and_bounded(void **state)
{
    struct fixture *f = *state;
    struct log_field fields[LOG_FIELDS_MAX + 5];
    struct log *log = log_new(-1, &f->options);

    for (size_t i = 0; i < countof(fields); i++)
        fields[i] = (struct log_field){STR("z"), STR("1 2")};
    fields[3].name = STR("a");
    log_write(log, LOG_LEVEL_INFO, STR("m"), fields, countof(fields));
    assert_non_null(strstr(buf_cstr(&f->out), "msg=m a=\"1 2\" z=\"1 2\" "));
    log_free(log);
}

static void levels_are_a_threshold(void **state)
{
    struct fixture *f = *state;
    struct log *log = log_new(-1, &f->options);
    enum log_level level = LOG_LEVEL_TRACE;

    assert_false(log_wants(log, LOG_LEVEL_DEBUG));
    assert_true(log_wants(log, LOG_LEVEL_INFO));
    log_debug(log, "not %s", "seen");
    assert_int_equal(f->out.len, 0);
    log_warn(log, "%d is seen", 7);
    assert_non_null(strstr(buf_cstr(&f->out), "msg=\"7 is seen\""));
    log_free(log);
    assert_false(log_wants(NULL, LOG_LEVEL_ERROR));
    log_error(NULL, "nowhere");
    assert_true(log_level_parse(STR("WARN"), &level) && level == LOG_LEVEL_WARNING);
    assert_false(log_level_parse(STR("loud"), &level));
}

static void secrets_never_come_out(void **state)
{
    struct fixture *f = *state;

    f->options.redact = redact_new();
    redact_secret(f->options.redact, STR("hunter2"));
    assert_non_null(strstr(line_of(f, LOG_LEVEL_INFO, "pass=hunter2"), REDACT_MARK));
    assert_null(strstr(buf_cstr(&f->out), "hunter2"));
    redact_secret(f->options.redact, STR("say \"friend\""));
    line_of(f, LOG_LEVEL_INFO, "the word: say \"friend\" and enter");
    assert_non_null(strstr(buf_cstr(&f->out), "msg=\"the word: " REDACT_MARK " and enter\""));
    redact_free(f->options.redact);
}

static void a_huge_message_is_cut(void **state)
{
    struct fixture *f = *state;
    size_t n = 8 << 20;
    char *msg = malloc(n + 1);

    assert_non_null(msg);
    memset(msg, 1, n);
    msg[n] = '\0';
    f->options.format = LOG_FORMAT_JSON;
    assert_true(strlen(line_of(f, LOG_LEVEL_INFO, msg)) < 4 << 20);
    free(msg);
}

static void a_file_is_appended_to(void **state)
{
    struct fixture *f = *state;
    char dir[] = "/tmp/brunt-log-XXXXXX";
    char path[64], spec[96], text[512] = {0};
    struct log *log;
    struct stat st;

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/x.log", dir);
    snprintf(spec, sizeof(spec), "file=%s,level=warn", path);
    f->options.emit = NULL;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(log_open(spec, &f->options, &log), 0);
        log_info(log, "no");
        log_warn(log, "yes");
        log_free(log);
    }
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_string_equal(text, "time=\"2026-01-02T03:04:05Z\" level=warning msg=yes\n"
                              "time=\"2026-01-02T03:04:05Z\" level=warning msg=yes\n");
    unlink(path);
    rmdir(dir);
}

static void bad_outputs_are_named(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *output, *text;
    } cases[] = {
        {"foo", "unsupported log output 'foo'"},
        {"loki", "'loki' is not there yet"},
        {"file=", "needs a path"},
        {"file=x,size=3", "unknown log file setting 'size'"},
        {"file=x,level=loud", "unknown log level 'loud'"},
        {"file=/nonexistent/dir/x", "cannot open the log file '/nonexistent/dir/x'"},
    };
    struct log *log = NULL;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_true(log_open(cases[i].output, &f->options, &log) < 0);
        assert_non_null(strstr(fault_text(), cases[i].text));
    }
    assert_int_equal(log_open("none", &(struct log_options){0}, &log), 0);
    assert_false(log_wants(log, LOG_LEVEL_ERROR));
    log_free(log);
    fault_clear();
}

static void tap_into(void *arg, struct str line)
{
    buf_putstr(arg, line);
}

static void a_tap_sees_each_line(void **state)
{
    struct fixture *f = *state;
    struct buf seen = {0};
    struct log *log = log_new(-1, &f->options);

    log_set_tap(NULL, tap_into, &seen);
    log_set_tap(log, tap_into, &seen);
    log_info(log, "one");
    log_put_line(log, STR("two"));
    log_set_tap(log, NULL, NULL);
    log_info(log, "three");
    assert_non_null(strstr(buf_cstr(&seen), "msg=one\ntwo\n"));
    assert_null(strstr(buf_cstr(&seen), "three"));
    assert_non_null(strstr(buf_cstr(&f->out), "three"));
    log_free(log);
    buf_fini(&seen);
}

#define LOG_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(text_is_logfmt),          LOG_TEST(text_has_the_zone),
        LOG_TEST(a_terminal_gets_columns), LOG_TEST(json_has_its_keys_in_order),
        LOG_TEST(raw_is_the_message),      LOG_TEST(fields_are_sorted_and_bounded),
        LOG_TEST(levels_are_a_threshold),  LOG_TEST(secrets_never_come_out),
        LOG_TEST(a_huge_message_is_cut),   LOG_TEST(a_file_is_appended_to),
        LOG_TEST(bad_outputs_are_named),   LOG_TEST(a_tap_sees_each_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
