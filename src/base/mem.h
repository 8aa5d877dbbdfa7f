#pragma once
/*
 * The heap, for what lasts the run. These end the process when memory is out, so no code handles
 * it. What others size (bodies, headers, files, messages) goes into a struct buf with a limit.
 */
#include <stddef.h>
#include <stdlib.h>

#include "base/err.h"

enum {
    CACHE_LINE = 64, /* bytes */
};

/* Zeroed memory for one T, or for n. */
#define xnew(T)      ((T *)xcalloc(1, sizeof(T)))
#define xnew_n(T, n) ((T *)xcalloc((n), sizeof(T)))

/* The same for one T, on cache lines of its own: for what each user has one of. free() frees it. */
#define xnew_lines(T) ((T *)xcalloc_lines(sizeof(T)))

/*
 * Makes room for one more element in a growing array: `vec_push(a, n, cap)` is an lvalue, the new
 * element, zeroed.
 */
#define vec_push(array, n, cap) \
    (*((array) = vec_grow((array), (n), &(cap), sizeof(*(array))), &(array)[(n)++]))

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc_lines(size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
void *xmemdup(const void *p, size_t n) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((returns_nonnull));

/* For vec_push: grows `array` of `size`-byte elements so that index n exists, and zeroes it. */
void *vec_grow(void *array, size_t n, size_t *cap, size_t size);

/*
 * At the start of a program: the heaps of threads grow by a megabyte at a time. By themselves they
 * do by a page, and each is a system call.
 */
void mem_tune(void);

/* For scoped(freep) on a `char *` or other heap pointer. */
void freep(void *pp);
