/*
 * k6/http against a host without a network. The scripts in tests/fixtures/k6_http do the asking:
 * they look at responses themselves, and at requests through /echo, which answers with a
 * description of the struct http_request that the host was given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "metric/metric.h"
#include "metric/tagset.h"
#include "plan/options.h"
#include "proto/content.h"
#include "proto/cookie.h"
#include "proto/http.h"
#include "proto/http_pool.h"
#include "proto/url.h"
#include "script/script.h"

#define FIXTURES "tests/fixtures/k6_http/"

/* ---- the host ---- */

struct pending {
    const struct http_request *req;
    script_request_done_fn *done;
    void *arg;
};

struct fake {
    struct script_host host; /* first */
    struct arena arena;
    struct plan_options options;
    struct http_response_pool *pool;
    struct pending pending[64];
    size_t n_pending;
    size_t n_requests;
    struct buf log;       /* lines, each as a JSON string with a comma before it */
    struct buf exception; /* the text of the last one */
};

static struct fake *fake_of(struct script_host *h)
{
    return (struct fake *)(void *)h;
}

static void keep_header(struct http_response *r, struct str name, struct str value)
{
    struct http_head *head = http_response_head(r);

    head->headers =
        vec_grow(head->headers, head->n_headers, &head->cap_headers, sizeof(*head->headers));
    head->headers[head->n_headers++] =
        (struct http_header){http_response_keep(r, name), http_response_keep(r, value)};
    r->headers = head->headers;
    r->n_headers = head->n_headers;
}

static void keep_body(struct http_response *r, struct str body)
{
    buf_put(http_response_body(r), body.p, body.n);
    r->body = buf_str(http_response_body(r));
    r->has_body = true;
}

/* The head as a client would have sent it. */
static void keep_request(struct http_response *r, const struct http_request *req)
{
    scoped(buf_fini) struct buf head = BUF_INIT(0);
    scoped(buf_fini) struct buf cookie = BUF_INIT(0);
    struct str host = req->url->authority;

    buf_printf(&head, "%.*s %.*s HTTP/1.1\r\n", STR_ARG(req->method), STR_ARG(req->url->target));
    for (size_t i = 0; i < req->n_headers; i++) {
        if (str_eq_nocase(req->headers[i].name, STR("host")))
            host = req->headers[i].value;
    }
    buf_printf(&head, "Host: %.*s\r\nUser-Agent: test\r\n", STR_ARG(host));
    for (size_t i = 0; i < req->n_headers; i++) {
        if (!str_eq_nocase(req->headers[i].name, STR("host"))) {
            buf_printf(&head, "%.*s: %.*s\r\n", STR_ARG(req->headers[i].name),
                       STR_ARG(req->headers[i].value));
        }
    }
    ignored(cookie_header(&cookie, STR(""), req->cookies, req->n_cookies, NULL, req->url, 1));
    if (cookie.len > 0)
        buf_printf(&head, "Cookie: %.*s\r\n", STR_ARG(buf_str(&cookie)));
    buf_puts(&head, "\r\n");
    r->request_head = http_response_keep(r, buf_str(&head));
    if (req->has_body)
        r->request_body = http_response_keep(r, req->body);
}

static void put_pairs(struct json_out *j, const struct http_request *req)
{
    json_key(j, "headers");
    json_open_array(j);
    for (size_t i = 0; i < req->n_headers; i++) {
        json_open_array(j);
        json_put_str(j, req->headers[i].name);
        json_put_str(j, req->headers[i].value);
        json_close(j);
    }
    json_close(j);
    json_key(j, "cookies");
    json_open_array(j);
    for (size_t i = 0; i < req->n_cookies; i++) {
        json_open_array(j);
        json_put_str(j, req->cookies[i].name);
        json_put_str(j, req->cookies[i].value);
        json_put_bool(j, req->cookies[i].replace);
        json_close(j);
    }
    json_close(j);
    json_key(j, "tags");
    json_open_object(j);
    for (uint32_t i = 0; i < req->tags->n; i++) {
        json_key_str(j, req->tags->tags[i].key);
        json_put_str(j, req->tags->tags[i].value);
    }
    json_close(j);
}

