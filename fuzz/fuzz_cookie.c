/*
 * Lines of Set-Cookie headers, with the first line a URL to set and send them at. What is sent must
 * be fit for a header.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/cookie.h"
#include "proto/http.h"
#include "proto/http1/http1_encode.h"
#include "proto/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const wall_ns now = 1700000000 * NS_PER_S;

static void send(struct cookie_jar *jar, const struct url *u, struct str line)
{
    struct http_cookie own = {.name = line, .value = line, .replace = line.n % 2};
    struct buf out = {0};
    int r = cookie_header(&out, (struct str){0}, NULL, 0, jar, u, now);

    assert(r == 0 && http1_is_value(buf_str(&out)));
    r = cookie_header(&out, STR("a=b"), &own, 1, jar, u, now);
    assert(r == 0 && str_find(buf_str(&out), '\n') == out.len);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str rest = str_from((const char *)data, n);
    struct str line;
    struct url *u = NULL;
    struct cookie_jar *jar = cookie_jar_new();
    int64_t seconds;

    if (!str_split(&rest, '\n', &line) || url_parse(line, NULL, &u))
        ignored(url_parse(STR("http://www.example.com/a/b"), NULL, &u));
    while (str_split(&rest, '\n', &line)) {
        cookie_jar_store_header(jar, u, line, now);
        cookie_date_parse(line, &seconds);
        send(jar, u, line);
        if (line.n % 8 == 7)
            cookie_jar_delete(jar, u, line, now);
        if (line.n % 16 == 15)
            cookie_jar_clear(jar);
    }
    cookie_jar_delete(jar, u, (struct str){0}, now);
    cookie_jar_free(jar);
    url_unref(u);
    return 0;
}
