/* Who may call: names, pages, tokens and bodies, each case alone. */
#include "web/web_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "web/web_api.h"

static void test_loopback_names(void **s UNUSED)
{
    static const struct {
        const char *name;
        bool is_ours;
    } cases[] = {
        {"localhost", true},
        {"LocalHost:6565", true},
        {"127.0.0.1:6565", true},
        {"127.9.9.9", true},
        {"[::1]:80", true},
        {"[::1]", true},
        {"", false},
        {":80", false},
        {"evil.com", false},
        {"127.0.0.1.evil.com", false},
        {"127.0.0.1evil", false},
        {"127.0.0", false},
        {"127.0.0.1.1", false},
        {"127.0.0.256", false},
        {"128.0.0.1", false},
        {"localhost.evil.com", false},
        {"evil.com:127.0.0.1", false},
        {"[::2]", false},
        {"[::1", false},
        {"[", false},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        if (web_is_loopback_name(str_of(cases[i].name)) != cases[i].is_ours)
            fail_msg("'%s'", cases[i].name);
    }
    assert_true(web_is_loopback_origin(STR("http://localhost:3000")));
    assert_true(web_is_loopback_origin(STR("https://127.0.0.1")));
    assert_false(web_is_loopback_origin(STR("null")));
    assert_false(web_is_loopback_origin(STR("localhost")));
    assert_false(web_is_loopback_origin(STR("http://localhost@evil.com")));
    assert_false(web_is_loopback_origin(STR("http://evil.com/localhost")));
}

#define JSON_TYPE "application/json"

/* What a case sends beside a loopback Host; the answer's status, 0: he may. */
struct check {
    const char *method, *path, *host, *origin, *site, *type, *authorization;
    unsigned status;
};

static unsigned refusal(const struct web_guard *g, const struct check *k)
{
    const struct web_caller caller = {
        .method = str_of(k->method),
        .path = str_of(k->path),
        .host = str_of(k->host ? k->host : "127.0.0.1:6460"),
        .origin = str_of(k->origin),
        .fetch_site = str_of(k->site),
        .content_type = str_of(k->type),
        .authorization = str_of(k->authorization),
        .has_body = k->type != NULL,
    };
    struct web_answer a = {0};
    bool is_refused = web_guard_refuses(g, &caller, &a);
    unsigned status = is_refused ? a.status : 0;

    assert_int_equal(is_refused, a.body.len > 0);
    web_answer_fini(&a);
    return status;
}

static void check_all(const struct web_guard *g, const struct check *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned status = refusal(g, &all[i]);

        if (status != all[i].status)
            fail_msg("case %zu, %s %s: %u", i, all[i].method, all[i].path, status);
    }
}

static void test_loopback(void **s UNUSED)
{
    static const char ours[] = "http://127.0.0.1:6460", theirs[] = "https://evil.example";
    static const struct check all[] = {
        {"GET", "/", NULL, NULL, NULL, NULL, NULL, 0},
        {"GET", "/api/runs", "localhost", NULL, "same-origin", NULL, NULL, 0},
        {"GET", "/api/runs", "rebound.example:6460", NULL, NULL, NULL, NULL, 403},
        {"GET", "/", "rebound.example", NULL, NULL, NULL, NULL, 403},
        {"GET", "/", "", NULL, NULL, NULL, NULL, 403},
        {"GET", "/api/runs", NULL, theirs, NULL, NULL, NULL, 403},
        {"GET", "/api/runs", NULL, "null", NULL, NULL, NULL, 403},
        {"PATCH", "/api/runs/1", NULL, ours, "same-origin", JSON_TYPE, NULL, 0},
        {"PATCH", "/api/runs/1", NULL, NULL, NULL, "Application/JSON; charset=utf-8", NULL, 0},
        {"PATCH", "/api/runs/1", NULL, ours, "cross-site", JSON_TYPE, NULL, 403},
        {"PATCH", "/api/runs/1", NULL, theirs, NULL, JSON_TYPE, NULL, 403},
        {"PATCH", "/api/runs/1", "evil.example", ours, NULL, JSON_TYPE, NULL, 403},
        {"POST", "/api/connections/a/test", NULL, ours, NULL, "text/plain", NULL, 415},
        {"POST", "/api/connections/a/test", NULL, ours, NULL, NULL, NULL, 415},
        {"POST", "/api/connections/a/test", NULL, ours, NULL, "application/jsonp", NULL, 415},
        {"DELETE", "/api/runs/1", NULL, ours, NULL, NULL, NULL, 0},
        {"DELETE", "/api/runs/1", NULL, ours, NULL, "text/plain", NULL, 415},
        {"DELETE", "/api/runs/1", NULL, theirs, NULL, NULL, NULL, 403},
        {"POST", "/v1/control", NULL, NULL, NULL, NULL, NULL, 0},
        {"POST", "/v1/control", NULL, NULL, "cross-site", NULL, NULL, 403},
        {"POST", "/v1/control", NULL, "http://localhost:3000", NULL, NULL, NULL, 0},
    };
    struct web_guard g = {.token = ""};

    check_all(&g, all, countof(all));
    g.policy = WEB_POLICY_PUBLIC;
    assert_int_equal(refusal(&g, &(struct check){.method = "GET", .path = "/", .host = "a.b"}), 0);
}

