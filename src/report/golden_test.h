#pragma once
/*
 * Comparing with texts in tests/golden. With UPDATE_GOLDEN in the environment the files are written
 * instead, and git shows what changed.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

/* Appends the file's content; nothing when there is none. */
static inline void golden_read(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "re");
    char block[4096];
    size_t n = 0;

    while (f && (n = fread(block, 1, sizeof(block), f)) > 0)
        buf_put(out, block, n);
    if (f)
        fclose(f);
}

static inline void golden_write(const char *path, struct buf *text)
{
    FILE *f = fopen(path, "we");

    if (!f || fwrite(text->data, 1, text->len, f) != text->len || fclose(f) != 0)
        fail_msg("cannot write %s: %d", path, errno);
}

/* Fails unless the text is that of tests/golden/NAME. */
static inline void golden_check(const char *name, struct buf *text)
{
    struct buf expected = {0};
    char path[200];

    snprintf(path, sizeof(path), "tests/golden/%s", name);
    if (getenv("UPDATE_GOLDEN")) /* NOLINT(concurrency-mt-unsafe): a test has one thread */
        golden_write(path, text);
    golden_read(path, &expected);
    if (!str_eq(buf_str(&expected), buf_str(text)))
        fail_msg("not as in %s:\n%s", path, buf_cstr(text));
    buf_fini(&expected);
}
