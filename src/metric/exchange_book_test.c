#include "metric/exchange_book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "metric/exchange_set.h"

#define GET STR("GET")

static struct exchange *make(struct str name, int code, span_ns duration, size_t bytes)
{
    struct exchange *x = xnew(struct exchange);

    x->kind = code ? EXCHANGE_FAILED : EXCHANGE_SLOW;
    x->code = code;
    x->method = GET;
    x->name = arena_str(&x->arena, name);
    x->duration = duration;
    x->began = duration;
    x->bytes = bytes;
    list_init(&x->link);
    return x;
}

/* As the client does it. */
static bool offer_to(struct exchange_book *book, struct exchange_slot *slot, span_ns duration,
                     size_t bytes)
{
    if (duration <= slot->floor || !exchange_book_take(book, slot, duration))
        return false;
    exchange_book_add(book, make(slot->name, slot->code, duration, bytes));
    return true;
}

static bool offer(struct exchange_book *book, const char *name, int code, span_ns duration)
{
    return offer_to(book, exchange_book_slot(book, GET, str_of(name), code), duration, 100);
}

static size_t hand_over(struct exchange_book *book)
{
    struct list list;
    size_t n = 0;

    list_init(&list);
    exchange_book_hand_over(book, &list);
    for (struct list *l = list.next; l != &list; l = l->next)
        n++;
    exchange_list_free(&list);
    return n;
}

static void failures_are_kept_up_to_n_of_each_code(void **state)
{
    struct exchange_book *book = exchange_book_new(2);

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(offer(book, "a", 1500, 10), i < 2);
        assert_int_equal(offer(book, "a", 1404, 10), i < 2);
        assert_int_equal(offer(book, "b", 1500, 10), i < 2);
    }
    /* Of no time at all, too. */
    assert_true(offer(book, "c", 1050, 0));
    assert_int_equal(hand_over(book), 7);
    /* A hand-over gives nothing free: it is N of the run. */
    assert_false(offer(book, "a", 1500, 10));
    assert_int_equal(exchange_book_left_out(book), 0);
    exchange_book_free(book);
}

static void the_slowest_raise_the_floor(void **state)
{
    struct exchange_book *book = exchange_book_new(2);
    struct exchange_slot *slot = exchange_book_slot(book, GET, STR("a"), 0);

    (void)state;
    assert_true(offer(book, "a", 0, 50));
    assert_true(offer(book, "a", 0, 10));
    assert_int_equal(slot->floor, 10);
    assert_false(offer(book, "a", 0, 10));
    assert_true(offer(book, "a", 0, 20));
    assert_int_equal(slot->floor, 20);
    assert_true(offer(book, "a", 0, 90));
    assert_int_equal(slot->floor, 50);
    /* Others have their own. */
    assert_true(offer(book, "b", 0, 1));
    assert_int_equal(hand_over(book), 5);
    exchange_book_free(book);
}

/* Durations that only grow would have every round trip kept. */
static void slow_ones_are_bounded_between_hand_overs(void **state)
{
    struct exchange_book *book = exchange_book_new(3);
    size_t n = 0;

    (void)state;
    for (span_ns d = 1; d < 1000; d++)
        n += offer(book, "a", 0, d);
    assert_int_equal(n, EXCHANGE_TURN_SLOW);
    assert_int_equal(hand_over(book), n);
    assert_true(offer(book, "a", 0, 5000));
    exchange_book_free(book);
}

static void bytes_are_bounded_between_hand_overs(void **state)
{
    struct exchange_book *book = exchange_book_new(20);
    struct exchange_slot *slot = exchange_book_slot(book, GET, STR("a"), 1500);
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 20; i++)
        n += offer_to(book, slot, 1, EXCHANGE_TURN_BYTES / 4);
    assert_int_equal(n, 4);
    assert_int_equal(exchange_book_left_out(book), 16);
    hand_over(book);
    assert_true(offer_to(book, slot, 1, 1));
    exchange_book_free(book);
}

static void endpoints_and_codes_are_bounded(void **state)
{
    struct exchange_book *book = exchange_book_new(1);
    char name[32];
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof(name), "/%d", i);
        n += offer(book, name, 1500, 10);
        n += offer(book, name, 0, 10);
        hand_over(book);
    }
    assert_int_equal(n, 2 * EXCHANGE_ENDPOINTS_MAX);
    assert_int_equal(exchange_book_left_out(book), 10000 - EXCHANGE_ENDPOINTS_MAX);
    hand_over(book);
    for (int code = 2000; code < 2100; code++)
        n += offer(book, "/0", code, 10);
    /* The first code and that of the slow ones are there already. */
    assert_int_equal(n, 2 * EXCHANGE_ENDPOINTS_MAX + EXCHANGE_CODES_MAX - 2);
    exchange_book_free(book);
}

