/* Allocation that cannot fail: it says so and ends the process instead. */
#include "base/mem.h"

#ifdef __GLIBC__
#    include <malloc.h>
#endif
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void *check(void *p, size_t size) COLD;

static void *check(void *p, size_t size)
{
    if (p)
        return p;
    fprintf(stderr, "brunt: out of memory (%zu bytes asked)\n", size);
    abort();
}

void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);

    return likely(p) ? p : check(p, size);
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    return likely(p) ? p : check(p, n * size);
}

void *xcalloc_lines(size_t size)
{
    size_t whole = (size + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
    void *p = check(aligned_alloc(CACHE_LINE, whole), whole);

    return memset(p, 0, whole);
}

void *xrealloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);

    return likely(p) ? p : check(p, size);
}

char *xstrdup(const char *s)
{
    return xmemdup(s, strlen(s) + 1);
}

char *xstrndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *p = xmalloc(len + 1);

    memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

void *xmemdup(const void *p, size_t n)
{
    void *copy = xmalloc(n);

    if (n)
        memcpy(copy, p, n);
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    char *s = NULL;
    va_list args;

    va_start(args, fmt);
    int n = vasprintf(&s, fmt, args);
    va_end(args);
    return n < 0 ? check(NULL, 0) : s;
}

void *vec_grow(void *array, size_t n, size_t *cap, size_t size)
{
    if (n >= *cap) {
        size_t next = *cap ? *cap * 2 : 8;

        if (next > SIZE_MAX / size)
            check(NULL, SIZE_MAX);
        array = xrealloc(array, next * size);
        *cap = next;
    }
    memset((char *)array + n * size, 0, size);
    return array;
}

void mem_tune(void)
{
#ifdef __GLIBC__
    enum {
        GROWTH = 1 << 20,
        /* To set one is to fix all: these two are what the library comes to by itself in a while.
         */
        MAPPED = 4 << 20, /* what is larger is mapped, and given back when it is freed */
        TRIMMED = 8 << 20,
    };

    mallopt(M_TOP_PAD, GROWTH);
    mallopt(M_MMAP_THRESHOLD, MAPPED);
    mallopt(M_TRIM_THRESHOLD, TRIMMED);
#endif
}

void freep(void *pp)
{
    void *p;

    memcpy(&p, pp, sizeof(p));
    free(p);
}
