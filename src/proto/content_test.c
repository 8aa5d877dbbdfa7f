#include "proto/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static const struct content_limits defaults;

/* Text that does not compress by more than a few times. */
static struct buf sample(size_t n)
{
    struct buf text = {0};
    uint64_t x = 1;

    while (text.len < n) {
        x = x * 6364136223846793005U + 1442695040888963407U;
        buf_printf(&text, "line %llu\n", (unsigned long long)(x >> 40));
    }
    text.len = n;
    return text;
}

/* Decodes `in` in pieces of n_piece bytes. */
static int decode(struct content_decoder *d, struct str in, size_t n_piece, struct buf *out)
{
    int r = 0;

    while (!r && in.n) {
        size_t n = in.n < n_piece ? in.n : n_piece;

        r = content_decode(d, str_from(in.p, n), out);
        in = str_from_index(in, n);
    }
    return r ? r : content_decode_end(d);
}

static void round_trip(enum content_coding coding, size_t n_text, size_t n_piece)
{
    scoped(buf_fini) struct buf text = sample(n_text);
    scoped(buf_fini) struct buf wire = {0};
    scoped(buf_fini) struct buf back = {0};

    assert_int_equal(content_encode(coding, buf_str(&text), &wire), 0);
    struct content_decoder *d = content_decoder_new(content_coding_name(coding), defaults);

    assert_non_null(d);
    assert_int_equal(decode(d, buf_str(&wire), n_piece, &back), 0);
    assert_true(str_eq(buf_str(&text), buf_str(&back)));
    /* The same decoder again, and cut short. */
    d = content_decoder_reuse(d, content_coding_name(coding), defaults);
    buf_reset(&back);
    assert_int_equal(decode(d, buf_str(&wire), n_piece, &back), 0);
    assert_true(str_eq(buf_str(&text), buf_str(&back)));
    d = content_decoder_reuse(d, content_coding_name(coding), defaults);
    int r = decode(d, str_from(wire.data, wire.len - 1), n_piece, &back);

    /* Nothing, in br, is one byte; without it there is no body at all. */
    assert_int_equal(r, wire.len > 1 ? CONTENT_E_CORRUPT : 0);
    assert_string_equal(content_decoder_error(d),
                        r ? "error decompressing response body (unexpected EOF)" : "");
    content_decoder_free(d);
}

static void what_is_encoded_comes_back(void **state)
{
    static const size_t sizes[] = {0, 1, 100, 100000};
    static const size_t pieces[] = {1, 7, 4096, SIZE_MAX};

    (void)state;
    for (size_t c = 0; c < N_CONTENT_CODINGS; c++) {
        for (size_t i = 0; i < countof(sizes); i++) {
            for (size_t j = 0; j < countof(pieces); j++)
                round_trip((enum content_coding)c, sizes[i], pieces[j]);
        }
    }
}

static void codings_stack(void **state)
{
    scoped(buf_fini) struct buf text = sample(5000);
    scoped(buf_fini) struct buf once = {0};
    scoped(buf_fini) struct buf twice = {0};
    scoped(buf_fini) struct buf back = {0};

    (void)state;
    assert_int_equal(content_encode(CONTENT_ZSTD, buf_str(&text), &once), 0);
    assert_int_equal(content_encode(CONTENT_BR, buf_str(&once), &twice), 0);
    struct content_decoder *d = content_decoder_new(STR("identity, zstd , BR"), defaults);

    assert_int_equal(decode(d, buf_str(&twice), 3, &back), 0);
    assert_true(str_eq(buf_str(&text), buf_str(&back)));
    content_decoder_free(d);
    /* Only what lies outside an unknown coding can be undone. */
    buf_reset(&back);
    d = content_decoder_new(STR("gzip, foo, br"), defaults);
    assert_int_equal(decode(d, buf_str(&twice), 100, &back), 0);
    assert_true(str_eq(buf_str(&once), buf_str(&back)));
    content_decoder_free(d);
}

static void nothing_to_decode(void **state)
{
    static const char *const none[] = {"", "identity", "foo", "gzip, foo", " , "};

    (void)state;
    for (size_t i = 0; i < countof(none); i++)
        assert_null(content_decoder_new(str_of(none[i]), defaults));
    struct content_decoder *d = content_decoder_new(STR("x-gzip"), defaults);

    assert_non_null(d);
    assert_int_equal(content_decode_end(d), 0);
    content_decoder_free(d);
}

static void members_in_a_row_are_one_body(void **state)
{
    scoped(buf_fini) struct buf wire = {0};
    scoped(buf_fini) struct buf back = {0};

    (void)state;
    assert_int_equal(content_encode(CONTENT_GZIP, STR("one "), &wire), 0);
    assert_int_equal(content_gzip_fast(STR("two"), &wire), 0);
    struct content_decoder *d = content_decoder_new(STR("gzip"), defaults);

    assert_int_equal(decode(d, buf_str(&wire), 5, &back), 0);
    assert_true(str_is(buf_str(&back), "one two"));
    content_decoder_free(d);
}

