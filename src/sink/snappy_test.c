#include "sink/snappy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/mem.h"

/* Undoes a block by the format's description; fails the test where the block breaks it. */
struct reader {
    const unsigned char *p, *end;
};

static size_t little_endian(struct reader *r, unsigned n_bytes)
{
    size_t n = 0;

    assert_true((size_t)(r->end - r->p) >= n_bytes);
    for (unsigned i = 0; i < n_bytes; i++)
        n |= (size_t)*r->p++ << 8 * i;
    return n;
}

static size_t varint(struct reader *r)
{
    size_t n = 0;

    for (unsigned shift = 0;; shift += 7) {
        size_t byte = little_endian(r, 1);

        n |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return n;
    }
}

static void copy_back(struct buf *out, size_t offset, size_t n)
{
    assert_true(offset > 0 && offset <= out->len);
    while (n--)
        buf_putc(out, out->data[out->len - offset]);
}

static void literal(struct reader *r, unsigned tag, struct buf *out)
{
    size_t n = tag >> 2;

    if (n >= 60)
        n = little_endian(r, (unsigned)n - 59);
    n++;
    assert_true((size_t)(r->end - r->p) >= n);
    buf_put(out, r->p, n);
    r->p += n;
}

static struct buf undo(const struct buf *block)
{
    struct reader r = {.p = (unsigned char *)block->data,
                       .end = (unsigned char *)block->data + block->len};
    size_t n = varint(&r);
    struct buf out = {0};

    while (r.p < r.end) {
        unsigned tag = *r.p++;
        size_t high = (size_t)(tag >> 5) << 8;

        switch (tag & 3) {
        case 0:
            literal(&r, tag, &out);
            break;
        case 1:
            copy_back(&out, high | little_endian(&r, 1), (tag >> 2 & 7) + 4);
            break;
        case 2:
            copy_back(&out, little_endian(&r, 2), (tag >> 2) + 1);
            break;
        default:
            copy_back(&out, little_endian(&r, 4), (tag >> 2) + 1);
        }
    }
    assert_int_equal(out.len, n);
    return out;
}

static char *text(size_t n)
{
    char *p = xmalloc(n + 1);

    for (size_t i = 0; i < n; i++)
        p[i] = (char)(i % 7 == 0 ? i * 2654435761u >> 13 : 'a' + i % 5);
    return p;
}

static void test_what_goes_in_comes_out(void **state)
{
    static const size_t sizes[] = {
        0, 1, 59, 60, 61, 127, 128, 256, 257, 65536, 1000000, (1 << 24) - 1, (1 << 24) + 1};

    (void)state;
    for (size_t i = 0; i < countof(sizes); i++) {
        char *p = text(sizes[i]);
        struct buf whole = {0}, literals = {0};

        snappy_block(str_from(p, sizes[i]), &whole);
        snappy_block_literal(str_from(p, sizes[i]), &literals);

        struct buf a = undo(&whole), b = undo(&literals);

        assert_true(str_eq(buf_str(&a), str_from(p, sizes[i])));
        assert_true(str_eq(buf_str(&b), str_from(p, sizes[i])));
        buf_fini(&a);
        buf_fini(&b);
        buf_fini(&whole);
        buf_fini(&literals);
        free(p);
    }
}

static void test_the_library_compresses(void **state)
{
    char zeros[4096] = {0};
    struct buf out = {0};

    (void)state;
    if (!snappy_compresses())
        fail_msg("libsnappy1v5 is not installed (tools/setup test)");
    snappy_block(str_from(zeros, sizeof(zeros)), &out);
    assert_true(out.len < 400);
    buf_fini(&out);
}

static void test_a_short_literal_has_one_byte_of_tag(void **state)
{
    struct buf out = {0}, hex = {0};

    (void)state;
    snappy_block_literal(STR("abc"), &out);
    assert_int_equal(hex_encode(buf_str(&out), &hex), 0);
    assert_string_equal(buf_cstr(&hex), "0308616263");
    buf_fini(&out);
    buf_fini(&hex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_goes_in_comes_out),
        cmocka_unit_test(test_the_library_compresses),
        cmocka_unit_test(test_a_short_literal_has_one_byte_of_tag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
