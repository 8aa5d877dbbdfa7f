#include "proto/url_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
    const char *url, *name;
};

static const struct row collapsed[] = {
    {"http://h/", "http://h/"},
    {"http://h", "http://h"},
    {"http://h?a=1", "http://h"},
    {"http://127.0.0.1:8080/items", "http://127.0.0.1:8080/items"},
    {"http://****:****@h/users/7", "http://****:****@h/users/{id}"},
    {"http://h/users/17/orders/6fa459ea-ee8a-3ca4-894e-db77e160355e",
     "http://h/users/{id}/orders/{uuid}"},
    {"http://h/users/17/", "http://h/users/{id}/"},
    {"http://h//17//", "http://h//{id}//"},
    {"http://h/search?q=a/1&page=2#top", "http://h/search"},
    {"http://h/a#frag/17", "http://h/a"},
    {"http://h/x/-5", "http://h/x/{id}"},
    {"http://h/x/-", "http://h/x/-"},
    /* kinds */
    {"http://h/2026-11-21/report", "http://h/{date}/report"},
    {"http://h/2026-11-21T10:00:00Z", "http://h/{date}"},
    {"http://h/2026-11-21-notes", "http://h/2026-11-21-notes"},
    {"http://h/o/01ARZ3NDEKTSV4RRFFQ69G5FAV", "http://h/o/{ulid}"},
    {"http://h/o/81ARZ3NDEKTSV4RRFFQ69G5FAV", "http://h/o/{token}"},
    {"http://h/commit/9b1e8c3d", "http://h/commit/{hash}"},
    {"http://h/commit/da39a3ee5e6b4b0d3255bfef95601890afd80709", "http://h/commit/{hash}"},
    {"http://h/cafe/deadbeef/facade", "http://h/cafe/deadbeef/facade"},
    {"http://h/color/ff00aa", "http://h/color/ff00aa"},
    {"http://h/u/ann@example.org", "http://h/u/{email}"},
    {"http://h/@scope/pkg", "http://h/@scope/pkg"},
    {"http://h/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "http://h/t/{token}"},
    {"http://h/s/aZ3kQ9xT7bL2mN8pR4", "http://h/s/{token}"},
    {"http://h/s/dGhpcyBpcy1h_c2Vzc2lvbi1pZDE0Mg", "http://h/s/{token}"},
    /* words stay */
    {"http://h/v1/users", "http://h/v1/users"},
    {"http://h/api/v2.1/oauth2", "http://h/api/v2.1/oauth2"},
    {"http://h/getUserProfileByIdentifier2", "http://h/getUserProfileByIdentifier2"},
    {"http://h/my-long-product-name-from-2024", "http://h/my-long-product-name-from-{id}"},
    {"http://h/iso-88/utf-8/covid-19", "http://h/iso-88/utf-8/covid-19"},
    {"http://h/My-Product-Name-Version-2", "http://h/My-Product-Name-Version-2"},
    /* parts of a segment */
    {"http://h/17.json", "http://h/{id}.json"},
    {"http://h/6fa459ea-ee8a-3ca4-894e-db77e160355e.png", "http://h/{uuid}.png"},
    {"http://h/order-12345", "http://h/order-{id}"},
    {"http://h/order_12345.pdf", "http://h/order_{id}.pdf"},
    {"http://h/a;jsessionid=4711/b", "http://h/a/b"},
    {"http://h/17;v=2.json", "http://h/{id}"},
    {"http://h/.git/config", "http://h/.git/config"},
    {"http://h/a.", "http://h/a."},
    {"http://h/%C3%BC/caf%C3%A9", "http://h/%C3%BC/caf%C3%A9"},
    {"https://h:1/1/2/3", "https://h:1/{id}/{id}/{id}"},
    {"ht?tp://h/1", "ht"},
    {"", ""},
};

static void check(const struct url_groups *g, const struct row *row)
{
    scoped(buf_fini) struct buf out = {0};

    url_group(g, str_of(row->url), &out);
    if (!str_is(buf_str(&out), row->name))
        fail_msg("'%s' became '%.*s', not '%s'", row->url, STR_ARG(buf_str(&out)), row->name);
}

static void identifiers_collapse(void **state)
{
    struct url_groups *g = url_groups_new();

    (void)state;
    url_groups_collapse(g);
    for (size_t i = 0; i < countof(collapsed); i++)
        check(g, &collapsed[i]);
    url_groups_free(g);
}

/* A name is a name of itself: what was grouped once is not grouped further. */
static void names_are_stable(void **state)
{
    struct url_groups *g = url_groups_new();

    (void)state;
    url_groups_collapse(g);
    for (size_t i = 0; i < countof(collapsed); i++)
        check(g, &(struct row){collapsed[i].name, collapsed[i].name});
    url_groups_free(g);
}

static const char *const patterns[] = {
    "/users/{user}/orders/{order}", "/files/**",        "/img/thumb-*.png",
    "https://api.test/{version}/x", "/users/me/orders",
};

static const struct row by_pattern[] = {
    {"http://h/users/ann/orders/x?q=1", "http://h/users/{user}/orders/{order}"},
    {"http://h/users/ann/orders", "http://h/users/ann/orders"},
    {"http://h/users/ann/orders/x/y", "http://h/users/ann/orders/x/y"},
    {"http://h/users//orders/x", "http://h/users//orders/x"},
    {"http://h/users/me/orders?a", "http://h/users/me/orders"},
    {"http://h/files/a/b/c", "http://h/files/**"},
    {"http://h/files/", "http://h/files/"},
    {"http://h/files", "http://h/files"},
    {"http://h/img/thumb-a.png", "http://h/img/thumb-*.png"},
    {"http://h/img/thumb-.png", "http://h/img/thumb-.png"},
    {"https://api.test/v7/x", "https://api.test/{version}/x"},
    {"http://api.test/v7/x", "http://api.test/v7/x"},
    {"http://h/plain/17?a=1", "http://h/plain/17?a=1"},
    {"http://h", "http://h"},
};

static void patterns_come_first(void **state)
{
    struct url_groups *g = url_groups_new();

    (void)state;
    for (size_t i = 0; i < countof(patterns); i++)
        assert_int_equal(url_groups_add(g, patterns[i]), 0);
    for (size_t i = 0; i < countof(by_pattern); i++)
        check(g, &by_pattern[i]);
    url_groups_collapse(g);
    check(g, &(struct row){"http://h/plain/17?a=1", "http://h/plain/{id}"});
    check(g, &(struct row){"http://h/users/17/orders/18", "http://h/users/{user}/orders/{order}"});
    url_groups_free(g);
}

static const struct {
    const char *pattern, *said;
} bad[] = {
    {"", "a pattern is a path such as /users/{id}, or a URL with one"},
    {"users", "a pattern is a path such as /users/{id}, or a URL with one"},
    {"https://h", "a pattern is a path such as /users/{id}, or a URL with one"},
    {"/a?b=1", "queries are left out of names anyway"},
    {"/a/{b", "'{' without '}'"},
    {"/a/{b}{c}", "two wildcards in one segment"},
    {"/a/**/b", "** must be the last segment"},
};

static void bad_patterns_are_named(void **state)
{
    struct url_groups *g = url_groups_new();

    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        assert_int_equal(url_groups_add(g, bad[i].pattern), FAULT_EXIT(104));
        if (!strstr(fault_text(), bad[i].said))
            fail_msg("'%s' said '%s'", bad[i].pattern, fault_text());
    }
    url_groups_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_collapse),
        cmocka_unit_test(names_are_stable),
        cmocka_unit_test(patterns_come_first),
        cmocka_unit_test(bad_patterns_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