static void raw_deflate_is_taken(void **state)
{
    scoped(buf_fini) struct buf wire = {0};
    scoped(buf_fini) struct buf back = {0};

    (void)state;
    assert_int_equal(content_encode(CONTENT_DEFLATE, STR("hello hello hello"), &wire), 0);
    for (size_t n_piece = 1; n_piece < 20; n_piece++) {
        struct content_decoder *d = content_decoder_new(STR("deflate"), defaults);

        buf_reset(&back);
        /* Without the header of two bytes and the checksum of four. */
        assert_int_equal(decode(d, str_from(wire.data + 2, wire.len - 6), n_piece, &back), 0);
        assert_true(str_is(buf_str(&back), "hello hello hello"));
        content_decoder_free(d);
    }
}

static void corruption_has_words(void **state)
{
    static const struct {
        const char *coding, *body, *words;
    } cases[] = {
        {"gzip", "this is not gzip", "gzip: invalid header"},
        {"gzip", "\x1f\x8b\x08", "unexpected EOF"},
        {"deflate", "this is no deflate", "zlib: invalid header"},
        {"zstd", "this is not zstd", "invalid input: magic number mismatch"},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        scoped(buf_fini) struct buf out = {0};
        scoped(freep) char *want =
            xasprintf("error decompressing response body (%s)", cases[i].words);
        struct content_decoder *d = content_decoder_new(str_of(cases[i].coding), defaults);
        int r = decode(d, str_of(cases[i].body), SIZE_MAX, &out);

        if (r != CONTENT_E_CORRUPT || strcmp(content_decoder_error(d), want) != 0)
            fail_msg("%s: %d %s", cases[i].coding, r, content_decoder_error(d));
        content_decoder_free(d);
    }
}

static void a_changed_byte_is_noticed(void **state)
{
    scoped(buf_fini) struct buf wire = {0};
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    assert_int_equal(content_encode(CONTENT_GZIP, STR("hello"), &wire), 0);
    wire.data[wire.len - 6] ^= 1;
    struct content_decoder *d = content_decoder_new(STR("gzip"), defaults);

    assert_int_equal(decode(d, buf_str(&wire), 100, &out), CONTENT_E_CORRUPT);
    assert_string_equal(content_decoder_error(d),
                        "error decompressing response body (gzip: invalid checksum)");
    content_decoder_free(d);
}

static void data_after_the_end_is_refused(void **state)
{
    static const enum content_coding single[] = {CONTENT_DEFLATE, CONTENT_BR};

    (void)state;
    for (size_t i = 0; i < countof(single); i++) {
        for (size_t n_piece = 1; n_piece < 100; n_piece *= 9) {
            scoped(buf_fini) struct buf wire = {0};
            scoped(buf_fini) struct buf out = {0};
            struct content_decoder *d =
                content_decoder_new(content_coding_name(single[i]), defaults);

            assert_int_equal(content_encode(single[i], STR("hello"), &wire), 0);
            buf_putc(&wire, 'x');
            assert_int_equal(decode(d, buf_str(&wire), n_piece, &out), CONTENT_E_CORRUPT);
            content_decoder_free(d);
        }
    }
}

static void bombs_do_not_go_off(void **state)
{
    scoped(freep) char *zeros = xcalloc(1, 4 << 20);
    struct content_limits small = {.max_bytes = 1 << 20, .max_ratio = 1 << 30};

    (void)state;
    for (size_t c = 0; c < N_CONTENT_CODINGS; c++) {
        scoped(buf_fini) struct buf wire = {0};
        scoped(buf_fini) struct buf out = {0};
        struct str name = content_coding_name((enum content_coding)c);

        assert_int_equal(content_encode((enum content_coding)c, str_from(zeros, 4 << 20), &wire),
                         0);
        struct content_decoder *d = content_decoder_new(name, defaults);

        assert_int_equal(decode(d, buf_str(&wire), SIZE_MAX, &out), CONTENT_E_LIMIT);
        assert_string_equal(
            content_decoder_error(d),
            "error decompressing response body (more than 100 times as large when decoded)");
        assert_true(out.len < (2 << 20));
        d = content_decoder_reuse(d, name, small);
        buf_reset(&out);
        assert_int_equal(decode(d, buf_str(&wire), SIZE_MAX, &out), CONTENT_E_LIMIT);
        assert_string_equal(
            content_decoder_error(d),
            "error decompressing response body (more than 1048576 bytes when decoded)");
        content_decoder_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_comes_back),
        cmocka_unit_test(codings_stack),
        cmocka_unit_test(nothing_to_decode),
        cmocka_unit_test(members_in_a_row_are_one_body),
        cmocka_unit_test(raw_deflate_is_taken),
        cmocka_unit_test(corruption_has_words),
        cmocka_unit_test(a_changed_byte_is_noticed),
        cmocka_unit_test(data_after_the_end_is_refused),
        cmocka_unit_test(bombs_do_not_go_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
