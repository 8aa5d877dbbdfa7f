#include "metric/exception_book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct exception_book *book, *run;
static struct buf news;

static int begin(void **state UNUSED)
{
    book = exception_book_new();
    run = exception_book_new();
    return 0;
}

static int end(void **state UNUSED)
{
    exception_book_free(book);
    exception_book_free(run);
    buf_fini(&news);
    return 0;
}

static uint64_t note(const char *kind, const char *place, wall_ns now)
{
    const struct exception_told told = {.kind = str_of(kind),
                                        .message = STR("no such item\nsecond line"),
                                        .place = str_of(place),
                                        .stack = STR("Traceback"),
                                        .scenario = STR("shop")};

    return exception_book_note(book, &told, now);
}

static const struct exception *nth(struct exception_book *b, size_t i)
{
    size_t n;
    const struct exception *const *all = exception_book_all(b, &n);

    assert_true(i < n);
    return all[i];
}

static size_t count_of(struct exception_book *b)
{
    size_t n;

    exception_book_all(b, &n);
    return n;
}

static void one_entry_for_each_kind_and_place(void **state UNUSED)
{
    uint64_t first = note("KeyError", "shop.py:7", 100);

    assert_true(first != 0);
    assert_true(note("KeyError", "shop.py:7", 200) == first);
    assert_true(note("ValueError", "shop.py:7", 300) != first);
    assert_true(note("KeyError", "shop.py:8", 400) != first);
    assert_int_equal(count_of(book), 3);
    const struct exception *e = nth(book, 0);

    assert_int_equal(e->count, 2);
    assert_true(e->first == 100 && e->last == 200 && !e->is_others && !e->workers);
    assert_true(str_is(e->kind, "KeyError") && str_is(e->message, "no such item"));
    assert_true(str_is(e->place, "shop.py:7") && str_is(e->stack, "Traceback"));
    assert_true(str_is(e->scenario, "shop"));
    assert_int_equal(exception_book_total(book), 4);
}

static void a_number_counts_without_texts(void **state UNUSED)
{
    uint64_t a = note("KeyError", "a:1", 1), b = note("KeyError", "b:1", 2);
    uint64_t before = exception_book_version(book);

    assert_true(exception_book_again(book, a, 5));
    assert_true(exception_book_again(book, b, 6));
    assert_true(exception_book_again(book, a, 7));
    assert_int_equal(nth(book, 0)->count, 3);
    assert_true(nth(book, 0)->last == 7 && nth(book, 1)->last == 6);
    assert_true(exception_book_version(book) != before);
    /* Of another book, of none. */
    assert_false(exception_book_again(run, a, 8));
    assert_false(exception_book_again(book, a ^ 1ULL << 40, 8));
    assert_false(exception_book_again(book, 0, 8));
    assert_false(exception_book_again(book, a + 100, 8));
    assert_int_equal(exception_book_total(book), 5);
}

static void what_finds_no_room_is_counted(void **state UNUSED)
{
    char place[32];
    uint64_t number = 0;

    for (int i = 0; i < EXCEPTIONS_MAX + 50; i++) {
        snprintf(place, sizeof(place), "x.py:%d", i);
        number = note("E", place, i);
    }
    assert_true(exception_book_again(book, number, 1000));
    assert_true(note("E", "x.py:0", 2000) != number);
    assert_int_equal(count_of(book), EXCEPTIONS_MAX + 1);
    const struct exception *others = nth(book, EXCEPTIONS_MAX);

    assert_true(others->is_others);
    assert_int_equal(others->count, 51);
    assert_true(others->first == EXCEPTIONS_MAX && others->last == 1000);
    assert_int_equal(exception_book_total(book), EXCEPTIONS_MAX + 52);
}

static void long_texts_are_cut_at_a_character(void **state UNUSED)
{
    scoped(buf_fini) struct buf text = {0};

    while (text.len < 2 * EXCEPTION_STACK_BYTES)
        buf_puts(&text, "\xe2\x82\xac"); /* three bytes: neither limit is a multiple of them */
    const struct exception_told told = {
        .message = buf_str(&text), .stack = buf_str(&text), .place = buf_str(&text)};

    exception_book_note(book, &told, 1);
    assert_int_equal(nth(book, 0)->message.n, EXCEPTION_TEXT_BYTES - EXCEPTION_TEXT_BYTES % 3);
    assert_int_equal(nth(book, 0)->stack.n, EXCEPTION_STACK_BYTES - EXCEPTION_STACK_BYTES % 3);
}

