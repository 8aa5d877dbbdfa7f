/* The page's API over a real store in a temporary folder, asked without a server. */
#include "web/web_site.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "assets/web_assets.h"
#include "base/mem.h"
#include "store/store.h"
#include "web/web_stream.h"

static struct {
    char folder[64], file[96];
    struct web_site *site;
    struct web_stream *stream;
    bool is_gone;
    char key_seen[32];
    struct web_answer a;
    json_t *json;
} t;

/* ---- what cli would give ---- */

static bool live_state(void *self UNUSED, struct buf *out, uint64_t *ret_seq)
{
    *ret_seq = 7;
    buf_puts(out, "{\"id\":\"now\"}");
    return !t.is_gone;
}

static struct web_listener *live_listen(void *self UNUSED, bool *ret_is_there)
{
    *ret_is_there = !t.is_gone;
    return web_stream_join(t.stream, STR("event: entries\ndata: {}\n\n"));
}

static bool live_api(void *self UNUSED, const struct web_request *req UNUSED, struct web_answer *a)
{
    a->status = 200;
    buf_puts(&a->body, "{\"v1\":true}");
    return true;
}

static const struct web_live_ops live = {live_state, live_listen, live_api};

static int list_connections(void *self UNUSED, void (*fn)(void *, const struct web_connection *),
                            void *arg)
{
    const struct str tags[] = {STR("env:<b>")};

    fn(arg, &(struct web_connection){.name = STR("prod"),
                                     .endpoint = STR("https://x/graphite/metrics"),
                                     .username = STR("1"),
                                     .namespace = STR("lp"),
                                     .has_key = true,
                                     .enabled = true,
                                     .tags = tags,
                                     .n_tags = 1});
    return 0;
}

static int put_connection(void *self UNUSED, const struct web_connection *c, struct str key)
{
    if (!str_is(c->name, "a b"))
        return fault(FAULT_EXIT(104), "a name like that cannot be");
    snprintf(t.key_seen, sizeof(t.key_seen), "%.*s", STR_ARG(key));
    return 0;
}

static int no_connection(void *self UNUSED, struct str name)
{
    return fault(-ENOENT, "there is no connection '%.*s'", STR_ARG(name));
}

static int test_one(void *self UNUSED, struct str name, struct buf *ret_text)
{
    buf_printf(ret_text, "%.*s answered 200", STR_ARG(name));
    return 0;
}

static const struct web_connection_ops connections = {list_connections, put_connection,
                                                      no_connection, test_one};

/* ---- asking ---- */

static void forget(void)
{
    web_answer_fini(&t.a);
    t.a = (struct web_answer){0};
    json_decref(t.json);
    t.json = NULL;
}

/* The answer's status; its JSON, if it is some, is in t.json. */
static unsigned ask(const char *method, const char *target, const char *body)
{
    char path[256];

    forget();
    snprintf(path, sizeof(path), "%.*s", (int)strcspn(target, "?"), target);
    struct web_request req = {.method = str_of(method),
                              .target = str_of(target),
                              .path = str_of(path),
                              .body = str_of(body)};

    assert_true(web_site_answer(t.site, &req, &t.a));
    t.json = json_loadb(t.a.body.data ? t.a.body.data : "", t.a.body.len, JSON_DECODE_ANY, NULL);
    return t.a.status;
}

static unsigned get(const char *target)
{
    return ask("GET", target, NULL);
}

static const char *text_at(const char *key)
{
    const char *s = json_string_value(json_object_get(t.json, key));

    return s ? s : "(none)";
}

static const char *error_text(void)
{
    return json_string_value(
        json_object_get(json_array_get(json_object_get(t.json, "errors"), 0), "detail"));
}

/* ---- a store with three runs, the first of which goes on ---- */