static void a_book_may_be_closed(void **state)
{
    struct exchange_book *book = exchange_book_new(0);

    (void)state;
    assert_false(offer(book, "a", 0, INT64_MAX - 1));
    assert_false(offer(book, "a", 1500, INT64_MAX - 1));
    assert_ptr_equal(exchange_book_slot(book, GET, STR("a"), 0),
                     exchange_book_slot(book, GET, STR("b"), 1500));
    assert_int_equal(exchange_book_left_out(book), 0);
    exchange_book_free(book);
    exchange_book_free(NULL);
}

/* Only the beginning of a very long name is kept, and names that differ after it do differ. */
static void long_names_differ(void **state)
{
    struct exchange_book *book = exchange_book_new(1);
    size_t n = 1 << 20;
    scoped(freep) char *name = xmalloc(n);
    struct exchange_slot *a, *b;

    (void)state;
    memset(name, 'x', n);
    a = exchange_book_slot(book, GET, str_from(name, n), 0);
    name[n - 1] = 'y';
    b = exchange_book_slot(book, GET, str_from(name, n), 0);
    assert_ptr_not_equal(a, b);
    assert_in_range(b->name.n, 1, 4096);
    exchange_book_free(book);
}

/* ---- the set ---- */

static void merge(struct exchange_set *set, struct exchange *x)
{
    struct list list;

    list_init(&list);
    list_add_tail(&list, &x->link);
    exchange_set_merge(set, &list);
    assert_true(list_empty(&list));
}

static void check_order(struct exchange_set *set, const span_ns *durations, size_t n)
{
    size_t n_all;
    const struct exchange *const *all = exchange_set_all(set, &n_all);

    assert_int_equal(n_all, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(all[i]->duration, durations[i]);
}

static void the_earliest_failures_and_the_slowest_stay(void **state)
{
    struct exchange_set *set = exchange_set_new(2);

    (void)state;
    merge(set, make(STR("a"), 0, 5, 1));
    merge(set, make(STR("a"), 1500, 8, 1));
    merge(set, make(STR("a"), 1500, 9, 1));
    merge(set, make(STR("a"), 1500, 3, 1)); /* `began` is the same number */
    merge(set, make(STR("b"), 1500, 1, 1));
    uint64_t version = exchange_set_version(set);

    merge(set, make(STR("a"), 0, 7, 1));
    merge(set, make(STR("a"), 0, 6, 1));
    assert_int_not_equal(version, exchange_set_version(set));
    check_order(set, (const span_ns[]){1, 3, 8, 7, 6}, 5);
    assert_int_equal(exchange_set_bytes(set), 5);
    assert_int_equal(exchange_set_left_out(set), 0);
    exchange_set_free(set);
}

static void failures_take_the_room_of_slow_ones(void **state)
{
    struct exchange_set *set = exchange_set_new(20);
    size_t n;

    (void)state;
    for (int i = 0; i < 8; i++)
        merge(set, make(STR("a"), 0, i, EXCHANGE_SET_BYTES / 8));
    merge(set, make(STR("a"), 0, 100, EXCHANGE_SET_BYTES / 8));
    exchange_set_all(set, &n);
    assert_int_equal(n, 8);
    for (int i = 0; i < 9; i++)
        merge(set, make(STR("a"), 1500, i, EXCHANGE_SET_BYTES / 8));
    assert_int_equal(exchange_set_all(set, &n)[0]->kind, EXCHANGE_FAILED);
    assert_int_equal(n, 8);
    assert_int_equal(exchange_set_all(set, &n)[7]->kind, EXCHANGE_FAILED);
    assert_int_equal(exchange_set_left_out(set), 1);
    assert_int_equal(exchange_set_bytes(set), EXCHANGE_SET_BYTES);
    exchange_set_free(set);
}

static void a_set_bounds_endpoints(void **state)
{
    struct exchange_set *set = exchange_set_new(1);
    char name[32];
    size_t n;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof(name), "/%d", i);
        merge(set, make(str_of(name), 1500, i, 10));
        merge(set, make(str_of(name), 0, i, 10));
    }
    exchange_set_all(set, &n);
    assert_int_equal(n, 2 * EXCHANGE_ENDPOINTS_MAX);
    assert_int_equal(exchange_set_left_out(set), 10000 - EXCHANGE_ENDPOINTS_MAX);
    exchange_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_are_kept_up_to_n_of_each_code),
        cmocka_unit_test(the_slowest_raise_the_floor),
        cmocka_unit_test(slow_ones_are_bounded_between_hand_overs),
        cmocka_unit_test(bytes_are_bounded_between_hand_overs),
        cmocka_unit_test(endpoints_and_codes_are_bounded),
        cmocka_unit_test(a_book_may_be_closed),
        cmocka_unit_test(long_names_differ),
        cmocka_unit_test(the_earliest_failures_and_the_slowest_stay),
        cmocka_unit_test(failures_take_the_room_of_slow_ones),
        cmocka_unit_test(a_set_bounds_endpoints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
