/*
 * The checks, in order: token or names, then for what changes something the site of the caller and
 * the type of the body. A form of a strange page can send neither our type nor such a method
 * without asking first, and is told no then; that is a second lock on the same door.
 */
#include "web/web_guard.h"

#include <stdio.h>

#include "web/web_api.h"

/* ---- names ---- */

struct str web_host_of(struct str host_port)
{
    size_t at;

    if (host_port.n && host_port.p[0] == '[') {
        at = str_find(host_port, ']');
        return str_from(host_port.p + 1, at < host_port.n ? at - 1 : 0);
    }
    return str_from(host_port.p, str_find(host_port, ':'));
}

static bool is_ipv4_loopback(struct str host)
{
    uint64_t n;
    struct str rest = host, part;
    int n_parts = 0;

    while (str_split(&rest, '.', &part)) {
        if (part.n > 3 || !str_u64(part, &n) || n > 255 || (n_parts == 0 && n != 127))
            return false;
        n_parts++;
    }
    return n_parts == 4;
}

bool web_is_loopback_name(struct str host_port)
{
    struct str host = web_host_of(host_port);

    return str_eq_nocase(host, STR("localhost")) || str_is(host, "::1") || is_ipv4_loopback(host);
}

/* What follows the scheme; empty for what is no http(s) origin. */
static struct str origin_host(struct str origin)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < countof(schemes); i++) {
        if (str_starts_nocase(origin, str_of(schemes[i])))
            return str_from_index(origin, strlen(schemes[i]));
    }
    return STR("");
}

bool web_is_loopback_origin(struct str origin)
{
    return web_is_loopback_name(origin_host(origin));
}

/* ---- the token ---- */

/* In a time that tells nothing of where they differ. */
static bool is_token(const char *token, struct str given)
{
    size_t n = strlen(token);
    unsigned char differs = given.n != n;

    for (size_t i = 0; i < given.n; i++)
        differs |= (unsigned char)(given.p[i] ^ token[n ? i % n : 0]);
    return !differs;
}

static bool has_token(const struct web_guard *g, const struct web_caller *c)
{
    struct str given = c->authorization;

    return str_starts_nocase(given, STR("Bearer ")) &&
           is_token(g->token, str_trim(str_from_index(given, 7)));
}

static bool needs_token(const struct web_guard *g, const struct web_caller *c)
{
    if (!g->token || !g->token[0])
        return false;
    return !g->has_open_files || !web_is_reading(c->method) || str_starts(c->path, STR("/api/")) ||
           str_starts(c->path, STR("/v1/"));
}

static void refuse_token(const struct web_guard *g, struct web_answer *a)
{
    char text[128];

    snprintf(text, sizeof(text),
             "this needs the header Authorization: Bearer TOKEN, with the token of %s",
             g->option ? g->option : "--address-token");
    web_answer_error(a, 401, "Unauthorized", text);
}

/* ---- the checks ---- */

bool web_is_reading(struct str method)
{
    return str_is(method, "GET") || str_is(method, "HEAD") || str_is(method, "OPTIONS");
}

/* Why one without a token may not call; NULL when he may. */
static const char *strange_name(const struct web_caller *c)
{
    if (!web_is_loopback_name(c->host))
        return "the Host header names no loopback address";
    if (c->origin.n && !web_is_loopback_origin(c->origin))
        return "pages of other origins may not call this";
    return NULL;
}

/* With a token any name will do, but a page must be our own. */
static const char *strange_page(const struct web_caller *c)
{
    if (str_is(c->fetch_site, "cross-site"))
        return "pages of other sites may not change anything";
    if (c->origin.n && !web_is_loopback_origin(c->origin) &&
        !str_eq_nocase(origin_host(c->origin), c->host))
        return "pages of other origins may not call this";
    return NULL;
}

static bool may_change(const struct web_guard *g, const struct web_caller *c)
{
    return !web_is_reading(c->method) || (g->gets_change && !str_ends(c->path, STR("/")));
}

static bool is_json(struct str type)
{
    struct str first = str_trim(str_from(type.p, str_find(type, ';')));

    return str_eq_nocase(first, STR("application/json"));
}

static bool lacks_type(const struct web_caller *c)
{
    bool may_be_bare = str_is(c->method, "DELETE") && !c->has_body;

    return str_starts(c->path, STR("/api/")) && !may_be_bare && !is_json(c->content_type);
}

bool web_guard_refuses(const struct web_guard *g, const struct web_caller *c,
                       struct web_answer *ret_answer)
{
    const char *why = NULL;

    if (g->policy == WEB_POLICY_PUBLIC)
        return false;
    if (needs_token(g, c) && !has_token(g, c)) {
        refuse_token(g, ret_answer);
        return true;
    }
    if (g->policy == WEB_POLICY_LOCAL && (!g->token || !g->token[0]))
        why = strange_name(c);
    if (!why && may_change(g, c))
        why = strange_page(c);
    if (why) {
        web_answer_error(ret_answer, 403, "Forbidden", why);
        return true;
    }
    if (web_is_reading(c->method) || !lacks_type(c))
        return false;
    web_answer_error(ret_answer, 415, "Unsupported media type",
                     "a change needs the header Content-Type: application/json");
    return true;
}
