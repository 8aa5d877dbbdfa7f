#pragma once
/*
 * A growing byte buffer, born with its limit. Zeroed memory is an empty buffer with the default
 * limit. `data` is NULL while nothing was ever reserved, and is not NUL-terminated unless
 * buf_cstr() was called after the last change.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum {
    BUF_E_LIMIT = 1,               /* condition: the buffer would outgrow its limit; unchanged */
    BUF_LIMIT_DEFAULT = 256 << 20, /* bytes */
};

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t limit; /* bytes that len may reach; 0 means BUF_LIMIT_DEFAULT */
};

#define BUF_INIT(limit_bytes) ((struct buf){.limit = (limit_bytes)})

/* Frees the storage and leaves an empty buffer with the same limit; accepts NULL. */
void buf_fini(struct buf *b);

/* Empties the buffer and keeps its storage. */
static inline void buf_reset(struct buf *b)
{
    b->len = 0;
}

/* Makes room for n more bytes. Returns 0 or BUF_E_LIMIT. */
MUST_USE int buf_reserve_slow(struct buf *b, size_t n);

MUST_USE static inline int buf_reserve(struct buf *b, size_t n)
{
    return likely(b->cap - b->len >= n) ? 0 : buf_reserve_slow(b, n);
}

/* Append; return 0 or BUF_E_LIMIT. */
MUST_USE int buf_add(struct buf *b, const void *data, size_t n);
MUST_USE int buf_vprintf(struct buf *b, const char *fmt, __builtin_va_list args);

/*
 * Append to a buffer whose content we made ourselves and which cannot reach its limit: reaching it
 * is a bug (asserted). Use the forms above for anything that others size.
 */
void buf_put(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_putstr(struct buf *b, struct str s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Decimal digits of n, no allocation beyond the buffer's own. */
void buf_put_u64(struct buf *b, uint64_t n);

/* Removes the first n bytes. */
void buf_drop(struct buf *b, size_t n);

/* The content as a C string owned by the buffer; valid until it changes. */
const char *buf_cstr(struct buf *b);

/* The content as a heap string of its own (NUL-terminated); the buffer is left empty. */
char *buf_take(struct buf *b, size_t *ret_len);

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){.p = b->data, .n = b->len};
}
