/*
 * Delivery against a receiver that does what the test says, on a clock that jumps. After every step
 * the account has to balance, and at the end every point was taken once or is accounted for.
 */
#include "sink/push.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/random.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "sink/push_priv.h"
#include "sink/sink.h"

enum {
    POINTS_MAX = 20000,
};

static struct {
    struct loop *loop;
    struct loop_time_virtual time;
    struct push *push;
    char dir[64];
    struct push_host host;
    void (*script)(void); /* the test, on a coroutine */

    /* the receiver */
    enum push_outcome (*answer)(const struct batch_view *points, struct push_result *r);
    unsigned taken[POINTS_MAX]; /* how often it has taken each point */
    unsigned last;              /* the number of the point taken last */
    bool in_order;
    size_t n_sends, n_warnings, n_infos;
    span_ns latency;
    struct rng rng;
    unsigned n_put;
} t;

/* ---- the receiver ---- */

static unsigned number_of(struct str point)
{
    uint64_t n = POINTS_MAX;

    assert_true(str_u64(str_from(point.p, point.n - 1), &n)); /* "17\n" */
    assert_in_range(n, 0, POINTS_MAX - 1);
    return (unsigned)n;
}

static void take_points(const struct batch_view *points)
{
    for (size_t i = points->from; i < points->to; i++) {
        unsigned n = number_of(batch_point(points, i));

        t.taken[n]++;
        t.in_order &= n >= t.last;
        t.last = n;
    }
}

static void receive(void *arg, struct push_wire *wire, const struct batch_view *points,
                    struct push_result *ret)
{
    assert_ptr_equal(arg, &t);
    assert_ptr_equal(push_wire_loop(wire), t.loop);
    t.n_sends++;
    if (t.latency && coro_sleep_until(loop_now(t.loop) + t.latency)) {
        push_result_set(ret, PUSH_RETRY, "interrupted");
        return;
    }
    ret->outcome = t.answer(points, ret);
    if (ret->outcome == PUSH_DONE) {
        take_points(points);
    } else {
        push_result_set(ret, ret->outcome, "the receiver says %d", (int)ret->outcome);
    }
}

static void say(void *arg UNUSED, enum push_say level, const char *text)
{
    assert_non_null(strstr(text, "test: "));
    t.n_warnings += level == PUSH_SAY_WARNING;
    t.n_infos += level == PUSH_SAY_INFO;
}

static enum push_outcome yes(const struct batch_view *points UNUSED, struct push_result *r UNUSED)
{
    return PUSH_DONE;
}

static enum push_outcome no(const struct batch_view *points UNUSED, struct push_result *r UNUSED)
{
    return PUSH_RETRY;
}

/* ---- the test's side ---- */

static void check_account(struct sink_account *ret)
{
    push_account(t.push, ret);
    assert_int_equal(ret->produced, t.n_put);
    assert_int_equal(ret->produced, ret->acknowledged + ret->dropped + ret->queued + ret->spooled);
}

static void put(unsigned n)
{
    struct batch b = {.first_at = 1};
    struct sink_account a;

    for (unsigned i = 0; i < n; i++) {
        buf_printf(&b.bytes, "%u\n", t.n_put++);
        batch_end_point(&b);
    }
    push_put(t.push, &b);
    assert_int_equal(b.n_points, 0);
    batch_fini(&b);
    check_account(&a);
}

static void pass(span_ns span)
{
    assert_int_equal(coro_sleep_until(loop_now(t.loop) + span), 0);
}

static void drain(void)
{
    struct sink_account a;

    push_drain(t.push);
    for (int i = 0; i < 100000 && !push_is_drained(t.push); i++) {
        pass(NS_PER_MS);
        check_account(&a);
    }
}

/* Every point up to the last was taken once. */
static void check_all_taken(void)
{
    struct sink_account a;

    check_account(&a);
    assert_int_equal(a.acknowledged, t.n_put);
    for (unsigned i = 0; i < t.n_put; i++)
        assert_int_equal(t.taken[i], 1);
}

static void main_coroutine(void *arg UNUSED)
{
    assert_int_equal(push_start(t.push, NULL), 0);
    t.script();
    push_stop(t.push);
    loop_stop(t.loop);
}