static void add_run(struct store *s, const char *id, const char *script, enum store_state state)
{
    struct store_run run = {.id = str_of(id),
                            .name = STR("<img src=x>"),
                            .script = str_of(script),
                            .kind = STR("k6"),
                            .script_hash = STR("h1"),
                            .script_text = STR("export default 1"),
                            .created = 1750000000 * NS_PER_S,
                            .exit_code = -1};

    assert_int_equal(store_run_add(s, &run, &run.key), 0);
    run.state = state;
    run.exit_code = 0;
    struct store_exchange e = {.kind = STR("failed"),
                               .name = STR("/a"),
                               .method = STR("GET"),
                               .status = 500,
                               .har = STR("{\"time\":1}")};

    assert_int_equal(store_exchange_add(s, run.key, &e), 0);
    assert_int_equal(store_exceptions_put(s, run.key,
                                          &(struct exception){.kind = STR("KeyError"),
                                                              .message = STR("'id'"),
                                                              .stack = STR("<script>"),
                                                              .count = 4,
                                                              .workers = 5},
                                          1),
                     0);
    if (state != STORE_RUNNING)
        assert_int_equal(store_run_update(s, &run), 0);
}

static int setup(void **state UNUSED)
{
    struct store *s = NULL;

    memset(&t, 0, sizeof(t));
    snprintf(t.folder, sizeof(t.folder), "/tmp/brunt-web-test-XXXXXX");
    assert_non_null(mkdtemp(t.folder));
    snprintf(t.file, sizeof(t.file), "%s/runs.db", t.folder);
    assert_int_equal(store_open(t.file, STORE_WRITE, &s), 0);
    add_run(s, "r-1-now", "a.js", STORE_RUNNING);
    add_run(s, "r-2-one", "a.js", STORE_FINISHED);
    add_run(s, "r-2-two", "b.js", STORE_FAILED);
    store_close(s);
    t.stream = web_stream_new();
    struct web_site_config config = {.store = t.file, .live = &live, .connections = &connections};

    t.site = web_site_new(&config);
    return 0;
}

static int teardown(void **state UNUSED)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    forget();
    web_site_free(t.site);
    web_stream_unref(t.stream);
    for (size_t i = 0; i < countof(suffixes); i++) {
        char path[128];

        snprintf(path, sizeof(path), "%s%s", t.file, suffixes[i]);
        unlink(path);
    }
    fault_clear();
    return rmdir(t.folder);
}

/* ---- tests ---- */

static void test_lists(void **s UNUSED)
{
    assert_int_equal(get("/api/runs"), 200);
    assert_int_equal(json_integer_value(json_object_get(t.json, "total")), 3);
    assert_int_equal(json_array_size(json_object_get(t.json, "runs")), 3);
    assert_int_equal(get("/api/runs?script=a.js&limit=1"), 200);
    assert_int_equal(json_integer_value(json_object_get(t.json, "total")), 2);
    assert_int_equal(json_array_size(json_object_get(t.json, "runs")), 1);
    assert_int_equal(get("/api/runs?offset=2"), 200);
    assert_int_equal(json_array_size(json_object_get(t.json, "runs")), 1);
    assert_int_equal(get("/api/runs?baseline=1"), 200);
    assert_int_equal(json_integer_value(json_object_get(t.json, "total")), 0);
    assert_int_equal(get("/api/runs?limit=x"), 400);
    assert_int_equal(get("/api/runs?limit=1001"), 400);
    assert_int_equal(get("/api/scripts"), 200);
    assert_int_equal(json_array_size(t.json), 2);
}