/* A message may have any bytes in it. */
static void zeros_are_kept(void **state UNUSED)
{
    const struct exception_told told = {
        .kind = STR("E\0"), .message = STR("a\0b"), .stack = STR("\0\0stack"), .place = STR("x")};

    exception_book_note(book, &told, 1);
    exception_book_news(book, &news);
    assert_int_equal(exception_book_learn(run, buf_str(&news), -1), 0);
    assert_true(str_eq(nth(run, 0)->message, STR("a\0b")));
    assert_true(str_eq(nth(run, 0)->stack, STR("\0\0stack")));
}

static void learn(int worker)
{
    buf_reset(&news);
    exception_book_news(book, &news);
    assert_int_equal(exception_book_learn(run, buf_str(&news), worker), 0);
}

static void news_are_what_has_come_since(void **state UNUSED)
{
    uint64_t a = note("KeyError", "a:1", 10);

    note("KeyError", "b:1", 20);
    learn(-1);
    assert_int_equal(exception_book_total(run), 2);
    learn(-1);
    assert_int_equal(news.len, 0);
    exception_book_again(book, a, 30);
    learn(-1);
    assert_true(news.len && news.len < 40); /* texts are not told again */
    assert_int_equal(exception_book_total(run), 3);
    const struct exception *e = nth(run, 0);

    assert_true(e->count == 2 && e->first == 10 && e->last == 30 && e->workers == 0);
    assert_true(str_is(e->stack, "Traceback") && str_is(e->message, "no such item"));
}

/* Two workers, of which each tells of the same exception, and a run whose book is told on. */
static void workers_are_told_apart(void **state UNUSED)
{
    scoped(buf_fini) struct buf text = {0};
    struct exception_book *other = exception_book_new();

    note("KeyError", "a:1", 10);
    learn(0);
    note("KeyError", "a:1", 11);
    note("KeyError", "b:1", 12);
    learn(2);
    assert_int_equal(nth(run, 0)->count, 2);
    assert_true(nth(run, 0)->workers == 5 && nth(run, 1)->workers == 4);
    exception_workers(nth(run, 0), &text);
    assert_string_equal(buf_cstr(&text), "worker 1, worker 3");
    buf_reset(&text);
    exception_workers(nth(book, 0), &text);
    assert_string_equal(buf_cstr(&text), "local");

    buf_reset(&news);
    exception_book_news(run, &news);
    assert_int_equal(exception_book_learn(other, buf_str(&news), -1), 0);
    assert_true(nth(other, 0)->workers == 5 && nth(other, 0)->count == 2);
    exception_book_free(other);
    note("KeyError", "c:1", 13);
    learn(500);
    assert_true(nth(run, 2)->workers == 1ULL << 63);
}

static void a_full_book_learns_the_counts(void **state UNUSED)
{
    char place[32];

    for (int i = 0; i < EXCEPTIONS_MAX; i++) {
        snprintf(place, sizeof(place), "x.py:%d", i);
        note("E", place, i);
    }
    note("E", "one too many", 500);
    learn(0);
    exception_book_free(book);
    book = exception_book_new();
    uint64_t a = note("E", "new", 600);

    note("E", "x.py:3", 601);
    learn(1);
    exception_book_again(book, a, 602);
    learn(1);
    assert_int_equal(count_of(run), EXCEPTIONS_MAX + 1);
    assert_int_equal(nth(run, EXCEPTIONS_MAX)->count, 3);
    assert_true(nth(run, EXCEPTIONS_MAX)->workers == 3);
    assert_int_equal(nth(run, 3)->count, 2);
    assert_int_equal(exception_book_total(run), EXCEPTIONS_MAX + 4);
}

static void entries_are_in_the_order_of_their_first_coming(void **state UNUSED)
{
    note("E", "late", 50);
    learn(0);
    exception_book_free(book);
    book = exception_book_new();
    note("E", "early", 40);
    learn(1);
    assert_true(str_is(nth(run, 0)->place, "early") && str_is(nth(run, 1)->place, "late"));
}