static void put_expected(struct json_out *j, const struct status_set *set)
{
    json_key(j, "expected");
    if (!set) {
        json_put_null(j);
        return;
    }
    json_open_array(j);
    for (uint32_t i = 0; i < set->n; i++) {
        json_open_array(j);
        json_put_int(j, set->range[i].min);
        json_put_int(j, set->range[i].max);
        json_close(j);
    }
    json_close(j);
}

static void put_rest(struct json_out *j, struct fake *f, const struct http_request *req)
{
    scoped(buf_fini) struct buf userinfo = BUF_INIT(0);

    buf_printf(&userinfo, "%.*s:%.*s", STR_ARG(req->url->username), STR_ARG(req->url->password));
    json_key(j, "userinfo");
    json_put_str(j, buf_str(&userinfo));
    json_key(j, "name");
    json_put_str(j, req->name);
    json_key(j, "auth");
    json_put_int(j, req->auth);
    json_key(j, "discard");
    json_put_bool(j, req->body_mode == HTTP_BODY_DISCARD);
    json_key(j, "redirects");
    json_put_int(j, req->max_redirects);
    json_key(j, "timeout_ms");
    json_put_f64(j, (double)req->timeout / (double)NS_PER_MS);
    json_key(j, "jar");
    json_put_cstr(j, req->jar == f->host.jar ? "user" : "own");
}

static void answer_echo(struct fake *f, const struct http_request *req, struct http_response *r)
{
    scoped(buf_fini) struct buf b = BUF_INIT(0);
    struct json_out j = JSON_OUT(&b, 0);

    json_open_object(&j);
    json_key(&j, "method");
    json_put_str(&j, req->method);
    json_key(&j, "url");
    json_put_str(&j, req->url->original);
    json_key(&j, "body");
    if (req->has_body) {
        json_put_str(&j, req->body);
    } else {
        json_put_null(&j);
    }
    put_pairs(&j, req);
    put_expected(&j, req->expected);
    put_rest(&j, f, req);
    json_close(&j);
    keep_body(r, buf_str(&b));
}

static void answer_log(struct fake *f, const struct http_request *req, struct http_response *r)
{
    (void)req;
    buf_puts(&f->log, f->log.len > 0 ? "]" : ",]");
    keep_body(r, buf_str(&f->log));
    /* The comma before the first line becomes the bracket. */
    http_response_body(r)->data[0] = '[';
    buf_reset(&f->log);
}

static void answer_count(struct fake *f, const struct http_request *req, struct http_response *r)
{
    char text[32];
    struct buf b = {.data = text, .cap = sizeof(text), .limit = sizeof(text)};

    (void)req;
    buf_put_u64(&b, f->n_requests);
    keep_body(r, buf_str(&b));
}

static void answer_json(struct fake *f, const struct http_request *req, struct http_response *r)
{
    (void)f;
    (void)req;
    keep_body(r, STR("{\"a\":{\"b\":[1,2,{\"c\":\"x\"}]},\"n\":1.5}"));
    keep_header(r, STR("content-type"), STR("application/json"));
    keep_header(r, STR("X-Multi"), STR("1"));
    keep_header(r, STR("Set-Cookie"), STR("sid=abc; Path=/; HttpOnly; Max-Age=60"));
    keep_header(r, STR("x-multi"), STR("2"));
    keep_header(r, STR("Set-Cookie"),
                STR("t=1; Domain=test.local; Expires=Wed, 21 Oct 2037 07:28:00 GMT; Secure"));
    r->tls_version = "tls1.3";
    r->tls_cipher = "TLS_AES_128_GCM_SHA256";
    r->timings = (struct http_timings){
        .blocked = 500000,
        .connecting = 250000,
        .tls_handshaking = 125000,
        .sending = 1000000,
        .waiting = 2000000,
        .receiving = 3000000,
        .duration = 6000000,
    };
}

static void answer_bad_json(struct fake *f, const struct http_request *req, struct http_response *r)
{
    (void)f;
    (void)req;
    keep_body(r, STR("{\"a\": 1,\n \"b\": }"));
}