static void test_one_run(void **s UNUSED)
{
    assert_int_equal(get("/api/runs/r-2-one?steps=10"), 200);
    assert_string_equal(text_at("format"), "brunt-run");
    assert_int_equal(get("/api/runs/2"), 200);
    assert_int_equal(get("/api/runs/%232"), 200);
    assert_int_equal(get("/api/runs/latest"), 200);
    assert_int_equal(get("/api/runs/r-9"), 404);
    assert_non_null(strstr(error_text(), "r-9"));
    assert_int_equal(get("/api/runs/r-2"), 409);
    assert_non_null(strstr(error_text(), "r-2-one"));
    assert_int_equal(get("/api/runs/9999"), 404);
    assert_int_equal(get("/api/runs/r-2-one?steps=-1"), 400);
    assert_int_equal(get("/api/runs/r-2-one/script"), 200);
    assert_string_equal(t.a.content_type, "text/plain; charset=utf-8");
    assert_string_equal(buf_cstr(&t.a.body), "export default 1");
}

static void test_exceptions(void **s UNUSED)
{
    assert_int_equal(get("/api/runs/r-2-one/exceptions"), 200);
    assert_int_equal(json_array_size(t.json), 1);
    const json_t *e = json_array_get(t.json, 0);

    assert_string_equal(json_string_value(json_object_get(e, "kind")), "KeyError");
    assert_string_equal(json_string_value(json_object_get(e, "stack")), "<script>");
    assert_int_equal(json_integer_value(json_object_get(e, "count")), 4);
    assert_int_equal(json_array_size(json_object_get(e, "workers")), 2);
    assert_int_equal(get("/api/runs/r-9/exceptions"), 404);
}

static void test_exchanges(void **s UNUSED)
{
    assert_int_equal(get("/api/runs/r-2-one/exchanges/2"), 200);
    assert_int_equal(json_integer_value(json_object_get(t.json, "time")), 1);
    assert_int_equal(get("/api/runs/r-2-one/exchanges/1"), 404); /* another run's */
    assert_int_equal(get("/api/runs/r-2-one/exchanges/x"), 404);
    assert_int_equal(get("/api/runs/r-2-one/har"), 200);
    assert_string_equal(t.a.filename, "r-2-one.har");
    assert_int_equal(json_array_size(json_object_get(json_object_get(t.json, "log"), "entries")),
                     1);
}

static void test_changes(void **s UNUSED)
{
    static const char labels[] = "{\"labels\":[\"<b>\"],\"note\":\"n\",\"baseline\":true}";

    assert_int_equal(ask("PATCH", "/api/runs/r-2-one", labels), 200);
    assert_string_equal(text_at("note"), "n");
    assert_int_equal(get("/api/runs?baseline=1&label=%3Cb%3E"), 200);
    assert_int_equal(json_integer_value(json_object_get(t.json, "total")), 1);
    assert_int_equal(ask("PATCH", "/api/runs/r-2-one", "{\"note\":\"\"}"), 200);
    assert_string_equal(text_at("note"), "");
    assert_int_equal(json_array_size(json_object_get(t.json, "labels")), 1);
    assert_int_equal(ask("PATCH", "/api/runs/r-2-one", "{\"state\":1}"), 400);
    assert_int_equal(ask("PATCH", "/api/runs/r-1-now", "{\"note\":\"live\"}"), 200);
    assert_int_equal(ask("DELETE", "/api/runs/r-1-now", NULL), 409);
    assert_int_equal(ask("DELETE", "/api/runs/r-2-two", NULL), 200);
    assert_int_equal(get("/api/runs/r-2-two"), 404);
}

static void test_comparison(void **s UNUSED)
{
    assert_int_equal(get("/api/compare?current=r-2-one"), 400);
    assert_non_null(strstr(error_text(), "baseline"));
    assert_int_equal(get("/api/compare?current=r-2-one&baseline=r-9"), 404);
    assert_int_equal(get("/api/compare?current=2&baseline=3&threshold=-1"), 400);
    assert_int_equal(get("/api/compare?current=2&baseline=3&threshold=10"), 200);
    assert_string_equal(text_at("format"), "brunt-comparison");
    assert_int_equal(get("/api/trend"), 400);
    assert_int_equal(get("/api/trend?script=none.js"), 404);
}

