#include "lab/lab_config.h"

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
#include "lab/lab_folder.h"

static char dir[64];
static struct lab lab;

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/brunt-lab-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    lab_init(&lab, dir);
    return lab_folder_open(dir);
}

static int tear_down(void **state)
{
    (void)state;
    lab_fini(&lab);
    return lab_folder_remove(dir);
}

static bool is_there(const char *name)
{
    scoped(freep) char *path = xasprintf("%s/%s", dir, name);

    return access(path, F_OK) == 0;
}

static char *text_of(const char *name)
{
    scoped(freep) char *path = xasprintf("%s/%s", dir, name);
    struct buf text = {0};

    assert_int_equal(lab_read_file(path, 1 << 20, &text), 0);
    char *copy = xstrdup(buf_cstr(&text));

    buf_fini(&text);
    return copy;
}

/* ---- texts ---- */

/* "@word.word@": what nothing was put for. */
static bool has_placeholder(struct str text)
{
    while (text.n) {
        struct str rest = str_from_index(text, str_find(text, '@') + 1);
        size_t n = 0;

        while (n < rest.n &&
               (rest.p[n] == '.' || rest.p[n] == '-' || (rest.p[n] >= 'a' && rest.p[n] <= 'z')))
            n++;
        if (n && n < rest.n && rest.p[n] == '@')
            return true;
        text = rest;
    }
    return false;
}

static int check_text(void *n, const char *path, struct str text)
{
    (*(int *)n)++;
    if (has_placeholder(text))
        fail_msg("'%s' has a placeholder that nothing was put for", path);
    if (text.n == 0 || text.p[text.n - 1] != '\n')
        fail_msg("'%s' does not end with a line", path);
    return 0;
}

static void all_placeholders_are_known(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        int n = 0;

        lab.backend = i & 1 ? LAB_COMPOSE : LAB_NATIVE;
        lab.influx_version = i & 2 ? 2 : 1;
        assert_int_equal(lab_config_each(&lab, check_text, &n), 0);
        assert_in_range(n, 8, 20);
    }
}

static void files_belong_to_their_backend(void **state)
{
    (void)state;
    assert_int_equal(lab_config_write(&lab, dir), 0);
    assert_true(is_there("prometheus/prometheus.yml"));
    assert_true(is_there("prometheus/rules/brunt.alerts.yml"));
    assert_true(is_there("influxdb/influxdb.conf"));
    assert_true(is_there("grafana/provisioning/datasources/influxdb1.yaml"));
    assert_false(is_there("compose.yaml"));

    lab.backend = LAB_COMPOSE;
    lab.influx_version = 2;
    assert_int_equal(lab_config_write(&lab, dir), 0);
    assert_true(is_there("compose.yaml"));
    assert_true(is_there("grafana/provisioning/datasources/influxdb2.yaml"));
    assert_false(is_there("grafana/provisioning/datasources/influxdb1.yaml"));
    assert_false(is_there("influxdb/influxdb.conf"));
    assert_false(is_there("grafana/grafana.ini"));
}

static void a_file_that_stays_the_same_is_not_touched(void **state)
{
    (void)state;
    scoped(freep) char *path = xasprintf("%s/prometheus/prometheus.yml", dir);
    struct stat before, after;

    assert_int_equal(lab_config_write(&lab, dir), 0);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(lab_config_write(&lab, dir), 0);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    lab.ports[LAB_PORT_BRUNT] = 19464;
    assert_int_equal(lab_config_write(&lab, dir), 0);
    scoped(freep) char *text = text_of("prometheus/prometheus.yml");

    assert_non_null(strstr(text, "127.0.0.1:19464"));
}

/* ---- secrets ---- */

static void each_lab_has_secrets_of_its_own_and_keeps_them(void **state)
{
    (void)state;
    scoped(freep) char *path = xasprintf("%s/.env", dir);
    struct lab again, other;
    struct stat s;

    assert_int_equal(lab_secrets(&lab), 0);
    assert_int_equal(strlen(lab.secrets.token), 64);
    assert_int_equal(strlen(lab.secrets.password), 32);
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);

    lab_init(&again, dir);
    assert_int_equal(lab_secrets(&again), 0);
    assert_memory_equal(&again.secrets, &lab.secrets, sizeof(lab.secrets));
    lab_fini(&again);

    assert_int_equal(unlink(path), 0);
    lab_init(&other, dir);
    assert_int_equal(lab_secrets(&other), 0);
    assert_string_not_equal(other.secrets.token, lab.secrets.token);
    lab_fini(&other);
}

