/*
 * A request to the page's server: a target, then, after a zero byte, a body. What is decoded never
 * has a control character, what a body changes can be written as JSON, and nobody strange gets in.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "web/web_api.h"
#include "web/web_body.h"
#include "web/web_guard.h"
#include "web/web_uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_decoded(struct str text)
{
    assert(text.p[text.n] == '\0');
}

static void take_target(struct arena *arena, struct str target)
{
    static const char *const patterns[] = {"/api/runs/{}", "/api/runs/{}/exchanges/{}", "/{}/{}"};
    struct str path, query, value, params[WEB_PARAMS_MAX] = {{0}};
    uint64_t number = 0;

    web_uri_split(target, &path, &query);
    for (size_t i = 0; i < countof(patterns); i++) {
        if (web_path_fits(arena, path, patterns[i], params))
            check_decoded(params[0]);
    }
    if (web_query_get(arena, query, "q", &value))
        check_decoded(value);
    if (web_query_number(arena, query, "steps", 1000, &number) == 0)
        assert(number <= 1000);
}

static void take_body(struct arena *arena, struct str body)
{
    struct web_connection_change connection;
    struct web_run_change change;
    struct buf key = {0};

    if (web_run_change_parse(arena, body, &change) == 0)
        assert(!change.has_labels || change.labels_json.p[0] == '[');
    if (web_connection_change_parse(arena, body, &connection, &key) == 0)
        assert(connection.n_tags <= WEB_TAGS_MAX);
    buf_fini(&key);
}

static void take_caller(struct str text)
{
    const struct web_guard guard = {.token = "secret"}, open = {.token = ""};
    struct web_caller c = {.method = STR("PATCH"),
                           .path = STR("/api/runs/1"),
                           .host = text,
                           .origin = text,
                           .authorization = text,
                           .content_type = text,
                           .has_body = true};
    struct web_answer a = {0};

    /* One text is never a host of this machine and our type of body at once. */
    assert(web_guard_refuses(&guard, &c, &a));
    assert(web_guard_refuses(&open, &c, &a));
    web_answer_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str all = str_from((const char *)data, n);
    size_t at = str_find(all, '\0');
    struct arena arena = {0};

    take_target(&arena, str_from(all.p, at));
    take_body(&arena, str_from_index(all, at + 1));
    take_caller(str_from(all.p, at));
    arena_fini(&arena);
    fault_clear();
    return 0;
}