static void test_live(void **s UNUSED)
{
    assert_int_equal(get("/api/live"), 200);
    assert_int_equal(json_integer_value(json_object_get(t.json, "seq")), 7);
    assert_int_equal(get("/v1/status"), 200);
    assert_true(json_is_true(json_object_get(t.json, "v1")));
    assert_int_equal(get("/api/live/events"), 200);
    assert_non_null(t.a.listener);
    t.is_gone = true;
    web_stream_end(t.stream);
    assert_int_equal(get("/api/live"), 200);
    assert_true(json_is_null(json_object_get(t.json, "run")));
    assert_int_equal(get("/api/live/events"), 204);
}

static void test_connections(void **s UNUSED)
{
    assert_int_equal(get("/api/connections"), 200);
    assert_null(strstr(buf_cstr(&t.a.body), "\"key\""));
    assert_true(json_is_true(json_object_get(json_array_get(t.json, 0), "has_key")));
    assert_int_equal(ask("PUT", "/api/connections/a%20b", "{\"key\":\"secret\"}"), 200);
    assert_string_equal(t.key_seen, "secret");
    assert_null(strstr(buf_cstr(&t.a.body), "secret"));
    assert_int_equal(ask("PUT", "/api/connections/c", "{\"key\":\"secret\"}"), 400);
    assert_int_equal(ask("PUT", "/api/connections/c", "{\"key\":1}"), 400);
    assert_int_equal(ask("DELETE", "/api/connections/c", NULL), 404);
    assert_int_equal(ask("POST", "/api/connections/prod/test", "{}"), 200);
    assert_string_equal(text_at("text"), "prod answered 200");
}

static void test_routes(void **s UNUSED)
{
    assert_int_equal(get("/api/nothing"), 404);
    assert_int_equal(get("/api/runs/"), 404);
    assert_int_equal(get("/etc/passwd"), 404);
    assert_int_equal(get("/%2e%2e/etc/passwd"), 404);
    assert_int_equal(ask("POST", "/api/runs", "{}"), 405);
    assert_string_equal(t.a.allow, "GET");
    assert_int_equal(ask("PUT", "/api/runs/2", "{}"), 405);
    assert_string_equal(t.a.allow, "GET, PATCH, DELETE");
    assert_int_equal(ask("POST", "/", ""), 405);
    assert_int_equal(get("/api/connections/prod/test"), 405); /* nothing happens by GET */
}

static void test_files(void **s UNUSED)
{
    const struct web_asset *page = web_asset_find(STR("/"));
    struct web_request req = {.method = STR("GET"), .path = STR("/"), .target = STR("/?x=1")};

    assert_int_equal(get("/"), 200);
    assert_int_equal(t.a.n_fixed, page->n);
    assert_string_equal(t.a.etag, page->etag);
    assert_false(t.a.is_gzip);
    forget();
    req.accept_encoding = STR("br, gzip");
    web_site_answer(t.site, &req, &t.a);
    assert_int_equal(t.a.is_gzip, page->gzip != NULL);
    forget();
    req.if_none_match = str_of(page->etag);
    web_site_answer(t.site, &req, &t.a);
    assert_int_equal(t.a.status, 304);
    assert_null(t.a.fixed);
}

static void test_without_all(void **s UNUSED)
{
    struct web_site *bare = web_site_new(&(struct web_site_config){0}), *all = t.site;

    t.site = bare;
    assert_int_equal(get("/api/live"), 200);
    assert_int_equal(get("/api/runs"), 404);
    assert_int_equal(get("/v1/status"), 404);
    assert_int_equal(get("/api/connections"), 200);
    assert_int_equal(ask("PUT", "/api/connections/x", "{}"), 400);
    t.site = all;
    web_site_free(bare);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lists),       TEST(test_one_run),     TEST(test_exceptions), TEST(test_exchanges),
        TEST(test_changes),     TEST(test_live),        TEST(test_routes),     TEST(test_files),
        TEST(test_without_all), TEST(test_connections), TEST(test_comparison),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