static void what_is_no_news_is_told(void **state UNUSED)
{
    note("KeyError", "a:1", 10);
    note("KeyError", "b:1", 10);
    exception_book_news(book, &news);
    for (size_t n = 1; n < news.len; n++)
        assert_int_equal(exception_book_learn(run, str_from(news.data, n), 0),
                         EXCEPTION_NEWS_E_BAD);
    buf_putc(&news, 'x');
    assert_int_equal(exception_book_learn(run, buf_str(&news), 0), EXCEPTION_NEWS_E_BAD);
    /* Another version, too many, a count of 0. */
    assert_int_equal(exception_book_learn(run, STR("\2\0"), 0), EXCEPTION_NEWS_E_BAD);
    assert_int_equal(exception_book_learn(run, STR("\1\xff\xff\3"), 0), EXCEPTION_NEWS_E_BAD);
    assert_int_equal(exception_book_learn(run, STR("\1\1\2\0\0\2\2\0"), 0), EXCEPTION_NEWS_E_BAD);
    assert_int_equal(exception_book_learn(run, STR("\1\1\2\0\1\2\2\0"), 0), 0);
}

static void a_stack_of_javascript(void **state UNUSED)
{
    static const struct {
        const char *stack, *kind, *message, *place;
    } cases[] = {
        {"Error: boom\n\tat f (file:///a/x.js:1:2)\n\tat default (file:///a/y.js:9:1)\n", "Error",
         "boom", "/a/x.js:1:2"},
        {"TypeError: a\nb\n\tat file:///a/x y.js:1:2\n", "TypeError", "a", "/a/x y.js:1:2"},
        {"TypeError: a: b\n\tat native\n\tat g (https://h/x.js:3:4)\n", "TypeError", "a: b",
         "https://h/x.js:3:4"},
        {"Uncaught (in promise) RangeError: r\n\tat f (file:///a (1)/x.js:1:2)\n", "RangeError",
         "r", "/a (1)/x.js:1:2"},
        {"Error\n\tat f (file:///x.js:1:2)\n", "Error", "", "/x.js:1:2"},
        {"not a name: x\n\tat f (file:///x.js:1:2)\n", "", "not a name: x", "/x.js:1:2"},
        {"Uncaught (in promise) note: text\n", "", "note: text", ""},
        {"", "", "", ""},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct exception_told told;

        exception_read_stack(str_of(cases[i].stack), &told);
        assert_true(str_is(told.kind, cases[i].kind) && str_is(told.message, cases[i].message));
        assert_true(str_is(told.place, cases[i].place));
    }
}

/* What differs is in the message, such as the number of a user. */
static void throws_of_one_place_are_one(void **state UNUSED)
{
    static const char *const stacks[] = {
        "Error: user 1\n\tat f (file:///x.js:1:2)\n", "Error: user 2\n\tat f (file:///x.js:1:2)\n",
        "Error: user 2\n\tat f (file:///x.js:1:3)\n", "plain", "other"};

    for (size_t i = 0; i < countof(stacks); i++) {
        struct exception_told told;

        exception_read_stack(str_of(stacks[i]), &told);
        exception_book_note(book, &told, (wall_ns)i);
    }
    assert_int_equal(count_of(book), 4);
    assert_true(str_is(nth(book, 0)->message, "user 1"));
    assert_int_equal(nth(book, 0)->count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_entry_for_each_kind_and_place, begin, end),
        cmocka_unit_test_setup_teardown(a_number_counts_without_texts, begin, end),
        cmocka_unit_test_setup_teardown(what_finds_no_room_is_counted, begin, end),
        cmocka_unit_test_setup_teardown(long_texts_are_cut_at_a_character, begin, end),
        cmocka_unit_test_setup_teardown(zeros_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(news_are_what_has_come_since, begin, end),
        cmocka_unit_test_setup_teardown(workers_are_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(a_full_book_learns_the_counts, begin, end),
        cmocka_unit_test_setup_teardown(entries_are_in_the_order_of_their_first_coming, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_news_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_stack_of_javascript, begin, end),
        cmocka_unit_test_setup_teardown(throws_of_one_place_are_one, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