static void answer_bytes(struct fake *f, const struct http_request *req, struct http_response *r)
{
    (void)f;
    if (req->body_mode == HTTP_BODY_KEEP)
        keep_body(r, str_from("\0\377\376\1", 4));
}

static void answer_utf8(struct fake *f, const struct http_request *req, struct http_response *r)
{
    (void)f;
    (void)req;
    keep_body(r, STR("a\377b"));
}

static void answer_status(struct fake *f, const struct http_request *req, struct http_response *r)
{
    struct str text = str_from_index(req->url->path, sizeof("/status/") - 1);
    uint64_t status = 0;

    (void)f;
    assert_true(str_u64(text, &status));
    r->status = (int)status;
    r->reason = str_of(http_reason(r->status));
    r->has_body = status != 204;
}

static void answer_fail(struct fake *f, const struct http_request *req, struct http_response *r)
{
    (void)f;
    (void)req;
    r->status = 0;
    r->version = HTTP_VERSION_NONE;
    r->reason = r->request_head = STR("");
    r->remote_ip[0] = '\0';
    r->remote_port = 0;
    r->error = STR("dial: connection refused");
    r->error_code = 1212;
}

static void answer_101(struct fake *f, const struct http_request *req, struct http_response *r)
{
    (void)f;
    (void)req;
    r->status = 101;
    r->reason = STR("Switching Protocols");
}

static void answer_loop(struct fake *f, const struct http_request *req, struct http_response *r)
{
    (void)f;
    (void)req;
    r->status = 302;
    r->redirects_exhausted = true;
}

/* Undoes the codings of the request and tells what came out. */
static void answer_compressed(struct fake *f, const struct http_request *req,
                              struct http_response *r)
{
    scoped(buf_fini) struct buf plain = BUF_INIT(0);
    scoped(buf_fini) struct buf b = BUF_INIT(0);
    struct json_out j = JSON_OUT(&b, 0);
    struct str encoding = http_header_get(req->headers, req->n_headers, STR("Content-Encoding"));
    struct content_decoder *d = content_decoder_new(encoding, (struct content_limits){0});

    (void)f;
    assert_non_null(d);
    assert_int_equal(content_decode(d, req->body, &plain), 0);
    assert_int_equal(content_decode_end(d), 0);
    content_decoder_free(d);
    json_open_object(&j);
    json_key(&j, "encoding");
    json_put_str(&j, encoding);
    json_key(&j, "body");
    json_put_str(&j, buf_str(&plain));
    json_close(&j);
    keep_body(r, buf_str(&b));
}

static const struct {
    const char *path; /* or the beginning of one */
    void (*answer)(struct fake *f, const struct http_request *req, struct http_response *r);
} routes[] = {
    {"/echo", answer_echo}, {"/log", answer_log},          {"/count", answer_count},
    {"/json", answer_json}, {"/badjson", answer_bad_json}, {"/bytes", answer_bytes},
    {"/utf8", answer_utf8}, {"/status/", answer_status},   {"/fail", answer_fail},
    {"/101", answer_101},   {"/loop", answer_loop},        {"/compressed", answer_compressed},
};

static struct http_response *answer(struct fake *f, const struct http_request *req)
{
    struct http_response *r = http_response_new(f->pool);

    r->status = 200;
    r->version = HTTP_1_1;
    r->reason = STR("OK");
    r->url = http_response_keep(r, req->url->original);
    memcpy(r->remote_ip, "10.1.2.3", sizeof("10.1.2.3"));
    r->remote_port = 8080;
    keep_request(r, req);
    for (size_t i = 0; i < countof(routes); i++) {
        if (str_starts(req->url->path, str_of(routes[i].path)))
            routes[i].answer(f, req, r);
    }
    if (!str_is(req->url->path, "/log"))
        f->n_requests++;
    return r;
}

static int fake_request(struct script_host *h, const struct http_request *req,
                        struct http_response **ret_response)
{
    if (str_is(req->url->path, "/interrupt"))
        return SCRIPT_E_INTERRUPTED;
    *ret_response = answer(fake_of(h), req);
    return 0;
}

