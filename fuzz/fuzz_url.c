/*
 * Any bytes as a URL, alone and as a redirect. What is parsed must read the same when it is parsed
 * again, and must be fit for a request line and a Host header.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/http1/http1_encode.h"
#include "proto/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct url *u)
{
    struct url *again = NULL;
    int r = url_parse(u->href, NULL, &again);

    assert(r == 0);
    assert(str_eq(u->href, again->href) && str_eq(u->host_port, again->host_port));
    assert(str_eq(u->target, again->target) && str_eq(u->username, again->username) &&
           str_eq(u->password, again->password));
    assert(u->host.n > 0 && u->target.n > 0 && u->target.p[0] == '/');
    assert(str_find(u->absolute, ' ') == u->absolute.n && http1_is_value(u->absolute));
    assert(url_same_origin(u, again));
    url_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = str_from((const char *)data, n);
    struct url *base = NULL;
    struct url *u = NULL;

    if (url_parse(text, NULL, &u) == 0) {
        check(u);
        url_unref(u);
    }
    int r = url_parse(STR("https://user:pw@example.com:81/a/b/c?d#e"), NULL, &base);

    assert(r == 0);
    if (url_redirect(base, text, &u) == 0) {
        check(u);
        assert(url_may_forward_credentials(base, u) || !str_eq(base->host, u->host));
        url_unref(u);
    }
    url_unref(base);
    return 0;
}
