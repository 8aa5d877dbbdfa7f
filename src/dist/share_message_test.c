/* Messages come back as they were sent; bytes that are none are told, whatever they are. */
#include "dist/share_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "dist/share_exchange.h"

static struct arena arena;
static struct buf out;

static int begin(void **state UNUSED)
{
    buf_reset(&out);
    arena_reset(&arena);
    return 0;
}

static void ready(void **state UNUSED)
{
    struct share_ready m = {-5, STR("no such file")}, got;

    share_put_ready(&out, &m);
    assert_int_equal(share_get_ready(buf_str(&out), &got), 0);
    assert_int_equal(got.result, -5);
    assert_true(str_eq(got.text, m.text));
}

static void control(void **state UNUSED)
{
    const struct run_remote_scale scales[] = {{-1, -1}, {17, -1}, {-1, 2.5}, {0, 0}};
    struct share_control got;

    share_put_control(&out, true, scales, countof(scales));
    assert_int_equal(share_get_control(buf_str(&out), &arena, &got), 0);
    assert_true(got.paused);
    assert_int_equal(got.n, countof(scales));
    for (size_t i = 0; i < got.n; i++) {
        assert_true(got.scales[i].vus == scales[i].vus);
        assert_true(got.scales[i].rate == scales[i].rate);
    }
}

static struct run_remote_news some_news(void)
{
    static const struct run_remote_part parts[] = {{1, 2, 3, 4, false}, {0, 7, 0, 7, true}};
    struct run_remote_news news = {.series = STR("series"),
                                   .tick = STR("\0tick"),
                                   .totals = {.complete = 1, .failed = 9, .requests = 1ULL << 40},
                                   .script = {.script_ns = 5, .n_gc = 6},
                                   .failed = true,
                                   .exceptions = STR("\1\0exceptions"),
                                   .parts = parts,
                                   .n_parts = countof(parts)};

    news.from.cpu = 3;
    news.to.loop.events_by_turn[17] = 42;
    news.to.max_lag = NS_PER_S;
    return news;
}

static void news(void **state UNUSED)
{
    struct run_remote_news m = some_news(), got = {0};

    share_put_news(&out, &m);
    assert_int_equal(share_get_news(buf_str(&out), &arena, &got), 0);
    assert_true(str_eq(got.series, m.series) && str_eq(got.tick, m.tick));
    assert_true(got.totals.complete == 1 && got.totals.failed == 9);
    assert_true(got.totals.requests == 1ULL << 40 && got.totals.n_loops == 1);
    assert_memory_equal(&got.script, &m.script, sizeof(m.script));
    assert_memory_equal(&got.from, &m.from, sizeof(m.from));
    assert_memory_equal(&got.to, &m.to, sizeof(m.to));
    assert_true(got.failed);
    assert_true(str_eq(got.exceptions, m.exceptions));
    assert_int_equal(got.n_parts, 2);
    assert_int_equal(got.parts[1].complete, 7);
    assert_true(got.parts[1].is_interrupted);
}

static struct exchange an_exchange(struct exchange *before)
{
    static const struct exchange_header headers[] = {{STR("Host"), STR("a")}, {STR("X"), STR("")}};

    return (struct exchange){
        .kind = EXCHANGE_SLOW,
        .code = 200,
        .name = STR("/a"),
        .iteration = -1,
        .timings = {.blocked = 5, .dns = -1},
        .server_ip = STR("127.0.0.1"),
        .server_port = 65535,
        .reused = true,
        .url = STR("http://a/"),
        .request_headers = headers,
        .n_request_headers = countof(headers),
        .response_body = {.state = EXCHANGE_BODY_CUT, .size = -1, .data = STR("\0body")},
        .status = 200,
        .before = before,
    };
}

static void evidence(void **state UNUSED)
{
    struct exchange first = an_exchange(NULL), second = an_exchange(&first);
    struct list all;

    list_init(&all);
    share_put_exchange(&out, &first);
    share_put_exchange(&out, &second);
    assert_int_equal(share_get_exchanges(buf_str(&out), &all), 0);
    const struct exchange *x = container_of(all.next, struct exchange, link);

    assert_null(x->before);
    assert_int_equal(x->kind, EXCHANGE_SLOW);
    assert_true(x->iteration == -1 && x->timings.dns == -1 && x->server_port == 65535 && x->reused);
    assert_int_equal(x->n_request_headers, 2);
    assert_true(str_is(x->request_headers[1].name, "X"));
    assert_true(str_eq(x->response_body.data, first.response_body.data));
    x = container_of(x->link.next, struct exchange, link);
    assert_non_null(x->before);
    assert_true(str_is(x->before->url, "http://a/"));
    exchange_list_free(&all);
    for (size_t n = 1; n < out.len; n++) {
        list_init(&all);
        /* Whole ones may end where it was cut. */
        ignored(share_get_exchanges(str_from(out.data, n), &all));
        exchange_list_free(&all);
    }
    assert_int_equal(share_get_exchanges(STR("\x01\xff\xff\xff"), &all), 1);
    exchange_list_free(&all);
}

/* Cut anywhere, or with anything behind it, it is none. */
static void what_is_no_message(void **state UNUSED)
{
    struct run_remote_news m = some_news(), got;
    struct share_control c;
    struct share_ready r;

    share_put_news(&out, &m);
    for (size_t n = 0; n < out.len; n++)
        assert_int_equal(share_get_news(str_from(out.data, n), &arena, &got), SHARE_E_BAD);
    buf_putc(&out, 'x');
    assert_int_equal(share_get_news(buf_str(&out), &arena, &got), SHARE_E_BAD);
    assert_int_equal(share_get_control(STR(""), &arena, &c), SHARE_E_BAD);
    assert_int_equal(share_get_control(STR("\1\xff\xff\xff\xff\x0f"), &arena, &c), SHARE_E_BAD);
    assert_int_equal(share_get_ready(STR("\0\5abc"), &r), SHARE_E_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ready, begin),
        cmocka_unit_test_setup(control, begin),
        cmocka_unit_test_setup(news, begin),
        cmocka_unit_test_setup(evidence, begin),
        cmocka_unit_test_setup(what_is_no_message, begin),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);

    arena_fini(&arena);
    buf_fini(&out);
    return r;
}
