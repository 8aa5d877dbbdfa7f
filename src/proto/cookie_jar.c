/*
 * The jar: one array of cookies, kept in the order in which they are sent (longer paths first, then
 * older ones), so that building a header is one walk. Jars of load tests hold a handful of cookies;
 * nothing cleverer pays. A cookie's strings share one block, which stays with its slot when the jar
 * is cleared, so that the next iteration's cookies find room.
 */
#include "base/mem.h"
#include "proto/cookie.h"
#include "proto/url.h"

enum {
    SPARE_BYTES_MAX = 1024, /* larger blocks are not kept by cookie_jar_clear */
    SPARE_SLOTS_MAX = 64,
};

struct jar_cookie {
    struct str name;
    struct str value;
    struct str domain; /* lower case, no leading dot */
    struct str path;
    wall_ns expires; /* INT64_MAX: with the session */
    uint64_t seq;    /* order of creation */
    bool host_only;
    bool secure;
    char *text; /* what the views above point into */
    size_t cap;
};

struct cookie_jar {
    struct jar_cookie *cookies;
    size_t n;
    size_t cap; /* slots from n on are spare: only text and cap count */
    uint64_t next_seq;
};

struct cookie_jar *cookie_jar_new(void)
{
    return xnew(struct cookie_jar);
}

void cookie_jar_free(struct cookie_jar *jar)
{
    if (!jar)
        return;
    for (size_t i = 0; i < jar->cap; i++)
        free(jar->cookies[i].text);
    free(jar->cookies);
    free(jar);
}

void cookie_jar_clear(struct cookie_jar *jar)
{
    if (!jar)
        return;
    for (size_t i = 0; i < jar->n; i++) {
        struct jar_cookie *c = &jar->cookies[i];

        if (c->cap <= SPARE_BYTES_MAX && i < SPARE_SLOTS_MAX)
            continue;
        free(c->text);
        c->text = NULL;
        c->cap = 0;
    }
    jar->n = 0;
}

bool cookie_jar_empty(const struct cookie_jar *jar)
{
    return !jar || jar->n == 0;
}

/* RFC 6265 §5.1.4: the URL's path up to its last slash. */
static struct str default_path(const struct url *u)
{
    const char *slash = u->path.n ? memrchr(u->path.p, '/', u->path.n) : NULL;

    if (!slash || slash == u->path.p)
        return STR("/");
    return str_from(u->path.p, (size_t)(slash - u->path.p));
}

static bool is_subdomain(struct str host, struct str domain)
{
    return host.n > domain.n && str_ends(host, domain) && host.p[host.n - domain.n - 1] == '.';
}

/* The cookie's domain without its dot; false when it is not for the host of u. */
static bool domain_of(const struct url *u, struct str given, struct str *ret_domain,
                      bool *ret_host_only)
{
    *ret_host_only = true;
    *ret_domain = u->host;
    if (!given.n)
        return true;
    if (u->host_kind != URL_HOST_NAME)
        return str_eq(given, u->host);
    if (given.p[0] == '.')
        given = str_from_index(given, 1);
    if (!given.n || given.p[0] == '.' || given.p[given.n - 1] == '.')
        return false;
    char lower[256];

    if (given.n > sizeof(lower))
        return false;
    for (size_t i = 0; i < given.n; i++)
        lower[i] = ascii_lower(given.p[i]);
    struct str domain = str_from(lower, given.n);

    if (!str_eq(u->host, domain) && !is_subdomain(u->host, domain))
        return false;
    /* The same bytes are the end of the host, which outlives this function. */
    *ret_domain = str_from_index(u->host, u->host.n - given.n);
    *ret_host_only = false;
    return true;
}

/* When the cookie ends; not after now means that it is to be deleted. */
static wall_ns expiry_of(const struct cookie *c, wall_ns now)
{
    wall_ns expires;

    if (c->has_max_age) {
        if (c->max_age <= 0)
            return now;
        if (__builtin_mul_overflow(c->max_age, NS_PER_S, &expires) ||
            __builtin_add_overflow(expires, now, &expires))
            return INT64_MAX;
        return expires;
    }
    if (!c->has_expires)
        return INT64_MAX;
    if (c->expires_s <= 0)
        return now;
    return c->expires_s > INT64_MAX / NS_PER_S ? INT64_MAX : c->expires_s * NS_PER_S;
}

static size_t find(const struct cookie_jar *jar, struct str name, struct str domain,
                   struct str path)
{
    size_t i = 0;

    while (i < jar->n &&
           !(str_eq(jar->cookies[i].name, name) && str_eq(jar->cookies[i].domain, domain) &&
             str_eq(jar->cookies[i].path, path)))
        i++;
    return i;
}

/* The slot becomes spare, behind the live ones. */
static void remove_at(struct cookie_jar *jar, size_t i)
{
    struct jar_cookie gone = jar->cookies[i];

    jar->n--;
    memmove(&jar->cookies[i], &jar->cookies[i + 1], (jar->n - i) * sizeof(gone));
    jar->cookies[jar->n] = gone;
}

