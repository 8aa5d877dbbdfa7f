#include "lab/lab_process.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "lab/lab_config.h"
#include "lab/lab_folder.h"

#define LONG_TIME (60 * NS_PER_S)

/* ---- /proc/PID/stat ---- */

#define FIELDS(state, started)                                    \
    state " 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 " started \
          " 2600960 200 18446744073709551615\n"

static void the_start_is_found_behind_any_name(void **state)
{
    (void)state;
    static const char *const names[] = {"(sh)", "(a b)", "(a) R 1 (b)", "())", "(\n)"};

    for (size_t i = 0; i < countof(names); i++) {
        scoped(freep) char *text = xasprintf("7 %s " FIELDS("S", "4242"), names[i]);
        uint64_t started = 0;

        assert_true(lab_stat_started(str_of(text), &started));
        assert_int_equal(started, 4242);
    }
}

static void the_dead_have_no_start(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "7 (sh) " FIELDS("Z", "4242"),
        "7 (sh) " FIELDS("X", "4242"),
        "7 (sh) " FIELDS("S", "x"),
        "7 (sh) S 1 7 7",
        "7 sh S 1",
        "",
        "7 (sh)",
        ")",
    };
    uint64_t started;

    for (size_t i = 0; i < countof(texts); i++)
        assert_false(lab_stat_started(str_of(texts[i]), &started));
}

/* ---- processes ---- */

static char dir[64], log_path[80];

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/brunt-lab-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(log_path, sizeof(log_path), "%s/log", dir);
    return lab_folder_open(dir);
}

static int tear_down(void **state)
{
    (void)state;
    return lab_folder_remove(dir);
}

struct seen {
    struct lab_process process;
    int answer;
};

static int on_started(void *arg, const struct lab_process *p)
{
    struct seen *seen = arg;

    seen->process = *p;
    return seen->answer ? fault(seen->answer, "no") : 0;
}

static int spawn(const char *script, struct seen *seen, struct lab_process *ret_process)
{
    char shell[] = "/bin/sh", option[] = "-c";
    scoped(freep) char *text = xstrdup(script);
    char *argv[] = {shell, option, text, NULL};
    char variable[] = "BRUNT_LAB_TEST=seen", path[] = "PATH=/bin:/usr/bin";
    char *env[] = {variable, path, NULL};
    struct lab_spawn s = {dir, log_path, argv, env, on_started, seen};

    return lab_spawn(&s, ret_process);
}

static void wait_until_logged(const char *text)
{
    mono_ns deadline = clock_mono() + LONG_TIME;

    for (;;) {
        struct buf log = {0};

        assert_int_equal(lab_read_file(log_path, 1 << 16, &log), 0);
        bool found = str_find_str(buf_str(&log), str_of(text)) < log.len;

        buf_fini(&log);
        if (found)
            return;
        assert_true(clock_mono() < deadline);
        usleep(1000);
    }
}

static void a_process_has_its_session_folder_and_variables(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct lab_process p;
    char expected[256];

    assert_int_equal(spawn("echo \"$PWD $BRUNT_LAB_TEST\"; exec sleep 1000", &seen, &p), 0);
    assert_int_equal(seen.process.pid, p.pid);
    assert_int_equal(seen.process.started, p.started);
    assert_true(lab_process_alive(&p));
    assert_int_equal(getsid(p.pid), p.pid);
    snprintf(expected, sizeof(expected), "%s seen\n", dir);
    wait_until_logged(expected);
    lab_process_ask(&p);
    lab_process_end(&p, clock_mono() + LONG_TIME);
    assert_false(lab_process_alive(&p));
}

/* What has the number of a process of ours, and began at another time, is somebody else's. */
static void a_number_that_is_used_again_is_left_alone(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct lab_process p;

    assert_int_equal(spawn("exec sleep 1000", &seen, &p), 0);
    struct lab_process old = {p.pid, p.started - 1};

    assert_false(lab_process_alive(&old));
    lab_process_ask(&old);
    lab_process_end(&old, 0);
    assert_true(lab_process_alive(&p));
    assert_int_equal(waitpid(p.pid, NULL, WNOHANG), 0);
    lab_process_end(&p, 0);
    assert_false(lab_process_alive(&p));
}

/* The number behind `word` in the log. */
static int32_t logged_number(const char *word)
{
    struct buf log = {0};
    uint64_t number = 0;

    wait_until_logged("\n");
    assert_int_equal(lab_read_file(log_path, 1 << 16, &log), 0);
    struct str rest = str_from_index(buf_str(&log), strlen(word));

    assert_true(str_starts(buf_str(&log), str_of(word)));
    assert_true(str_u64(str_from(rest.p, str_find(rest, '\n')), &number));
    buf_fini(&log);
    return (int32_t)number;
}

/* Ended, or waiting for whoever collects orphans here. */
static bool is_over(int32_t pid)
{
    char path[64];
    struct buf text = {0};
    uint64_t started;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    bool over = lab_read_file(path, 4096, &text) || !lab_stat_started(buf_str(&text), &started);

    buf_fini(&text);
    fault_clear();
    return over;
}

static void one_that_does_not_listen_is_ended_by_force(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct lab_process p;

    assert_int_equal(spawn("trap '' TERM; sleep 1000 & echo child $!; wait", &seen, &p), 0);
    int32_t child = logged_number("child ");

    lab_process_ask(&p);
    assert_true(lab_process_alive(&p));
    lab_process_end(&p, clock_mono());
    assert_false(lab_process_alive(&p));
    for (mono_ns deadline = clock_mono() + LONG_TIME; !is_over(child);) {
        assert_true(clock_mono() < deadline);
        usleep(1000);
    }
}

/* Whoever cannot note a process must not have one. */
static void nothing_begins_when_it_cannot_be_noted(void **state)
{
    (void)state;
    struct seen seen = {.answer = -ENOSPC};
    struct lab_process p = {0};
    struct buf log = {0};

    assert_int_equal(spawn("echo begun; exec sleep 1000", &seen, &p), -ENOSPC);
    assert_int_equal(p.pid, 0);
    assert_false(lab_process_alive(&seen.process));
    assert_int_equal(lab_read_file(log_path, 1 << 16, &log), 0);
    assert_int_equal(log.len, 0);
    buf_fini(&log);
}

static void a_program_that_is_not_there_is_named(void **state)
{
    (void)state;
    char missing[] = "/nowhere/server";
    char *argv[] = {missing, NULL};
    struct seen seen = {0};
    struct lab_spawn s = {dir, log_path, argv, NULL, on_started, &seen};
    struct lab_process p;

    assert_int_equal(lab_spawn(&s, &p), -ENOENT);
    assert_non_null(strstr(fault_text(), "/nowhere/server"));
    assert_false(lab_process_alive(&seen.process));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_start_is_found_behind_any_name),
        cmocka_unit_test(the_dead_have_no_start),
        cmocka_unit_test_setup_teardown(a_process_has_its_session_folder_and_variables, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_number_that_is_used_again_is_left_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_does_not_listen_is_ended_by_force, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_begins_when_it_cannot_be_noted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_program_that_is_not_there_is_named, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
