/* The resolver against a name server of our own, on the same loop and on a clock that jumps. */
#include "net/resolver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "loop/test_io.h"

enum {
    TYPE_A = 1,
    TYPE_AAAA = 28,
    RCODE_NXDOMAIN = 3,
    RCODE_SERVFAIL = 2,
};

/* What the server knows. */
static const struct zone_row {
    const char *name;
    int rcode;
    const char *a[3];
    const char *aaaa[2];
} zone[] = {
    {"one.test", 0, {"192.0.2.1"}, {NULL}},
    {"two.test", 0, {"192.0.2.1", "192.0.2.2", "192.0.2.3"}, {"2001:db8::1"}},
    {"six.test", 0, {NULL}, {"2001:db8::6", "2001:db8::7"}},
    {"none.test", 0, {NULL}, {NULL}},
    {"fail.test", RCODE_SERVFAIL, {NULL}, {NULL}},
};

static struct loop_time_virtual clock_v;
static struct loop *loop;
static struct resolver *resolver;
static struct watch server;
static char servers[32];
static bool server_is_silent;
static unsigned n_questions;

/* ---- the name server ---- */

/* Writes the name of a question as text and returns the length of its wire form. */
static size_t read_name(const unsigned char *p, size_t n, char text[256])
{
    size_t at = 0, out = 0;

    while (at < n && p[at] != 0 && out + p[at] + 1 < 256 && at + p[at] < n) {
        if (out > 0)
            text[out++] = '.';
        memcpy(text + out, p + at + 1, p[at]);
        out += p[at];
        at += p[at] + 1U;
    }
    text[out] = '\0';
    return at + 1;
}

static size_t put_record(unsigned char *p, int type, const char *text)
{
    /* The name by reference to the question, class IN, 60 s. */
    unsigned char head[] = {0xc0, 12, 0, (unsigned char)type, 0, 1, 0, 0, 0, 60, 0, 0};
    struct net_addr a;

    assert_true(net_addr_parse(str_of(text), &a));
    head[11] = a.family == AF_INET ? 4 : 16;
    memcpy(p, head, sizeof(head));
    memcpy(p + sizeof(head), a.ip, head[11]);
    return sizeof(head) + head[11];
}

static const struct zone_row *zone_find(const char *name)
{
    for (size_t i = 0; i < countof(zone); i++) {
        if (strcasecmp(zone[i].name, name) == 0)
            return &zone[i];
    }
    return NULL;
}

static size_t answer(unsigned char *p, size_t n_in)
{
    char name[256];
    size_t n = 12 + read_name(p + 12, n_in - 12, name) + 4;
    int type = p[n - 3];
    const struct zone_row *row = zone_find(name);
    size_t n_answers = 0;

    if (row && type == TYPE_A) {
        for (; n_answers < 3 && row->a[n_answers]; n_answers++)
            n += put_record(p + n, type, row->a[n_answers]);
    } else if (row && type == TYPE_AAAA) {
        for (; n_answers < 2 && row->aaaa[n_answers]; n_answers++)
            n += put_record(p + n, type, row->aaaa[n_answers]);
    }
    p[2] = 0x81;
    p[3] = (unsigned char)(0x80 | (row ? row->rcode : RCODE_NXDOMAIN));
    memset(p + 6, 0, 6);
    p[7] = (unsigned char)n_answers;
    return n;
}

static void server_ready(struct loop *l UNUSED, struct watch *w, unsigned events UNUSED)
{
    unsigned char packet[1024] = {0};
    struct sockaddr_storage from;
    socklen_t n_from = sizeof(from);
    ssize_t n;

    while ((n = recvfrom(w->fd, packet, 512, 0, (struct sockaddr *)&from, &n_from)) > 12) {
        n_questions++;
        if (!server_is_silent) {
            ignored(sendto(w->fd, packet, answer(packet, (size_t)n), 0, (struct sockaddr *)&from,
                           n_from));
        }
        n_from = sizeof(from);
    }
}

/* ---- running a test on a coroutine ---- */

static void server_open(void)
{
    struct net_addr addr = {.family = AF_INET, .ip = {127, 0, 0, 1}};
    union net_sockaddr sa;
    socklen_t n = net_addr_to_sockaddr(&addr, &sa);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_int_equal(bind(fd, &sa.any, n), 0);
    assert_int_equal(getsockname(fd, &sa.any, &n), 0);
    snprintf(servers, sizeof(servers), "127.0.0.1:%u", net_addr_from_sockaddr(&sa.any).port);
    assert_int_equal(watch_open(loop, &server, fd, server_ready), 0);
    server_is_silent = false;
    n_questions = 0;
}

static void resolver_with(struct resolver_options o)
{
    resolver_free(resolver);
    o.servers = servers;
    o.hosts_path = "/dev/null";
    assert_int_equal(resolver_new(loop, &o, &resolver), 0);
}

