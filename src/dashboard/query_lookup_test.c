/* Variables: of lists and constants, and of queries that use each other. */
#include "dashboard/query_lookup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "dashboard/query_pattern.h"

/* Remembers the last path, and answers with the same names whatever is asked. */
struct server {
    char path[400];
};

static int carry(void *arg, enum query_kind kind UNUSED, const struct query_request *req,
                 struct buf *ret_body, int *ret_status)
{
    struct server *s = arg;
    size_t n = req->path.n < sizeof(s->path) ? req->path.n : sizeof(s->path) - 1;

    memcpy(s->path, req->path.p, n);
    s->path[n] = '\0';
    buf_puts(ret_body, "{\"data\":[\"http_req_p95\",\"http_req_min\",\"http_req_p95\",\"vus\"]}");
    *ret_status = 200;
    return 0;
}

static void assert_values(const char *list, const struct query_given *given, size_t n_given,
                          const char *wanted, const char *path)
{
    scoped(freep) char *json = xasprintf("{\"panels\":[],\"templating\":{\"list\":[%s]}}", list);
    struct server server = {0};
    struct query_servers servers = {
        .carry = carry, .arg = &server, .has = {[QUERY_PROMETHEUS] = true}};
    struct query_context context = {.from = NS_PER_S, .to = 61 * NS_PER_S, .interval = NS_PER_S};
    struct query_resolved *resolved;
    struct arena arena = {0};
    struct buf out = {0};
    struct queries *q;

    assert_int_equal(queries_read(str_of(json), &q), 0);
    query_lookup(q, &servers, given, n_given, &arena, &context, &resolved);
    for (size_t i = 0; i < q->n_variables; i++) {
        buf_printf(&out, "%.*s=%s", STR_ARG(resolved[i].value.name), resolved[i].is_all ? "*" : "");
        for (size_t j = 0; j < resolved[i].value.n_values; j++)
            buf_printf(&out, "%s%.*s", j ? "," : "", STR_ARG(resolved[i].value.values[j]));
        buf_printf(&out, "%s%.*s;", resolved[i].why.n ? "!" : "", STR_ARG(resolved[i].why));
    }
    assert_string_equal(buf_cstr(&out), wanted);
    if (path)
        assert_non_null(strstr(server.path, path));
    buf_fini(&out);
    arena_fini(&arena);
    queries_free(q);
}

static void test_lists(void **state UNUSED)
{
    assert_values("{\"name\":\"a\",\"type\":\"custom\",\"query\":\"1, two : 2 , 3\\\\,4\"}", NULL,
                  0, "a=1;", NULL);
    assert_values(
        "{\"name\":\"a\",\"type\":\"custom\",\"query\":\"1,2\",\"current\":{\"value\":\"2\"}}",
        NULL, 0, "a=2;", NULL);
    assert_values(
        "{\"name\":\"a\",\"type\":\"custom\",\"query\":\"1,2\",\"current\":{\"value\":\"9\"},\"includeAll\":true}",
        NULL, 0, "a=*1,2;", NULL);
    assert_values(
        "{\"name\":\"a\",\"type\":\"textbox\",\"query\":\"x\",\"current\":{\"value\":\"y\"}}", NULL,
        0, "a=y;", NULL);
    assert_values("{\"name\":\"a\",\"type\":\"constant\",\"query\":\"x\"}", NULL, 0, "a=x;", NULL);
    assert_values(
        "{\"name\":\"a\",\"type\":\"interval\",\"query\":\"1m,5m\",\"current\":{\"value\":\"$__auto_interval_a\"}}",
        NULL, 0, "a=1m;", NULL);
    assert_values("{\"name\":\"a\",\"type\":\"adhoc\"}", NULL, 0, "a=;", NULL);
}