static int check_no_secret(void *secret, const char *path, struct str text)
{
    if (str_find_str(text, str_of(secret)) < text.n)
        fail_msg("'%s' contains a secret", path);
    return 0;
}

static void no_file_contains_a_secret(void **state)
{
    (void)state;
    assert_int_equal(lab_secrets(&lab), 0);
    for (int i = 0; i < 4; i++) {
        lab.backend = i & 1 ? LAB_COMPOSE : LAB_NATIVE;
        lab.influx_version = i & 2 ? 2 : 1;
        assert_int_equal(lab_config_each(&lab, check_no_secret, lab.secrets.token), 0);
        assert_int_equal(lab_config_each(&lab, check_no_secret, lab.secrets.password), 0);
    }
}

static void a_damaged_secret_is_made_anew(void **state)
{
    (void)state;
    scoped(freep) char *path = xasprintf("%s/.env", dir);

    assert_int_equal(
        lab_replace_file(path, STR("INFLUXDB_TOKEN=short\nGRAFANA_PASSWORD=$(rm)\n=\n"), 0600), 0);
    assert_int_equal(lab_secrets(&lab), 0);
    assert_int_equal(strlen(lab.secrets.token), 64);
    scoped(freep) char *text = text_of(".env");

    assert_null(strstr(text, "short"));
    assert_non_null(strstr(text, lab.secrets.token));
}

/* ---- the folder ---- */

static void a_folder_of_somebody_else_is_neither_used_nor_removed(void **state)
{
    (void)state;
    scoped(freep) char *other = xasprintf("%s/other", dir);
    scoped(freep) char *file = xasprintf("%s/theirs", other);

    assert_int_equal(file_make_folders(other, 0777), 0);
    assert_int_equal(lab_replace_file(file, STR("x"), 0644), 0);
    assert_int_equal(lab_folder_open(other), -EEXIST);
    assert_int_equal(lab_folder_remove(other), -ENOENT);
    assert_int_equal(access(file, F_OK), 0);
}

static void removing_follows_no_link(void **state)
{
    (void)state;
    scoped(freep) char *inner = xasprintf("%s/inner", dir);
    scoped(freep) char *kept = xasprintf("%s/kept/file", dir);
    scoped(freep) char *folder = xasprintf("%s/kept", dir);
    scoped(freep) char *link = xasprintf("%s/inner/link", dir);

    assert_int_equal(file_make_folders(folder, 0777), 0);
    assert_int_equal(lab_replace_file(kept, STR("x"), 0644), 0);
    assert_int_equal(lab_folder_open(inner), 0);
    assert_int_equal(symlink(folder, link), 0);
    assert_int_equal(lab_folder_remove(inner), 0);
    assert_int_not_equal(access(inner, F_OK), 0);
    assert_int_equal(access(kept, F_OK), 0);
}

static void dashboards_may_be_there_before_the_lab(void **state)
{
    (void)state;
    scoped(freep) char *other = xasprintf("%s/other", dir);
    scoped(freep) char *custom = xasprintf("%s/grafana/dashboards/custom", other);

    assert_int_equal(file_make_folders(custom, 0777), 0);
    assert_int_equal(lab_folder_open(other), 0);
    assert_true(lab_folder_is_ours(other));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(all_placeholders_are_known),
        TEST(files_belong_to_their_backend),
        TEST(a_file_that_stays_the_same_is_not_touched),
        TEST(each_lab_has_secrets_of_its_own_and_keeps_them),
        TEST(no_file_contains_a_secret),
        TEST(a_damaged_secret_is_made_anew),
        TEST(a_folder_of_somebody_else_is_neither_used_nor_removed),
        TEST(removing_follows_no_link),
        TEST(dashboards_may_be_there_before_the_lab),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