static int fake_batch(struct script_host *h, const struct http_request *const *reqs, size_t n,
                      struct http_response **ret_responses)
{
    for (size_t i = 0; i < n; i++)
        ret_responses[i] = answer(fake_of(h), reqs[i]);
    return 0;
}

static void fake_request_async(struct script_host *h, const struct http_request *req,
                               script_request_done_fn *done, void *arg)
{
    struct fake *f = fake_of(h);

    assert_true(f->n_pending < countof(f->pending));
    f->pending[f->n_pending++] = (struct pending){req, done, arg};
}

/* The latest first, so that order is not taken for granted. */
static int fake_wait_event(struct script_host *h, mono_ns due)
{
    struct fake *f = fake_of(h);
    struct pending p;

    (void)due;
    if (f->n_pending == 0)
        return 0;
    p = f->pending[--f->n_pending];
    p.done(p.arg, answer(f, p.req));
    return 0;
}

static mono_ns fake_now(struct script_host *h)
{
    (void)h;
    return 1;
}

static void fake_log_field(struct script_host *h, enum script_log_level level,
                           enum script_log_source source, struct str message, struct str field,
                           struct str value)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    scoped(buf_fini) struct buf line = BUF_INIT(0);

    (void)source;
    buf_printf(&line, "%s %.*s", levels[level], STR_ARG(message));
    if (field.n > 0 && !str_is(field, "url"))
        buf_printf(&line, " %.*s=%.*s", STR_ARG(field), STR_ARG(value));
    buf_putc(&fake_of(h)->log, ',');
    json_quote(&fake_of(h)->log, buf_str(&line));
}

static void fake_log(struct script_host *h, enum script_log_level level,
                     enum script_log_source source, struct str message)
{
    fake_log_field(h, level, source, message, STR(""), STR(""));
}

static uint64_t fake_exception(struct script_host *h, const struct script_exception *e)
{
    buf_reset(&fake_of(h)->exception);
    buf_putstr(&fake_of(h)->exception, e->line);
    return 0;
}

static const struct script_host_ops fake_ops = {
    .request = fake_request,
    .batch = fake_batch,
    .request_async = fake_request_async,
    .wait_event = fake_wait_event,
    .now = fake_now,
    .log = fake_log,
    .log_field = fake_log_field,
    .exception = fake_exception,
};

static void fake_init(struct fake *f, struct tag_pool *tags)
{
    *f = (struct fake){
        .host = {.ops = &fake_ops, .phase = SCRIPT_INIT, .tag_pool = tags, .iteration = -1},
        .options = {.max_redirects = 10, .user_agent = "test", .http_debug = ""},
        .pool = http_response_pool_new(),
    };
    f->host.tags = tagset_empty(tags);
    f->host.arena = &f->arena;
    f->host.jar = cookie_jar_new();
    f->host.options = &f->options;
    f->host.options_json = "{}";
    f->host.vu_id = 1;
}

static void fake_fini(struct fake *f)
{
    assert_int_equal(f->n_pending, 0);
    assert_int_equal(http_response_pool_n_live(f->pool), 0);
    http_response_pool_free(f->pool);
    cookie_jar_free(f->host.jar);
    arena_fini(&f->arena);
    buf_fini(&f->log);
    buf_fini(&f->exception);
}

/* ---- running a script ---- */

struct setting {
    bool throw;
    bool discard;
    const char *http_debug;
    int result; /* of the iteration */
};

struct running {
    struct script *script;
    void *loop;
    void *vu;
    struct fake fake;
};

static void start(struct running *run, const char *path, const struct setting *set,
                  struct tag_pool *tags, struct metric_registry *metrics)
{
    struct script_config config = {.path = path, .metrics = metrics};
    int r;

    fake_init(&run->fake, tags);
    run->fake.options.throw = set->throw;
    run->fake.options.discard_response_bodies = set->discard;
    if (set->http_debug)
        run->fake.options.http_debug = set->http_debug;
    r = script_js_ops.load(&config, &run->fake.host, &run->script);
    if (r)
        fail_msg("%s: %s", path, fault_text());
    assert_int_equal(script_js_ops.loop_open(run->script, &run->loop), 0);
    r = script_js_ops.vu_new(run->script, run->loop, &run->fake.host, &run->vu);
    if (r)
        fail_msg("%s: %d %.*s", path, r, STR_ARG(buf_str(&run->fake.exception)));
}