static void run_with(struct push_config config,
                     enum push_outcome (*answer)(const struct batch_view *, struct push_result *),
                     void (*script)(void))
{
    config.label = "test";
    config.format = "numbers";
    config.send = receive;
    config.arg = &t;
    t.answer = answer;
    t.script = script;
    t.host =
        (struct push_host){.spool_dir = t.dir, .spool_bytes = 1 << 20, .run = "run", .say = say};
    loop_time_virtual_init(&t.time, NS_PER_S);
    assert_int_equal(loop_new(&(struct loop_options){.time = &t.time.time}, &t.loop), 0);
    t.push = push_new(&config, &t.host, "numbers");
    assert_int_equal(coro_spawn(t.loop, CORO_STACK_MEDIUM, main_coroutine, NULL, NULL), 0);
    assert_int_equal(loop_run(t.loop), 0);
    loop_free(t.loop);
}

static int setup(void **state UNUSED)
{
    memset(&t, 0, sizeof(t));
    t.in_order = true;
    rng_seed(&t.rng, 7);
    snprintf(t.dir, sizeof(t.dir), "/tmp/push_test.XXXXXX");
    return mkdtemp(t.dir) ? 0 : -1;
}

/* Removes what is in a folder, and the folder. */
static void remove_folder(const char *path, int depth)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) { /* NOLINT(concurrency-mt-unsafe): one thread */
        scoped(freep) char *name = xasprintf("%s/%s", path, entry->d_name);

        if (entry->d_name[0] == '.')
            continue;
        if (unlink(name) && depth)
            remove_folder(name, depth - 1);
    }
    if (dir)
        closedir(dir);
    ignored(rmdir(path));
}

static int teardown(void **state UNUSED)
{
    push_free(t.push);
    remove_folder(t.dir, 2);
    return 0;
}

/* ---- all is well ---- */

static void script_plain(void)
{
    put(10);
    pass(NS_PER_MS);
    put(250);
    drain();
}

static void test_points_arrive_once_and_in_order(void **state UNUSED)
{
    run_with((struct push_config){.max_points = 100}, yes, script_plain);
    check_all_taken();
    assert_true(t.in_order);
    assert_int_equal(t.n_sends, 4); /* 10; 100, 100, 50 */
    assert_int_equal(t.n_warnings + t.n_infos, 0);
}

/* ---- away ---- */

static enum push_outcome yes_after_ten_seconds(const struct batch_view *points UNUSED,
                                               struct push_result *r UNUSED)
{
    return loop_now(t.loop) < 11 * NS_PER_S ? PUSH_RETRY : PUSH_DONE;
}

static void script_trickle(void)
{
    for (int i = 0; i < 20; i++) {
        put(37);
        pass(NS_PER_S);
    }
    drain();
}

static void test_what_waited_is_sent_in_order(void **state UNUSED)
{
    run_with((struct push_config){.max_points = 50}, yes_after_ten_seconds, script_trickle);
    check_all_taken();
    assert_true(t.in_order);
    assert_int_equal(t.n_warnings, 1); /* said once, however often it was tried */
    assert_int_equal(t.n_infos, 1);
    /* 0.25 s, doubling: the tenth second is reached within some ten tries. */
    assert_in_range(t.n_sends, 15, 60);
}

static void test_the_same_without_a_disk(void **state UNUSED)
{
    run_with((struct push_config){.max_points = 50, .no_spool = true}, yes_after_ten_seconds,
             script_trickle);
    check_all_taken();
    assert_true(t.in_order);
}

static enum push_outcome asks_for_patience(const struct batch_view *points UNUSED,
                                           struct push_result *r)
{
    r->retry_after = 7 * NS_PER_S;
    return t.n_sends < 3 ? PUSH_RETRY : PUSH_DONE;
}

static void script_one(void)
{
    put(5);
    pass(20 * NS_PER_S);
}

static void test_retry_after_is_kept(void **state UNUSED)
{
    mono_ns start = NS_PER_S;

    run_with((struct push_config){0}, asks_for_patience, script_one);
    check_all_taken();
    assert_int_equal(t.n_sends, 3);
    assert_true(t.time.now >= start + 14 * NS_PER_S);
}

/* ---- never ---- */

static void script_end_while_away(void)
{
    put(30);
    pass(3 * NS_PER_S);
    put(40);
    pass(NS_PER_MS);
}

