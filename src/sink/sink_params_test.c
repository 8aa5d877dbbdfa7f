/* What a sink is told: where values come from, what is wrong with them, what may be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sink/sinks.h"

struct told {
    const char *database;
    const char *password;
    int64_t n;
    bool insecure;
    span_ns interval;
    const char *precision;
    struct sink_pairs headers;
};

#define AT(field) offsetof(struct told, field)

static const struct sink_param params[] = {
    {.key = "db", .type = SINK_STRING, .offset = AT(database), .env = "DB", .dflt = "k6"},
    {.key = "password", .type = SINK_SECRET, .offset = AT(password), .env = "PASSWORD"},
    {.key = "n", .type = SINK_INT, .offset = AT(n), .dflt = "4"},
    {.key = "insecure", .type = SINK_BOOL, .offset = AT(insecure)},
    {.key = "interval", .type = SINK_SPAN, .offset = AT(interval), .dflt = "1s"},
    {.key = "precision", .type = SINK_STRING, .offset = AT(precision), .values = "ns|ms|s"},
    {.key = "header", .type = SINK_PAIRS, .offset = AT(headers)},
};

static const struct sink_class class = {
    .name = "test",
    .arg = "URL",
    .params = params,
    .n_params = countof(params),
    .options_size = sizeof(struct told),
};

static struct {
    struct arena arena;
    struct told told;
    const char *db_setting, *db_env;
} t;

static int setup(void **state UNUSED)
{
    memset(&t, 0, sizeof(t));
    return 0;
}

static int teardown(void **state UNUSED)
{
    arena_fini(&t.arena);
    return 0;
}

static const char *env(void *arg UNUSED, const char *name)
{
    if (strcmp(name, "DB") == 0)
        return t.db_env;
    return strcmp(name, "MY_TOKEN") == 0 ? "s3cret" : NULL;
}

static const char *setting(void *arg UNUSED, const char *sink, const char *key)
{
    assert_string_equal(sink, "test");
    return strcmp(key, "db") == 0 ? t.db_setting : NULL;
}

static int tell(const char *query)
{
    struct sink_pairs pairs;
    struct sink_sources from = {.query = &pairs, .env = env, .setting = setting};

    TRY(sink_query_parse(&t.arena, str_of(query), &pairs));
    return sink_params_read(&class, &from, &t.arena, &t.told);
}

static void refuses(const char *query, const char *words)
{
    assert_int_equal(tell(query), FAULT_EXIT(104));
    if (!strstr(fault_text(), words))
        fail_msg("\"%s\" says nothing of \"%s\"", fault_text(), words);
}

static void test_the_nearest_source_counts(void **state UNUSED)
{
    assert_int_equal(tell(""), 0);
    assert_string_equal(t.told.database, "k6");
    assert_int_equal(t.told.n, 4);
    assert_true(t.told.interval == NS_PER_S);
    assert_null(t.told.password);
    t.db_setting = "from-file";
    assert_int_equal(tell(""), 0);
    assert_string_equal(t.told.database, "from-file");
    t.db_env = "from-env";
    assert_int_equal(tell(""), 0);
    assert_string_equal(t.told.database, "from-env");
    t.db_env = ""; /* an empty variable says nothing */
    assert_int_equal(tell(""), 0);
    assert_string_equal(t.told.database, "from-file");
    assert_int_equal(tell("db=a%26b&db=c%20d"), 0);
    assert_string_equal(t.told.database, "c d"); /* the later one, decoded */
}

static void test_values_are_of_their_type(void **state UNUSED)
{
    assert_int_equal(tell("n=-3&insecure&interval=1500&precision=ms"), 0);
    assert_int_equal(t.told.n, -3);
    assert_true(t.told.insecure);
    assert_true(t.told.interval == 1500 * NS_PER_MS);
    assert_int_equal(tell("header.X-A=1&header.X-B=2"), 0);
    assert_int_equal(t.told.headers.n, 2);
    assert_string_equal(t.told.headers.items[1].name, "X-B");
    assert_string_equal(t.told.headers.items[1].value, "2");
    refuses("n=many", "no whole number");
    refuses("insecure=maybe", "neither true nor false");
    refuses("interval=soon", "no time");
    refuses("precision=us", "none of ns|ms|s");
    refuses("databse=x", "no setting \"databse\"");
    refuses("precison=ms", "did you mean precision?");
    refuses("header=x", "no setting");
    refuses("db=100%", "begins no byte");
    refuses("db=%0", "begins no byte");
    refuses("db=%00", "begins no byte");
    refuses("db=%zz", "begins no byte");
}

static void test_a_secret_says_where_it_is(void **state UNUSED)
{
    char path[] = "/tmp/sink_params.XXXXXX";
    int fd = mkstemp(path);
    char query[100];

    assert_int_equal(write(fd, "  from a file\n", 14), 14);
    close(fd);
    assert_int_equal(tell("password=plain"), 0);
    assert_string_equal(t.told.password, "plain");
    assert_int_equal(tell("password=env:MY_TOKEN"), 0);
    assert_string_equal(t.told.password, "s3cret");
    snprintf(query, sizeof(query), "password=file:%s", path);
    assert_int_equal(tell(query), 0);
    assert_string_equal(t.told.password, "from a file");
    unlink(path);
    refuses(query, "cannot be read");
    refuses("password=env:NOT_SET", "NOT_SET is not set");
}

static void test_what_is_shown_has_no_secrets(void **state UNUSED)
{
    struct sink_pairs pairs;

    assert_int_equal(sink_query_parse(&t.arena,
                                      STR("db=a%26b&password=x&header.Authorization=y&n=1&odd=z"),
                                      &pairs),
                     0);
    assert_string_equal(sink_public_spec(&class, "http://me:pw@host:1/a@b", &pairs, &t.arena),
                        "test=http://host:1/a@b?db=a%26b&n=1");
    pairs.n = 0;
    assert_string_equal(sink_public_spec(&class, NULL, &pairs, &t.arena), "test");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_the_nearest_source_counts),
        TEST(test_values_are_of_their_type),
        TEST(test_a_secret_says_where_it_is),
        TEST(test_what_is_shown_has_no_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