static void run_main(void *arg)
{
    (*(void (**)(void))arg)();
    loop_stop(loop);
}

static void run(void (*body)(void))
{
    loop_time_virtual_init(&clock_v, NS_PER_S);
    assert_int_equal(
        loop_new(&(struct loop_options){.io = test_io(), .time = &clock_v.time}, &loop), 0);
    server_open();
    resolver_with(RESOLVER_OPTIONS_INIT);
    assert_int_equal(coro_spawn(loop, CORO_STACK_LARGE, run_main, &body, NULL), 0);
    assert_int_equal(loop_run(loop), 0);
    resolver_free(resolver);
    resolver = NULL;
    watch_close(loop, &server);
    loop_free(loop);
}

/* "192.0.2.1 192.0.2.2", or the name of the status. */
static const char *look_up(const char *host)
{
    static char text[512];
    struct resolver_answer a;
    struct net_error e;
    enum net_status status = resolver_lookup(resolver, str_of(host), MONO_NEVER, &a, &e);
    size_t n = 0;

    if (status != NET_OK) {
        assert_int_equal(e.status, status);
        return net_status_name(status);
    }
    for (size_t i = 0; i < a.n_addrs; i++) {
        char ip[NET_ADDR_TEXT_BYTES];

        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "",
                              net_addr_format(&a.addrs[i], ip));
    }
    return text;
}

/* ---- answers ---- */

static void body_answers(void)
{
    resolver_with((struct resolver_options){.ttl = NS_PER_S, .select = RESOLVER_FIRST});
    assert_string_equal(look_up("one.test"), "192.0.2.1");
    assert_string_equal(look_up("TWO.test."), "192.0.2.1 192.0.2.2 192.0.2.3");
    assert_string_equal(look_up("six.test"), "2001:db8::6 2001:db8::7");
    assert_string_equal(look_up("none.test"), "NET_NO_HOST");
    assert_string_equal(look_up("unknown.test"), "NET_NO_HOST");
    assert_string_equal(look_up("fail.test"), "NET_DNS");
    assert_int_equal(resolver_n_lookups(resolver), 6);
    assert_string_equal(look_up("[::1]"), "::1");
    assert_string_equal(look_up("10.1.2.3"), "10.1.2.3");
    assert_string_equal(look_up("localhost"), "127.0.0.1");
    assert_string_equal(look_up(""), "NET_NO_HOST");
    assert_string_equal(look_up("a b"), "NET_NO_HOST");
    char name[300];

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_string_equal(look_up(name), "NET_NO_HOST");
}

static void test_answers(void **state UNUSED)
{
    run(body_answers);
}

static void body_policies(void)
{
    static const struct {
        enum resolver_policy policy;
        const char *two, *six;
    } rows[] = {
        {RESOLVER_PREFER_IPV4, "192.0.2.1 192.0.2.2 192.0.2.3", "2001:db8::6 2001:db8::7"},
        {RESOLVER_PREFER_IPV6, "2001:db8::1", "2001:db8::6 2001:db8::7"},
        {RESOLVER_ONLY_IPV4, "192.0.2.1 192.0.2.2 192.0.2.3", "NET_NO_HOST"},
        {RESOLVER_ONLY_IPV6, "2001:db8::1", "2001:db8::6 2001:db8::7"},
    };

    for (size_t i = 0; i < countof(rows); i++) {
        resolver_with(
            (struct resolver_options){.policy = rows[i].policy, .select = RESOLVER_FIRST});
        assert_string_equal(look_up("two.test"), rows[i].two);
        assert_string_equal(look_up("six.test"), rows[i].six);
    }
    resolver_with((struct resolver_options){.policy = RESOLVER_ANY, .select = RESOLVER_FIRST});
    assert_int_equal(strlen(look_up("two.test")),
                     strlen("192.0.2.1 192.0.2.2 192.0.2.3 2001:db8::1"));
}

static void test_policies(void **state UNUSED)
{
    run(body_policies);
}

static void body_selection(void)
{
    unsigned n_first[4] = {0};

    resolver_with((struct resolver_options){.ttl = NS_PER_S, .select = RESOLVER_ROUND_ROBIN});
    assert_string_equal(look_up("two.test"), "192.0.2.1 192.0.2.2 192.0.2.3");
    assert_string_equal(look_up("two.test"), "192.0.2.2 192.0.2.3 192.0.2.1");
    assert_string_equal(look_up("two.test"), "192.0.2.3 192.0.2.1 192.0.2.2");
    assert_string_equal(look_up("two.test"), "192.0.2.1 192.0.2.2 192.0.2.3");

    resolver_with((struct resolver_options){.ttl = NS_PER_S, .select = RESOLVER_RANDOM, .seed = 1});
    for (int i = 0; i < 300; i++)
        n_first[look_up("two.test")[8] - '0']++;
    for (int i = 1; i <= 3; i++)
        assert_true(n_first[i] > 60 && n_first[i] < 140);
}