static void remove_oldest(struct cookie_jar *jar)
{
    size_t oldest = 0;

    for (size_t i = 1; i < jar->n; i++) {
        if (jar->cookies[i].seq < jar->cookies[oldest].seq)
            oldest = i;
    }
    remove_at(jar, oldest);
}

/* Opens a slot at the place that the order of sending gives to a new cookie with this path. */
static struct jar_cookie *insert(struct cookie_jar *jar, size_t n_path)
{
    size_t at = 0;

    if (jar->n == COOKIE_JAR_MAX)
        remove_oldest(jar);
    if (jar->n == jar->cap) {
        size_t cap = jar->cap ? jar->cap * 2 : 4;

        jar->cookies = xrealloc(jar->cookies, cap * sizeof(*jar->cookies));
        memset(&jar->cookies[jar->cap], 0, (cap - jar->cap) * sizeof(*jar->cookies));
        jar->cap = cap;
    }
    while (at < jar->n && jar->cookies[at].path.n >= n_path)
        at++;
    struct jar_cookie spare = jar->cookies[jar->n];

    memmove(&jar->cookies[at + 1], &jar->cookies[at], (jar->n - at) * sizeof(spare));
    jar->cookies[at] =
        (struct jar_cookie){.text = spare.text, .cap = spare.cap, .seq = jar->next_seq++};
    jar->n++;
    return &jar->cookies[at];
}

static struct str put_text(char **at, struct str s)
{
    struct str copy = str_from(*at, s.n);

    if (s.n)
        memcpy(*at, s.p, s.n);
    *at += s.n;
    return copy;
}

/* Fills a slot; the inputs must not lie in its own text. */
static void fill(struct jar_cookie *slot, const struct cookie *c, struct str domain,
                 struct str path)
{
    size_t n = c->name.n + c->value.n + domain.n + path.n;

    if (n > slot->cap) {
        free(slot->text);
        slot->text = xmalloc(n);
        slot->cap = n;
    }
    char *at = slot->text;

    slot->name = put_text(&at, c->name);
    slot->value = put_text(&at, c->value);
    slot->domain = put_text(&at, domain);
    slot->path = put_text(&at, path);
    slot->secure = c->secure;
}

int cookie_jar_store(struct cookie_jar *jar, const struct url *u, const struct cookie *c,
                     wall_ns now)
{
    struct str domain;
    bool host_only;

    if (!domain_of(u, c->domain, &domain, &host_only))
        return COOKIE_E_REJECTED;
    struct str path = c->path.n && c->path.p[0] == '/' ? c->path : default_path(u);
    size_t at = find(jar, c->name, domain, path);
    wall_ns expires = expiry_of(c, now);

    if (expires <= now) {
        if (at < jar->n)
            remove_at(jar, at);
        return 0;
    }
    struct jar_cookie *slot = at < jar->n ? &jar->cookies[at] : insert(jar, path.n);

    fill(slot, c, domain, path);
    slot->expires = expires;
    slot->host_only = host_only;
    return 0;
}

void cookie_jar_store_header(struct cookie_jar *jar, const struct url *u, struct str header,
                             wall_ns now)
{
    struct cookie c;

    if (cookie_parse(header, &c) == 0)
        ignored(cookie_jar_store(jar, u, &c, now));
}

/* RFC 6265 §5.1.4. */
static bool path_matches(struct str request, struct str path)
{
    if (!str_starts(request, path))
        return false;
    return request.n == path.n || path.p[path.n - 1] == '/' || request.p[path.n] == '/';
}

static bool matches(const struct jar_cookie *c, const struct url *u)
{
    bool domain = str_eq(c->domain, u->host) || (!c->host_only && is_subdomain(u->host, c->domain));

    return domain && (!c->secure || u->is_tls) && path_matches(u->path, c->path);
}

void cookie_jar_each(struct cookie_jar *jar, const struct url *u, wall_ns now, cookie_fn *fn,
                     void *arg)
{
    if (likely(!jar || !jar->n))
        return;
    for (size_t i = 0; i < jar->n;) {
        const struct jar_cookie *c = &jar->cookies[i];

        if (unlikely(c->expires <= now)) {
            remove_at(jar, i);
            continue;
        }
        if (matches(c, u))
            fn(arg, c->name, c->value);
        i++;
    }
}

void cookie_jar_delete(struct cookie_jar *jar, const struct url *u, struct str name, wall_ns now)
{
    if (!jar)
        return;
    for (size_t i = 0; i < jar->n;) {
        const struct jar_cookie *c = &jar->cookies[i];

        if (c->expires <= now || (matches(c, u) && (!name.p || str_eq(c->name, name)))) {
            remove_at(jar, i);
        } else {
            i++;
        }
    }
}
