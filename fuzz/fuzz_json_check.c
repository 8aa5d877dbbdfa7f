/*
 * Any bytes: what is taken for JSON can stand in a document, so it must go on being JSON within a
 * list and within an object, and no start of a list or object may be taken.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool check_within(const char *before, struct str text, const char *after)
{
    struct buf b = {0};

    buf_puts(&b, before);
    buf_putstr(&b, text);
    buf_puts(&b, after);
    bool good = json_check(buf_str(&b), *before);

    buf_fini(&b);
    return good;
}

/* How deep it is nested: one more level may be too many. */
static int depth(struct str text)
{
    int open = 0, deepest = 0;

    for (size_t i = 0; i < text.n; i++) {
        open += text.p[i] == '[' || text.p[i] == '{';
        deepest = open > deepest ? open : deepest;
    }
    return deepest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = str_from((const char *)data, n);

    if (!json_check(text, 0) || depth(text) >= JSON_CHECK_DEPTH_MAX)
        return 0;
    assert(check_within("[1,", text, "]"));
    assert(check_within("{\"k\":", text, ",\"l\":[]}"));
    assert(!check_within("[", text, ""));
    text = str_trim(text);
    if (text.p[0] == '[' || text.p[0] == '{' || text.p[0] == '"')
        assert(!json_check(str_from(text.p, text.n - 1), 0));
    return 0;
}