static void test_what_is_left_goes_to_disk(void **state UNUSED)
{
    struct spool *spool;
    struct batch b = {0};
    struct sink_account a;
    uint64_t id;
    unsigned n = 0;

    run_with((struct push_config){.max_points = 25}, no, script_end_while_away);
    check_account(&a);
    assert_int_equal(a.spooled, 70);
    push_free(take(t.push));
    assert_int_equal(spool_reopen(t.dir, "run-test", &spool), 0);
    assert_int_equal(spool_points(spool), 70);
    while (spool_peek(spool, &b, &id) == 0) {
        struct batch_view all = batch_all(&b);

        for (size_t i = 0; i < b.n_points; i++)
            assert_int_equal(number_of(batch_point(&all, i)), n++);
        assert_int_equal(spool_done(spool, id), 0);
    }
    assert_int_equal(n, 70);
    batch_fini(&b);
    spool_close(spool);
}

static void test_without_a_disk_it_is_lost_and_counted(void **state UNUSED)
{
    struct sink_account a;
    const char *texts[4];
    uint64_t points[4];

    run_with((struct push_config){.no_spool = true}, no, script_end_while_away);
    check_account(&a);
    assert_int_equal(a.dropped, 70);
    assert_int_equal(push_causes(t.push, texts, points, 4), 1);
    assert_int_equal(points[0], 70);
}

static void script_flood(void)
{
    for (int i = 0; i < 100; i++)
        put(100);
    pass(NS_PER_S);
}

static void test_a_full_queue_drops_the_newest(void **state UNUSED)
{
    struct sink_account a;

    run_with((struct push_config){.no_spool = true, .queue_bytes = 10000}, no, script_flood);
    check_account(&a);
    assert_int_equal(a.dropped, 10000);
    const char *texts[4];
    uint64_t points[4];

    assert_int_equal(push_causes(t.push, texts, points, 4), 2);
    assert_string_equal(texts[0], "the queue in memory is full");
    assert_in_range(points[0], 7000, 8500);
}

static enum push_outcome blocked(const struct batch_view *points UNUSED,
                                 struct push_result *r UNUSED)
{
    return PUSH_BLOCKED;
}

static void script_blocked(void)
{
    put(30);
    pass(50 * NS_PER_S);
    put(30);
    drain();
}

static void test_a_wrong_token_is_tried_rarely_and_not_waited_for(void **state UNUSED)
{
    struct sink_account a;

    run_with((struct push_config){0}, blocked, script_blocked);
    check_account(&a);
    assert_int_equal(a.spooled, 60);
    assert_int_equal(t.n_sends, 1);
    assert_int_equal(t.n_warnings, 1);
    assert_true(t.time.now < 55 * NS_PER_S);
}

/* ---- some points are bad ---- */

static enum push_outcome refuses_77(const struct batch_view *points, struct push_result *r UNUSED)
{
    for (size_t i = points->from; i < points->to; i++) {
        if (number_of(batch_point(points, i)) == 77)
            return PUSH_REFUSED;
    }
    return PUSH_DONE;
}

static void script_thousand(void)
{
    put(1000);
    drain();
}

static void test_one_bad_point_is_found_and_dropped_alone(void **state UNUSED)
{
    struct sink_account a;

    run_with((struct push_config){0}, refuses_77, script_thousand);
    check_account(&a);
    assert_int_equal(a.acknowledged, 999);
    assert_int_equal(a.dropped, 1);
    assert_int_equal(t.taken[77], 0);
    assert_true(t.in_order);
    assert_in_range(t.n_sends, 11, 22); /* two for each halving at most */
}

static enum push_outcome rejects_two(const struct batch_view *points UNUSED, struct push_result *r)
{
    r->n_rejected = 2;
    snprintf(r->reason, sizeof(r->reason), "two are too old");
    return PUSH_DONE;
}

static void test_what_was_rejected_while_the_rest_was_stored_is_counted(void **state UNUSED)
{
    struct sink_account a;

    run_with((struct push_config){.max_points = 500}, rejects_two, script_thousand);
    check_account(&a);
    assert_int_equal(a.acknowledged, 996);
    assert_int_equal(a.dropped, 4);
    assert_int_equal(t.n_warnings, 1); /* one cause */
}

static enum push_outcome takes_sixty(const struct batch_view *points, struct push_result *r UNUSED)
{
    return batch_view_points(points) > 60 ? PUSH_SPLIT : PUSH_DONE;
}

