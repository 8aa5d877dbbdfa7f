/* Byte buffer that doubles up to its limit. One byte past `len` is always reserved for buf_cstr. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static size_t limit_of(const struct buf *b)
{
    return b->limit ? b->limit : BUF_LIMIT_DEFAULT;
}

void buf_fini(struct buf *b)
{
    if (!b)
        return;
    free(b->data);
    *b = (struct buf){.limit = b->limit};
}

int buf_reserve_slow(struct buf *b, size_t n)
{
    size_t limit = limit_of(b);

    if (n > limit || b->len > limit - n)
        return BUF_E_LIMIT;
    size_t need = b->len + n;
    size_t cap = b->cap ? b->cap : 64;

    while (cap < need)
        cap *= 2;
    /* Never past the limit: the quick path of buf_reserve looks at the capacity alone. */
    if (cap > limit)
        cap = limit;
    /* `cap` counts usable bytes; the allocation is one larger, for a terminating NUL. */
    b->data = xrealloc(b->data, cap + 1);
    b->cap = cap;
    return 0;
}

int buf_add(struct buf *b, const void *data, size_t n)
{
    int r = buf_reserve(b, n);

    if (r)
        return r;
    if (n)
        memcpy(b->data + b->len, data, n);
    b->len += n;
    return 0;
}

int buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
    va_list again;

    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    assert(n >= 0);
    if (n == 0)
        return 0;
    int r = buf_reserve(b, (size_t)n);

    if (r)
        return r;
    vsnprintf(b->data + b->len, (size_t)n + 1, fmt, args);
    b->len += (size_t)n;
    return 0;
}

void buf_put(struct buf *b, const void *data, size_t n)
{
    int r = buf_add(b, data, n);

    assert(r == 0);
    ignored(r);
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_put(b, &c, 1);
}

void buf_putstr(struct buf *b, struct str s)
{
    buf_put(b, s.p, s.n);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int r = buf_vprintf(b, fmt, args);
    va_end(args);
    assert(r == 0);
    ignored(r);
}

void buf_put_u64(struct buf *b, uint64_t n)
{
    char digits[20];
    size_t i = sizeof(digits);

    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    buf_put(b, digits + i, sizeof(digits) - i);
}

void buf_drop(struct buf *b, size_t n)
{
    assert(n <= b->len);
    if (!n)
        return;
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
}

const char *buf_cstr(struct buf *b)
{
    if (!b->data)
        ignored(buf_reserve_slow(b, 1));
    if (!b->data)
        return "";
    b->data[b->len] = '\0';
    return b->data;
}

char *buf_take(struct buf *b, size_t *ret_len)
{
    if (ret_len)
        *ret_len = b->len;
    char *data = b->data ? b->data : xmalloc(1);

    data[b->len] = '\0';
    *b = (struct buf){.limit = b->limit};
    return data;
}
