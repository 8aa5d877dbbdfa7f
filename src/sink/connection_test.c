#include "sink/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

#define ENDPOINT "https://graphite.test/graphite/metrics"

static const char seed[] =
    "{\"endpoint\": \"" ENDPOINT "\", \"username\": \"3140687\","
    "\"apiKey\": \"secret-1\", \"defaultTags\": [\"env:prod\", \"team=perf\"],"
    "\"metricNamespace\": \"lp.run_results\", \"name\": \"prod\"}";

static const char *env(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "HOME") == 0 ? "/home/ann" : strcmp(name, "KEY") == 0 ? "k-2\n" : NULL;
}

static int parse_array(struct connections *c, const char *entries)
{
    scoped(freep) char *text = xasprintf("[%s]", entries);

    return connections_parse(c, str_of(text), "here");
}

static void what_leapwork_stores_is_read(void **state)
{
    struct connections c = {0};
    struct tag tags[2];
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    assert_int_equal(parse_array(&c, seed), 0);
    const struct connection *one = connections_find(&c, "prod");

    assert_non_null(one);
    assert_true(one->enabled);
    assert_int_equal(connection_check(one), 0);
    assert_int_equal(one->n_default_tags, 2);
    connection_tags(one, tags);
    assert_true(str_is(tags[0].key, "env") && str_is(tags[0].value, "prod"));
    assert_true(str_is(tags[1].key, "team") && str_is(tags[1].value, "perf"));
    connection_authorization(one->username, STR("secret-1"), &out);
    assert_string_equal(buf_cstr(&out), "Basic MzE0MDY4NzpzZWNyZXQtMQ==");
    buf_reset(&out);
    connection_query_url(one, &out);
    assert_string_equal(buf_cstr(&out), "https://graphite.test/graphite");
    connections_fini(&c);
}

/* A value may have colons: only the first separator counts. */
static void tags_are_cut_once(void **state)
{
    static const char *const texts[] = {"url:http://h:1", "a=b=c", "a:b=c", "a=b:c"};
    static const char *const values[] = {"http://h:1", "b=c", "b=c", "b:c"};
    struct connections c = {0};
    struct connection *one = connections_add(&c, "x");
    struct tag tags[countof(texts)];

    (void)state;
    for (size_t i = 0; i < countof(texts); i++)
        assert_int_equal(connection_add_tag(&c, one, texts[i]), 0);
    connection_tags(one, tags);
    for (size_t i = 0; i < countof(texts); i++)
        assert_true(str_is(tags[i].value, values[i]));
    connections_fini(&c);
}

static const struct {
    const char *entries, *said;
} bad[] = {
    {"1", "here: a connection is no object"},
    {"{}", "here: a connection has a \"name\" of 1 to 64 bytes"},
    {"{\"name\":\"\"}", "here: a connection has a \"name\" of 1 to 64 bytes"},
    {"{\"name\":\"a/b\"}", "a connection's name has no control characters"},
    {"{\"name\":\"a\"},{\"name\":\"a\"}", "here: two connections have the name \"a\""},
    {"{\"name\":\"a\",\"apikey\":\"s3cr3t\"}",
     "here: connection \"a\": there is no setting \"apikey\""},
    {"{\"name\":\"a\",\"apiKey\":1}", "here: connection \"a\": apiKey is no string"},
    {"{\"name\":\"a\",\"enabled\":1}", "enabled is neither true nor false"},
    {"{\"name\":\"a\",\"provider\":\"datadog\"}", "the only provider is \"grafana\""},
    {"{\"name\":\"a\",\"defaultTags\":\"x\"}", "defaultTags is no array"},
    {"{\"name\":\"a\",\"defaultTags\":[1]}", "defaultTags has something that is no string"},
    {"{\"name\":\"a\",\"defaultTags\":[\"x\"]}", "a value is not empty"},
    {"{\"name\":\"a\",\"defaultTags\":[\"name:x\"]}", "is not \"name\""},
    {"{\"name\":\"a\",\"defaultTags\":[\"a b:x\"]}", "a key has letters, digits and _"},
    {"{\"name\":\"a\",\"defaultTags\":[\"a:~x\"]}", "does not begin with ~"},
    {"{\"name\":\"a\",\"apiKey\":\"s3cr3t}", "here: no JSON (line 1, column"},
};

