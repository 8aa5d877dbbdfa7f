/* Errors in words; from tags alone, so that they are as few as series. */
#include "vocab/locust_error.h"

#include "proto/http.h"

enum {
    TEXT_MAX = 200,
};

static struct str tag_of(const struct tagset *tags, struct str key)
{
    struct str value = STR("");

    tagset_get(tags, key, &value);
    return value;
}

/* At most TEXT_MAX bytes, and not through the middle of a character. */
static struct str shortened(struct str text)
{
    if (text.n <= TEXT_MAX)
        return text;
    text.n = TEXT_MAX;
    while (text.n && ((unsigned char)text.p[text.n] & 0xc0) == 0x80)
        text.n--;
    return text;
}

bool locust_error_text(const struct tagset *tags, struct arena *words, struct str *ret_text)
{
    struct str error = tag_of(tags, STR("error"));
    struct str status = tag_of(tags, STR("status"));
    struct str code = tag_of(tags, STR("error_code"));
    uint64_t number = 0;

    if (str_is(tag_of(tags, STR("expected_response")), "true"))
        return false;
    if (error.n) {
        *ret_text = shortened(error);
        return true;
    }
    if (str_u64(status, &number) && number >= 400) {
        *ret_text = str_of(arena_printf(words, "HTTPError('%.*s %s Error: %s for url: %.*s')",
                                        STR_ARG(status), number < 500 ? "Client" : "Server",
                                        number < 600 ? http_reason((int)number) : "",
                                        STR_ARG(shortened(tag_of(tags, STR("name"))))));
    } else if (code.n && number == 0) {
        *ret_text = str_of(arena_printf(words, "error %.*s", STR_ARG(code)));
    } else if (number) {
        *ret_text = str_of(arena_printf(words, "unexpected status %.*s", STR_ARG(status)));
    } else {
        *ret_text = STR("request failed");
    }
    return true;
}