static void test_too_large_is_cut(void **state UNUSED)
{
    run_with((struct push_config){0}, takes_sixty, script_thousand);
    check_all_taken();
    assert_true(t.in_order);
}

static enum push_outcome poison_as_500(const struct batch_view *points, struct push_result *r)
{
    r->bounded = true;
    return refuses_77(points, r) == PUSH_DONE ? PUSH_DONE : PUSH_RETRY;
}

static void test_a_cause_that_may_be_permanent_is_bounded(void **state UNUSED)
{
    struct sink_account a;

    run_with((struct push_config){0}, poison_as_500, script_thousand);
    check_account(&a);
    assert_int_equal(a.acknowledged, 999);
    assert_int_equal(a.dropped, 1);
}

static enum push_outcome refuses_all(const struct batch_view *points UNUSED,
                                     struct push_result *r UNUSED)
{
    return PUSH_REFUSED;
}

static void script_thousands(void)
{
    put(5000);
    drain();
}

static void test_a_hopeless_batch_is_not_tried_point_by_point(void **state UNUSED)
{
    struct sink_account a;

    run_with((struct push_config){0}, refuses_all, script_thousands);
    check_account(&a);
    assert_int_equal(a.dropped, 5000);
    assert_true(t.n_sends < 400);
}

/* ---- anything may happen ---- */

static enum push_outcome chance(const struct batch_view *points, struct push_result *r)
{
    uint64_t dice = rng_below(&t.rng, 100);

    if (loop_now(t.loop) > 300 * NS_PER_S)
        return PUSH_DONE;
    if (dice < 40)
        return PUSH_DONE;
    if (dice < 45 && batch_view_points(points) > 1)
        return PUSH_SPLIT;
    r->retry_after = dice < 60 ? NS_PER_S : 0;
    return dice < 63 ? PUSH_BLOCKED : PUSH_RETRY;
}

static void script_chance(void)
{
    for (int i = 0; i < 300; i++) {
        put((unsigned)rng_below(&t.rng, 60));
        pass((span_ns)rng_below(&t.rng, 2 * NS_PER_S));
    }
    pass(100 * NS_PER_S);
    drain();
}

static void test_nothing_is_lost_whatever_happens(void **state UNUSED)
{
    t.latency = 300 * NS_PER_MS;
    run_with((struct push_config){.max_points = 64, .queue_bytes = 2000}, chance, script_chance);
    check_all_taken();
    assert_true(t.in_order);
}

static void test_nor_with_several_senders(void **state UNUSED)
{
    t.latency = 300 * NS_PER_MS;
    run_with((struct push_config){.max_points = 64, .queue_bytes = 2000, .n_senders = 4}, chance,
             script_chance);
    check_all_taken();
}

/* What could be lost with the process is only what came since the last look. */
static void script_away(void)
{
    struct sink_account a;

    for (unsigned i = 1; i <= 8; i++) {
        put(20);
        pass(NS_PER_S);
        check_account(&a);
        assert_int_equal(a.spooled, t.n_put);
    }
}

static void test_while_away_several_senders_keep_nothing_in_memory(void **state UNUSED)
{
    t.latency = 10 * NS_PER_MS;
    run_with((struct push_config){.max_points = 5, .n_senders = 4}, no, script_away);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_points_arrive_once_and_in_order),
        TEST(test_what_waited_is_sent_in_order),
        TEST(test_the_same_without_a_disk),
        TEST(test_retry_after_is_kept),
        TEST(test_what_is_left_goes_to_disk),
        TEST(test_without_a_disk_it_is_lost_and_counted),
        TEST(test_a_full_queue_drops_the_newest),
        TEST(test_a_wrong_token_is_tried_rarely_and_not_waited_for),
        TEST(test_one_bad_point_is_found_and_dropped_alone),
        TEST(test_what_was_rejected_while_the_rest_was_stored_is_counted),
        TEST(test_too_large_is_cut),
        TEST(test_a_cause_that_may_be_permanent_is_bounded),
        TEST(test_a_hopeless_batch_is_not_tried_point_by_point),
        TEST(test_nothing_is_lost_whatever_happens),
        TEST(test_nor_with_several_senders),
        TEST(test_while_away_several_senders_keep_nothing_in_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