static void bad_files_are_refused_without_their_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        struct connections c = {0};

        assert_int_equal(parse_array(&c, bad[i].entries), FAULT_EXIT(104));
        if (!strstr(fault_text(), bad[i].said))
            fail_msg("%s: said '%s'", bad[i].entries, fault_text());
        assert_null(strstr(fault_text(), "s3cr3t"));
        assert_int_equal(c.n, 0);
        connections_fini(&c);
    }
}

static const struct {
    const char *endpoint, *username, *key, *said;
} incomplete[] = {
    {NULL, "1", "k", "Grafana connection is missing endpoint"},
    {"", "1", "k", "Grafana connection is missing endpoint"},
    {ENDPOINT, NULL, "k", "Grafana connection is missing username"},
    {ENDPOINT, "1", "", "Grafana connection is missing apiKey"},
    {"ftp://h/graphite/metrics", "1", "k", "is no http or https URL"},
    {"https://h/graphite", "1", "k", "does not end with /graphite/metrics"},
    {ENDPOINT, "a:b", "k", "without a colon"},
};

static void what_is_missing_is_said_in_leapworks_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(incomplete); i++) {
        struct connection one = {.name = "x",
                                 .endpoint = incomplete[i].endpoint,
                                 .username = incomplete[i].username,
                                 .api_key = incomplete[i].key};

        assert_int_equal(connection_check(&one), FAULT_EXIT(104));
        if (!strstr(fault_text(), incomplete[i].said))
            fail_msg("'%s' is not '%s'", fault_text(), incomplete[i].said);
    }
}

static void keys_come_from_where_they_are(void **state)
{
    struct connection one = {.name = "x", .api_key = "plain"};
    scoped(buf_fini) struct buf key = {0};

    (void)state;
    assert_int_equal(connection_key(&one, env, NULL, &key), 0);
    assert_string_equal(buf_cstr(&key), "plain");
    one.api_key = "env:KEY";
    assert_int_equal(connection_key(&one, env, NULL, &key), 0);
    assert_string_equal(buf_cstr(&key), "k-2");
    one.api_key = "env:NONE";
    assert_int_equal(connection_key(&one, env, NULL, &key), FAULT_EXIT(104));
    one.api_key = "file:/nowhere/at/all";
    assert_int_equal(connection_key(&one, env, NULL, &key), FAULT_EXIT(104));
    one.api_key = "zq qz";
    assert_int_equal(connection_key(&one, env, NULL, &key), FAULT_EXIT(104));
    assert_null(strstr(fault_text(), "zq"));
}

/* Through a folder that is not there yet, and back. */
static void files_are_private(void **state)
{
    char dir[] = "/tmp/brunt-connections-XXXXXX";
    struct connections c = {0}, again = {0};
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(dir));
    scoped(freep) char *folder = xasprintf("%s/config", dir);
    scoped(freep) char *path = xasprintf("%s/connections.json", folder);

    assert_int_equal(connections_load(&c, path), 0);
    assert_int_equal(c.n, 0);
    assert_int_equal(parse_array(&c, seed), 0);
    connections_add(&c, "other")->enabled = false;
    for (int i = 0; i < 2; i++)
        assert_int_equal(connections_save(&c, path), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(connections_load(&again, path), 0);
    assert_int_equal(again.n, 2);
    assert_string_equal(connections_find(&again, "prod")->api_key, "secret-1");
    assert_int_equal(connections_find(&again, "prod")->n_default_tags, 2);
    assert_false(connections_find(&again, "other")->enabled);
    connections_remove(&again, connections_find(&again, "prod"));
    assert_null(connections_find(&again, "prod"));
    assert_non_null(connections_find(&again, "other"));
    connections_fini(&again);
    chmod(path, 0644);
    assert_int_equal(connections_load(&again, path), FAULT_EXIT(104));
    assert_non_null(strstr(fault_text(), "chmod 600"));
    connections_fini(&again);
    connections_fini(&c);
    unlink(path);
    rmdir(folder);
    rmdir(dir);
}

static void the_file_has_its_place(void **state)
{
    struct connections c = {0};

    (void)state;
    assert_string_equal(connections_path(&c, env, NULL),
                        "/home/ann/.config/brunt/connections.json");
    connections_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_leapwork_stores_is_read),
        cmocka_unit_test(tags_are_cut_once),
        cmocka_unit_test(bad_files_are_refused_without_their_keys),
        cmocka_unit_test(what_is_missing_is_said_in_leapworks_words),
        cmocka_unit_test(keys_come_from_where_they_are),
        cmocka_unit_test(files_are_private),
        cmocka_unit_test(the_file_has_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