static void test_selection(void **state UNUSED)
{
    run(body_selection);
}

/* ---- the cache ---- */

static void body_ttl(void)
{
    resolver_with((struct resolver_options){.ttl = 60 * NS_PER_S});
    for (int round = 1; round <= 3; round++) {
        assert_string_equal(look_up("one.test"), "192.0.2.1");
        assert_string_equal(look_up("one.test"), "192.0.2.1");
        assert_int_equal(resolver_n_lookups(resolver), round);
        assert_int_equal(coro_sleep_until(loop_now(loop) + 61 * NS_PER_S), 0);
    }
    /* Failures count for five seconds at most. */
    assert_string_equal(look_up("none.test"), "NET_NO_HOST");
    assert_string_equal(look_up("none.test"), "NET_NO_HOST");
    assert_int_equal(resolver_n_lookups(resolver), 4);
    assert_int_equal(coro_sleep_until(loop_now(loop) + 6 * NS_PER_S), 0);
    assert_string_equal(look_up("none.test"), "NET_NO_HOST");
    assert_int_equal(resolver_n_lookups(resolver), 5);

    resolver_with((struct resolver_options){.ttl = 0});
    assert_string_equal(look_up("one.test"), "192.0.2.1");
    assert_string_equal(look_up("one.test"), "192.0.2.1");
    assert_int_equal(resolver_n_lookups(resolver), 2);
}

static void test_ttl(void **state UNUSED)
{
    run(body_ttl);
}

static void look_up_one(void *arg)
{
    size_t *n_good = arg;

    if (strcmp(look_up("one.test"), "192.0.2.1") == 0)
        (*n_good)++;
}

static void body_shared(void)
{
    struct coro_waitgroup g;
    size_t n_good = 0;

    resolver_with((struct resolver_options){.ttl = 0, .policy = RESOLVER_ONLY_IPV4});
    coro_waitgroup_init(&g, loop);
    for (int i = 0; i < 50; i++)
        assert_int_equal(coro_waitgroup_spawn(&g, CORO_STACK_MEDIUM, look_up_one, &n_good), 0);
    assert_int_equal(coro_waitgroup_wait(&g), 0);
    assert_int_equal(n_good, 50);
    assert_int_equal(resolver_n_lookups(resolver), 1);
    assert_int_equal(n_questions, 1);
}

static void test_one_question_for_all(void **state UNUSED)
{
    run(body_shared);
}

static void body_many_names(void)
{
    resolver_with(
        (struct resolver_options){.ttl = RESOLVER_TTL_FOREVER, .policy = RESOLVER_ONLY_IPV4});
    for (int i = 0; i < 5000; i++) {
        char name[32];

        snprintf(name, sizeof(name), "n%d.test", i);
        assert_string_equal(look_up(name), "NET_NO_HOST");
    }
    assert_string_equal(look_up("localhost"), "127.0.0.1");
}

static void test_many_names(void **state UNUSED)
{
    run(body_many_names);
}

/* ---- waiting in vain ---- */

static void look_up_until_cancelled(void *arg)
{
    const char **ret = arg;

    *ret = look_up("two.test");
}

static void body_silence(void)
{
    struct resolver_answer a;
    struct net_error e;
    struct coro_waitgroup g;
    const char *result = NULL;
    mono_ns deadline = loop_now(loop) + NS_PER_MS;

    server_is_silent = true;
    assert_int_equal(resolver_lookup(resolver, STR("one.test"), deadline, &a, &e), NET_TIMEOUT);
    assert_string_equal(e.text, "request timeout");

    /* One that waits while its resolver goes away is told so. */
    coro_waitgroup_init(&g, loop);
    assert_int_equal(coro_waitgroup_spawn(&g, CORO_STACK_MEDIUM, look_up_until_cancelled, &result),
                     0);
    coro_yield();
    resolver_free(resolver);
    resolver = NULL;
    assert_int_equal(coro_waitgroup_wait(&g), 0);
    assert_string_equal(result, "NET_CANCELLED");
}

static void test_silence(void **state UNUSED)
{
    run(body_silence);
}

static void test_words(void **state UNUSED)
{
    enum resolver_select select;
    enum resolver_policy policy_word;

    assert_true(resolver_select_parse(STR("roundRobin"), &select));
    assert_int_equal(select, RESOLVER_ROUND_ROBIN);
    assert_false(resolver_select_parse(STR("last"), &select));
    assert_true(resolver_policy_parse(STR("onlyIPv6"), &policy_word));
    assert_int_equal(policy_word, RESOLVER_ONLY_IPV6);
    assert_false(resolver_policy_parse(STR(""), &policy_word));
}

int main(void)
{
    if (!test_io_works())
        return TEST_SKIPPED;

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_ttl),
        cmocka_unit_test(test_one_question_for_all),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