static void stop(struct running *run)
{
    script_js_ops.vu_free(run->vu);
    script_js_ops.loop_close(run->loop);
    script_js_ops.free(run->script);
    fake_fini(&run->fake);
}

/* Two iterations, so that what the first has left behind is used by the second. */
static void iterate(struct running *run, const char *path, int want)
{
    int index = script_js_ops.find_export(run->script, "default");

    assert_true(index >= 0);
    run->fake.host.phase = SCRIPT_RUN;
    for (int i = 0; i < 2; i++) {
        int r;

        run->fake.host.iteration = i;
        cookie_jar_clear(run->fake.host.jar);
        r = script_js_ops.run_iteration(run->vu, index, NULL);
        arena_reset(&run->fake.arena);
        if (r != want)
            fail_msg("%s: %d %.*s", path, r, STR_ARG(buf_str(&run->fake.exception)));
    }
}

static void run_fixture(const char *path, const struct setting *set)
{
    struct running run = {0};
    struct tag_pool *tags = tag_pool_new();
    struct metric_registry *metrics = metric_registry_new();

    start(&run, path, set, tags, metrics);
    iterate(&run, path, set->result);
    stop(&run);
    metric_registry_free(metrics);
    tag_pool_free(tags);
}

static void test_init(void **state)
{
    (void)state;
    run_fixture(FIXTURES "init.js", &(struct setting){0});
}

static void test_methods(void **state)
{
    (void)state;
    run_fixture(FIXTURES "methods.js", &(struct setting){0});
}

static void test_url(void **state)
{
    (void)state;
    run_fixture(FIXTURES "url.js", &(struct setting){0});
}

static void test_body(void **state)
{
    (void)state;
    run_fixture(FIXTURES "body.js", &(struct setting){0});
}

static void test_params(void **state)
{
    (void)state;
    run_fixture(FIXTURES "params.js", &(struct setting){0});
}

static void test_response(void **state)
{
    (void)state;
    run_fixture(FIXTURES "response.js", &(struct setting){0});
}

static void test_errors(void **state)
{
    (void)state;
    run_fixture(FIXTURES "errors.js", &(struct setting){0});
}

static void test_throwing(void **state)
{
    (void)state;
    run_fixture(FIXTURES "throwing.js", &(struct setting){.throw = true});
}

static void test_batch(void **state)
{
    (void)state;
    run_fixture(FIXTURES "batch.js", &(struct setting){0});
}

static void test_async(void **state)
{
    (void)state;
    run_fixture(FIXTURES "async.js", &(struct setting){0});
}

static void test_cookies(void **state)
{
    (void)state;
    run_fixture(FIXTURES "cookies.js", &(struct setting){0});
}

static void test_values(void **state)
{
    (void)state;
    run_fixture(FIXTURES "values.js", &(struct setting){0});
}

static void test_discard(void **state)
{
    (void)state;
    run_fixture(FIXTURES "discard.js", &(struct setting){.discard = true});
}

static void test_debug(void **state)
{
    (void)state;
    run_fixture(FIXTURES "debug.js", &(struct setting){.http_debug = "full"});
}

/* An interruption in a request cannot be caught. */
static void test_interrupt(void **state)
{
    (void)state;
    run_fixture(FIXTURES "interrupt.js", &(struct setting){.result = SCRIPT_E_INTERRUPTED});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init),      cmocka_unit_test(test_methods),
        cmocka_unit_test(test_url),       cmocka_unit_test(test_body),
        cmocka_unit_test(test_params),    cmocka_unit_test(test_response),
        cmocka_unit_test(test_errors),    cmocka_unit_test(test_throwing),
        cmocka_unit_test(test_batch),     cmocka_unit_test(test_async),
        cmocka_unit_test(test_cookies),   cmocka_unit_test(test_values),
        cmocka_unit_test(test_discard),   cmocka_unit_test(test_debug),
        cmocka_unit_test(test_interrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
