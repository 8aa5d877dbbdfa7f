#pragma once
/*
 * Cookies by RFC 6265, with the choices of Go's cookie jar when it has no public-suffix list:
 * host-only and domain cookies, default paths, path matching, secure, expiry. The jar reads no
 * clock: every call that cares takes the wall time.
 *
 * A jar costs nothing until the first cookie is stored, and cookie_jar_clear keeps its storage for
 * the next iteration. Not thread-safe.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

struct http_cookie;
struct url;

enum {
    COOKIE_E_BAD = 1,      /* not a cookie: no name, or a character that has no place in one */
    COOKIE_E_REJECTED = 2, /* a cookie, but not for this host or scheme */

    COOKIE_JAR_MAX = 3000, /* cookies in one jar; the oldest goes first */
};

enum cookie_same_site {
    COOKIE_SAME_SITE_UNSET,
    COOKIE_SAME_SITE_DEFAULT, /* the attribute without a value that we know */
    COOKIE_SAME_SITE_LAX,
    COOKIE_SAME_SITE_STRICT,
    COOKIE_SAME_SITE_NONE,
};

/* One cookie as a Set-Cookie line or a script states it. Views are borrowed. */
struct cookie {
    struct str name;
    struct str value;
    struct str domain; /* as given, a leading dot included; n 0: the host that set it */
    struct str path;   /* n 0 or not starting with '/': from the URL */
    bool secure;
    bool http_only;
    bool has_max_age;
    bool has_expires;
    enum cookie_same_site same_site;
    int64_t max_age;   /* s, with has_max_age; <= 0 deletes. As in Go, 0 is read as -1 */
    int64_t expires_s; /* s since the epoch; COOKIE_EXPIRES_UNSET without has_expires */
};

/* What scripts see as `expires` of a session cookie, in s: year 1, as in Go and k6. */
#define COOKIE_EXPIRES_UNSET (-62135596800)

/*
 * Reads the value of one Set-Cookie header; the views of *ret_cookie point into `header`.
 * Returns 0 or COOKIE_E_BAD.
 */
MUST_USE int cookie_parse(struct str header, struct cookie *ret_cookie);

/*
 * Reads a date by RFC 6265 §5.1.1 (RFC 1123, RFC 850, asctime and what resembles them). False when
 * it is none.
 */
bool cookie_date_parse(struct str text, int64_t *ret_seconds);

struct cookie_jar;

struct cookie_jar *cookie_jar_new(void);

/* Accepts NULL. */
void cookie_jar_free(struct cookie_jar *jar);

/* Forgets every cookie and keeps the storage. Accepts NULL. */
void cookie_jar_clear(struct cookie_jar *jar);

bool cookie_jar_empty(const struct cookie_jar *jar);

/*
 * Stores, replaces or (when it has expired) deletes a cookie that `u` set. Copies.
 * Returns 0, or COOKIE_E_REJECTED when the domain is not u's.
 */
MUST_USE int cookie_jar_store(struct cookie_jar *jar, const struct url *u, const struct cookie *c,
                              wall_ns now);

/* cookie_parse and cookie_jar_store in one; bad and rejected cookies are ignored. */
void cookie_jar_store_header(struct cookie_jar *jar, const struct url *u, struct str header,
                             wall_ns now);

typedef void cookie_fn(void *arg, struct str name, struct str value);

/*
 * Calls fn for each cookie that would be sent to u, in the order of the header: longer paths first,
 * older before younger. fn must not change the jar. A NULL jar has no cookies.
 */
void cookie_jar_each(struct cookie_jar *jar, const struct url *u, wall_ns now, cookie_fn *fn,
                     void *arg);

/* Deletes the cookies that would be sent to u: those named `name`, or all when name.p is NULL. */
void cookie_jar_delete(struct cookie_jar *jar, const struct url *u, struct str name, wall_ns now);

/*
 * Appends the value of a Cookie header: `prefix` (a Cookie header the user gave; may be empty),
 * the request's own cookies, then the jar's that are not suppressed by `replace`. Appends nothing
 * when there is none. Names and values are cleaned as Go cleans them. Returns 0 or BUF_E_LIMIT.
 */
MUST_USE int cookie_header(struct buf *out, struct str prefix, const struct http_cookie *cookies,
                           size_t n_cookies, struct cookie_jar *jar, const struct url *u,
                           wall_ns now);
