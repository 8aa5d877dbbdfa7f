/*
 * Lines of bytes: the last is a URL, those before it are patterns. Equal input gives equal names,
 * names have no query and no fragment, and patterns of any form do no harm.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "proto/url_group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void add_patterns(struct url_groups *g, struct str *text)
{
    size_t at;

    while ((at = str_find(*text, '\n')) < text->n) {
        scoped(freep) char *pattern = xstrndup(text->p, at);

        ignored(url_groups_add(g, pattern));
        *text = str_from_index(*text, at + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct url_groups *patterns = url_groups_new(), *ids = url_groups_new();
    struct buf a = {0}, b = {0};
    struct str url = str_from((const char *)data, n);

    add_patterns(patterns, &url);
    url_groups_collapse(ids);
    url_group(patterns, url, &a);
    buf_reset(&a);
    url_group(ids, url, &a);
    url_group(ids, url, &b);
    assert(str_eq(buf_str(&a), buf_str(&b)));
    assert(str_find(buf_str(&a), '?') == a.len && str_find(buf_str(&a), '#') == a.len);
    buf_fini(&a);
    buf_fini(&b);
    url_groups_free(patterns);
    url_groups_free(ids);
    return 0;
}