static void test_queries(void **state UNUSED)
{
    assert_values(
        "{\"name\":\"a\",\"type\":\"query\",\"query\":\"label_values(up{b=\\\"x,y\\\"}, job)\"}",
        NULL, 0, "a=http_req_p95;", "/api/v1/label/job/values?start=1.000&end=61.000&match[]=up");
    assert_values(
        "{\"name\":\"a\",\"type\":\"query\",\"query\":\"metrics(http_req_)\",\"regex\":\"/http_req_(min|p[0-9]+)/g\","
        "\"includeAll\":true}",
        NULL, 0, "a=*p95,min;", "__name__");
    assert_values(
        "{\"name\":\"a\",\"type\":\"query\",\"query\":\"label_values(x)\",\"regex\":\"/nothing/\"}",
        NULL, 0, "a=!label_values(x) finds nothing that its regex lets through;", NULL);
    assert_values(
        "{\"name\":\"a\",\"type\":\"query\",\"query\":\"what(x)\",\"datasource\":{\"type\":\"prometheus\"}}",
        NULL, 0,
        "a=!it is none of label_names(), label_values(), metrics(), query_result() (what(x));",
        NULL);
    assert_values("{\"name\":\"a\",\"type\":\"query\",\"query\":\"tag_values(x)\"}", NULL, 0,
                  "a=!no Graphite server was given (tag_values(x));", NULL);
}

/* A variable's query may use one that comes later; a circle ends. */
static void test_order(void **state UNUSED)
{
    assert_values(
        "{\"name\":\"a\",\"type\":\"query\",\"query\":\"label_values($b, x)\"},{\"name\":\"b\",\"type\":\"constant\","
        "\"query\":\"later\"}",
        NULL, 0, "a=http_req_p95;b=later;", "match[]=later");
    assert_values(
        "{\"name\":\"a\",\"type\":\"query\",\"query\":\"label_values($b, x)\"},{\"name\":\"b\",\"type\":\"query\","
        "\"query\":\"label_values($a, x)\"}",
        NULL, 0, "a=http_req_p95;b=http_req_p95;", NULL);
}

static void test_given(void **state UNUSED)
{
    static const struct query_given given[] = {
        {{"a", 1}, {"5", 1}}, {{"b", 1}, {"y", 1}}, {{"a", 1}, {"6", 1}}};
    static const struct query_given all[] = {{{"a", 1}, {"All", 3}}};

    assert_values("{\"name\":\"a\",\"type\":\"custom\",\"query\":\"1,2\",\"multi\":true}", given, 3,
                  "a=5,6;", NULL);
    assert_values(
        "{\"name\":\"a\",\"type\":\"custom\",\"query\":\"1,2\",\"includeAll\":true,\"current\":{\"value\":\"2\"}}",
        all, 1, "a=*1,2;", NULL);
    assert_values("{\"name\":\"a\",\"type\":\"custom\",\"query\":\"1,2\"}", all, 1, "a=All;", NULL);
}

static void test_patterns(void **state UNUSED)
{
    static const struct {
        const char *pattern, *text, *value; /* NULL: it does not match */
    } cases[] = {
        {"/^a(.*)$/", "abc", "bc"},
        {"a", "xay", "xay"},
        {"/(?:a|b)(\\d+)/", "b12", "12"},
        {"/(?<value>x+)y/", "xxy", "xx"},
        {"/A/i", "a", "a"},
        {"/[\\w.]+$/", "a b.c", "a b.c"},
        {"/^a$/", "b", NULL},
        {"/\\./", "ab", NULL},
    };
    static const char *const beyond[] = {"/a*?/", "/(?=a)/",    "/\\bx/",
                                         "/(/",   "/a{2}b{3}/", "/(a)\\1/"};
    struct query_pattern *p;
    struct str value;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(query_pattern_new(str_of(cases[i].pattern), &p), 0);
        bool matches = query_pattern_match(p, str_of(cases[i].text), &value);

        assert_int_equal(matches, cases[i].value != NULL);
        if (matches)
            assert_true(str_is(value, cases[i].value));
        query_pattern_free(p);
    }
    for (size_t i = 0; i < countof(beyond); i++)
        assert_int_equal(query_pattern_new(str_of(beyond[i]), &p), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists), cmocka_unit_test(test_queries),  cmocka_unit_test(test_order),
        cmocka_unit_test(test_given), cmocka_unit_test(test_patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