/* GET changes something, at an address that others reach. */
static void test_open(void **s UNUSED)
{
    static const char host[] = "lab.example:8089", ours[] = "http://lab.example:8089";
    static const struct check all[] = {
        {"GET", "/", host, NULL, "cross-site", NULL, NULL, 0},
        {"GET", "/stop", host, NULL, NULL, NULL, NULL, 0},
        {"GET", "/stop", host, NULL, "same-origin", NULL, NULL, 0},
        {"GET", "/stop", host, NULL, "cross-site", NULL, NULL, 403},
        {"GET", "/stop", host, "https://evil.example", NULL, NULL, NULL, 403},
        {"POST", "/swarm", host, ours, NULL, "application/x-www-form-urlencoded", NULL, 0},
        {"POST", "/swarm", host, NULL, NULL, "application/x-www-form-urlencoded", NULL, 0},
        {"POST", "/swarm", host, "https://evil.example", NULL, NULL, NULL, 403},
    };
    struct web_guard g = {.policy = WEB_POLICY_OPEN, .gets_change = true};

    check_all(&g, all, countof(all));
    g.policy = WEB_POLICY_LOCAL;
    assert_int_equal(refusal(&g, &all[1]), 403);
}

static void test_token_page(void **s UNUSED)
{
    static const char good[] = "Bearer secret", host[] = "lab.example:6460";
    static const struct check all[] = {
        {"GET", "/", host, NULL, NULL, NULL, NULL, 0},
        {"GET", "/app.js", host, NULL, NULL, NULL, NULL, 0},
        {"GET", "/api/runs", host, NULL, NULL, NULL, NULL, 401},
        {"GET", "/v1/status", host, NULL, NULL, NULL, NULL, 401},
        {"POST", "/", host, NULL, NULL, NULL, NULL, 401},
        {"GET", "/api/runs", host, NULL, NULL, NULL, "Bearer wrong", 401},
        {"GET", "/api/runs", host, NULL, NULL, NULL, "Bearer secre", 401},
        {"GET", "/api/runs", host, NULL, NULL, NULL, "Bearer ", 401},
        {"GET", "/api/runs", host, NULL, NULL, NULL, "Basic secret", 401},
        {"GET", "/api/runs", host, NULL, NULL, NULL, "bearer  secret", 0},
        {"PATCH", "/api/runs/1", host, "http://lab.example:6460", "same-origin", JSON_TYPE, good,
         0},
        {"PATCH", "/api/runs/1", host, "http://evil.example", NULL, JSON_TYPE, good, 403},
        {"PATCH", "/api/runs/1", host, NULL, "cross-site", JSON_TYPE, good, 403},
        {"PATCH", "/api/runs/1", host, NULL, NULL, JSON_TYPE, NULL, 401},
        {"PATCH", "/api/runs/1", host, NULL, NULL, "text/plain", good, 415},
    };
    struct web_guard g = {.token = "secret", .has_open_files = true};

    check_all(&g, all, countof(all));
    g.has_open_files = false;
    assert_int_equal(refusal(&g, &all[0]), 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loopback_names),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_token_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
