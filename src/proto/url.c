/*
 * The URL parser. A first pass cuts the text at its delimiters (struct parts); a second writes one
 * run of bytes in which every view can be found, mostly inside one another:
 *
 *     original | display | http://host:80/path?query#fragment | host:port | user | password | href
 *
 * Views are offsets until the run is copied into its final block, behind the struct url.
 *
 * Where the WHATWG's parser would repair and k6 (Go) refuses, this refuses, because scripts and
 * their authors rely on the error: control characters, broken %-escapes in path and host, a scheme
 * without "//".
 */
#include "proto/url.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "proto/url_priv.h"

enum encode_set {
    ENCODE_FRAGMENT = 1,
    ENCODE_QUERY = 2, /* of special schemes */
    ENCODE_PATH = 4,
    ENCODE_USERINFO = 8,
    ENCODE_ALL = 15,
};

/* URL standard §1.3: the sets of bytes that are percent-encoded in each part. */
static const unsigned char encode_sets[256] = {
    [0x00 ... 0x20] = ENCODE_ALL,
    ['"'] = ENCODE_ALL,
    ['#'] = ENCODE_QUERY | ENCODE_PATH | ENCODE_USERINFO,
    ['\''] = ENCODE_QUERY,
    ['/'] = ENCODE_USERINFO,
    [':' ... ';'] = ENCODE_USERINFO,
    ['<'] = ENCODE_ALL,
    ['='] = ENCODE_USERINFO,
    ['>'] = ENCODE_ALL,
    ['?'] = ENCODE_PATH | ENCODE_USERINFO,
    ['@'] = ENCODE_USERINFO,
    ['[' ... ']'] = ENCODE_USERINFO,
    ['^'] = ENCODE_PATH | ENCODE_USERINFO,
    ['`'] = ENCODE_FRAGMENT | ENCODE_PATH | ENCODE_USERINFO,
    ['{'] = ENCODE_PATH | ENCODE_USERINFO,
    ['|'] = ENCODE_USERINFO,
    ['}'] = ENCODE_PATH | ENCODE_USERINFO,
    [0x7f ... 0xff] = ENCODE_ALL,
};

static const struct scheme {
    struct str name;
    uint16_t port;
    bool is_tls;
    bool is_websocket;
} schemes[] = {
    {STR("http"), 80, false, false},
    {STR("https"), 443, true, false},
    {STR("ws"), 80, false, true},
    {STR("wss"), 443, true, true},
};

/* The text cut at its delimiters; p is NULL for a part that is not there. */
struct parts {
    const struct scheme *scheme;
    struct str authority;
    struct str userinfo; /* without '@' */
    struct str host;     /* with brackets */
    struct str port;     /* digits */
    struct str path;
    struct str query;
    struct str fragment;
};

struct span {
    size_t at, n;
};

struct builder {
    struct buf text;
    struct span original, display, href, scheme, username, password, host, authority, host_port;
    struct span origin, target, path, query, fragment, absolute;
};

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* Go's %q of the beginning of the text. */
static void quote(struct str s, char *out, size_t n_out)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n && n + 6 < n_out; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < 0x20 || c == 0x7f) {
            n += (size_t)snprintf(out + n, n_out - n, "\\x%02x", c);
        } else if (c == '"' || c == '\\') {
            n += (size_t)snprintf(out + n, n_out - n, "\\%c", c);
        } else {
            out[n++] = s.p[i];
        }
    }
    out[n] = '\0';
}

COLD static int invalid(struct str text, const char *what)
{
    char quoted[512];

    quote(text, quoted, sizeof(quoted));
    return fault(-EINVAL, "invalid URL: parse \"%s\": %s", quoted, what);
}

COLD static int invalid_escape(struct str text, struct str part, size_t at)
{
    char what[64];
    size_t n = part.n - at < 3 ? part.n - at : 3;

    snprintf(what, sizeof(what), "invalid URL escape \"%.*s\"", (int)n, part.p + at);
    return invalid(text, what);
}

static int check_characters(struct str text)
{
    if (text.n > URL_MAX_BYTES)
        return fault(-EINVAL, "invalid URL: longer than %d bytes", URL_MAX_BYTES);
    for (size_t i = 0; i < text.n; i++) {
        if (unlikely((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f))
            return invalid(text, "net/url: invalid control character in URL");
    }
    return 0;
}

/* The length of a scheme before its ':', or 0 when the text does not begin with one. */
static size_t scheme_length(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = ascii_lower(s.p[i]);

        if (c >= 'a' && c <= 'z')
            continue;
        if (i && (ascii_digit(c) || c == '+' || c == '-' || c == '.'))
            continue;
        return c == ':' ? i : 0;
    }
    return 0;
}

static const struct scheme *scheme_find(struct str name)
{
    for (size_t i = 0; i < countof(schemes); i++) {
        if (str_eq_nocase(name, schemes[i].name))
            return &schemes[i];
    }
    return NULL;
}

COLD static int no_scheme(struct str text)
{
    struct str first = str_from(text.p, str_find(text, '/'));
    size_t colon = str_find(first, ':');

    if (colon < first.n) {
        return invalid(text, colon ? "first path segment in URL cannot contain colon"
                                   : "missing protocol scheme");
    }
    return fault(-EPROTONOSUPPORT, "unsupported protocol scheme \"\"");
}

/* Takes the scheme off *rest, or the base's when there is none. */
static int cut_scheme(struct str text, const struct url *base, struct parts *p, struct str *rest)
{
    size_t n = scheme_length(text);

    if (!n) {
        if (!base)
            return no_scheme(text);
        p->scheme = scheme_find(base->scheme);
        return 0;
    }
    struct str name = str_from(text.p, n);

    p->scheme = scheme_find(name);
    if (!p->scheme) {
        return fault(-EPROTONOSUPPORT, "unsupported protocol scheme \"%.*s\"",
                     (int)(n < 64 ? n : 64), text.p);
    }
    *rest = str_from_index(text, n + 1);
    bool has_authority = rest->n >= 2 && is_slash(rest->p[0]) && is_slash(rest->p[1]);

    /* "http:path" is relative to a base of the same scheme, and nothing without one. */
    if (!has_authority && !(base && str_eq(base->scheme, p->scheme->name)))
        return fault(-EPROTONOSUPPORT, "http: no Host in request URL");
    return 0;
}

/* Cuts the last '@' and the port off the authority. */
static int cut_authority(struct str text, struct parts *p)
{
    struct str a = p->authority;
    const char *at = a.n ? memrchr(a.p, '@', a.n) : NULL;

    if (at) {
        p->userinfo = str_from(a.p, (size_t)(at - a.p));
        a = str_from_index(a, p->userinfo.n + 1);
    }
    size_t n_host = str_find(a, ':');

    if (a.n && a.p[0] == '[') {
        n_host = str_find(a, ']');
        if (n_host == a.n)
            return invalid(text, "missing ']' in host");
        n_host++;
    }
    p->host = str_from(a.p, n_host);
    p->port = str_from_index(a, n_host + 1);
    struct str after = str_from_index(a, n_host);
    bool digits = !after.n || after.p[0] == ':';

    for (size_t i = 0; i < p->port.n; i++)
        digits &= ascii_digit(p->port.p[i]);
    if (!digits) {
        char what[128];

        snprintf(what, sizeof(what), "invalid port \"%.*s\" after host",
                 (int)(after.n < 64 ? after.n : 64), after.p);
        return invalid(text, what);
    }
    return 0;
}

static int cut(struct str text, const struct url *base, struct parts *p)
{
    struct str rest = text;

    TRY(cut_scheme(text, base, p, &rest));
    size_t at = str_find(rest, '#');

    if (at < rest.n) {
        p->fragment = str_from(rest.p + at + 1, rest.n - at - 1);
        rest.n = at;
    }
    at = str_find(rest, '?');
    if (at < rest.n) {
        p->query = str_from(rest.p + at + 1, rest.n - at - 1);
        rest.n = at;
    }
    if (rest.n >= 2 && is_slash(rest.p[0]) && is_slash(rest.p[1])) {
        size_t n = 2;

        while (n < rest.n && !is_slash(rest.p[n]))
            n++;
        p->authority = str_from(rest.p + 2, n - 2);
        rest = str_from_index(rest, n);
        TRY(cut_authority(text, p));
    }
    p->path = rest;
    at = url_bad_escape(p->path);
    if (at < p->path.n)
        return invalid_escape(text, p->path, at);
    at = url_bad_escape(p->fragment);
    if (at < p->fragment.n)
        return invalid_escape(text, p->fragment, at);
    return 0;
}

static void put_encoded(struct buf *out, struct str s, enum encode_set set)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t run = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (likely(!(encode_sets[c] & set)))
            continue;
        char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

        buf_put(out, s.p + run, i - run);
        buf_put(out, escape, 3);
        run = i + 1;
    }
    buf_put(out, s.p + run, s.n - run);
}

/* "." is 1, ".." is 2, in their escaped spellings too; anything else 0. */
static int dots(struct str s)
{
    int n = 0;

    while (s.n) {
        size_t n_dot = s.p[0] == '.' ? 1 : str_starts_nocase(s, STR("%2e")) ? 3 : 0;

        if (!n_dot || ++n > 2)
            return 0;
        s = str_from_index(s, n_dot);
    }
    return n;
}

/* Takes the last segment off the path that starts at `start`. */
static void pop_segment(struct buf *out, size_t start)
{
    while (out->len > start && out->data[--out->len] != '/')
        ;
}

/*
 * Appends the segments of `path`, each with a '/' before it, to the path that starts at `start`
 * (URL standard, path state). A last segment of dots leaves a trailing slash.
 */
static void put_path(struct buf *out, size_t start, struct str path)
{
    for (size_t at = 0; at <= path.n;) {
        size_t n = 0;

        while (at + n < path.n && !is_slash(path.p[at + n]))
            n++;
        struct str segment = str_from(path.p + at, n);
        bool last = at + n == path.n;
        int n_dots = dots(segment);

        if (n_dots == 2)
            pop_segment(out, start);
        if (!n_dots || last)
            buf_putc(out, '/');
        if (!n_dots)
            put_encoded(out, segment, ENCODE_PATH);
        at += n + 1;
    }
}

static void build_path(struct builder *b, const struct parts *p, const struct url *base)
{
    size_t start = b->text.len;
    bool own_authority = p->authority.p || !base;

    if (!p->path.n && !own_authority) {
        buf_putstr(&b->text, base->path);
    } else if (p->path.n && !is_slash(p->path.p[0]) && !own_authority) {
        buf_putstr(&b->text, base->path);
        pop_segment(&b->text, start);
        put_path(&b->text, start, p->path);
    } else {
        put_path(&b->text, start, str_from_index(p->path, p->path.n ? 1 : 0));
    }
    b->path = (struct span){start, b->text.len - start};
}

static void build_query(struct builder *b, const struct parts *p, const struct url *base,
                        struct url *u)
{
    bool inherited = !p->query.p && !p->path.n && !p->authority.p && base && base->has_query;

    u->has_query = p->query.p || inherited;
    if (!u->has_query)
        return;
    buf_putc(&b->text, '?');
    b->query.at = b->text.len;
    if (inherited) {
        buf_putstr(&b->text, base->query);
    } else {
        put_encoded(&b->text, p->query, ENCODE_QUERY);
    }
    b->query.n = b->text.len - b->query.at;
}

static void put_port(struct buf *out, uint16_t port)
{
    buf_putc(out, ':');
    buf_put_u64(out, port);
}

/* "host" or "host:8080", with brackets where they are due. */
static int build_authority(struct builder *b, const struct parts *p, struct url *u, struct str text)
{
    char words[URL_WORDS_BYTES];
    uint64_t port = p->scheme->port;
    bool brackets = p->host.n && p->host.p[0] == '[';

    b->authority.at = b->text.len;
    if (brackets)
        buf_putc(&b->text, '[');
    b->host.at = b->text.len;
    const char *wrong = url_host_parse(p->host, &b->text, &u->host_kind, words, sizeof(words));

    if (wrong)
        return invalid(text, wrong);
    b->host.n = b->text.len - b->host.at;
    if (!b->host.n)
        return fault(-EPROTONOSUPPORT, "http: no Host in request URL");
    if (brackets)
        buf_putc(&b->text, ']');
    if (p->port.n && (!str_u64(p->port, &port) || port > UINT16_MAX)) {
        snprintf(words, sizeof(words), "invalid port \":%.*s\" after host",
                 (int)(p->port.n < 64 ? p->port.n : 64), p->port.p);
        return invalid(text, words);
    }
    u->port = (uint16_t)port;
    if (u->port != p->scheme->port)
        put_port(&b->text, u->port);
    b->authority.n = b->text.len - b->authority.at;
    return 0;
}

static void inherit_authority(struct builder *b, const struct url *base, struct url *u)
{
    bool brackets = base->host_kind == URL_HOST_IPV6;

    b->authority = (struct span){b->text.len, base->authority.n};
    b->host = (struct span){b->text.len + brackets, base->host.n};
    buf_putstr(&b->text, base->authority);
    u->host_kind = base->host_kind;
    u->port = base->port;
}

/* absolute, and what is inside it: scheme, origin, authority, host, path, query, target. */
static int build_absolute(struct builder *b, const struct parts *p, const struct url *base,
                          struct url *u, struct str text)
{
    size_t start = b->text.len;

    b->scheme = (struct span){start, p->scheme->name.n};
    buf_putstr(&b->text, p->scheme->name);
    buf_put(&b->text, "://", 3);
    if (p->authority.p) {
        TRY(build_authority(b, p, u, text));
    } else {
        inherit_authority(b, base, u);
    }
    b->origin = (struct span){start, b->text.len - start};
    build_path(b, p, base);
    build_query(b, p, base, u);
    b->target = (struct span){b->path.at, b->text.len - b->path.at};
    b->absolute = (struct span){start, b->text.len - start};
    return 0;
}

static struct span put_span(struct buf *out, struct str s)
{
    struct span span = {out->len, s.n};

    buf_putstr(out, s);
    return span;
}

static struct span put_decoded(struct buf *out, struct str s)
{
    size_t start = out->len;

    for (size_t i = 0; i < s.n; i++) {
        int high = i + 2 < s.n ? ascii_hex(s.p[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex(s.p[i + 2]) : -1;

        if (s.p[i] == '%' && low >= 0) {
            buf_putc(out, (char)(high << 4 | low));
            i += 2;
        } else {
            buf_putc(out, s.p[i]);
        }
    }
    return (struct span){start, out->len - start};
}

/* Credentials go with the authority: a relative reference has those of its base. */
static void build_userinfo(struct builder *b, const struct parts *p, const struct url *base,
                           struct url *u)
{
    if (!p->authority.p && base) {
        b->username = put_span(&b->text, base->username);
        b->password = put_span(&b->text, base->password);
        u->has_userinfo = base->has_userinfo;
        u->has_password = base->has_password;
        return;
    }
    size_t n = str_find(p->userinfo, ':');

    u->has_userinfo = p->userinfo.n > 0;
    u->has_password = n < p->userinfo.n;
    b->username = put_decoded(&b->text, str_from(p->userinfo.p, n));
    b->password = put_decoded(&b->text, str_from_index(p->userinfo, n + 1));
}

static struct str view(const struct builder *b, struct span s)
{
    return str_from(b->text.data + s.at, s.n);
}

/* Copies a part of the run to its end; the source may move while the run grows. */
static void put_again(struct builder *b, struct span s)
{
    int r = buf_reserve(&b->text, s.n);

    assert(r == 0);
    ignored(r);
    buf_putstr(&b->text, view(b, s));
}

static void put_userinfo(struct builder *b, const struct url *u)
{
    size_t n = b->username.n + b->password.n;
    int r = buf_reserve(&b->text, 3 * n + 2);

    assert(r == 0);
    ignored(r);
    put_encoded(&b->text, view(b, b->username), ENCODE_USERINFO);
    if (u->has_password) {
        buf_putc(&b->text, ':');
        put_encoded(&b->text, view(b, b->password), ENCODE_USERINFO);
    }
    buf_putc(&b->text, '@');
}

/* href differs from absolute by credentials; the fragment has its place behind both. */
static void build_href(struct builder *b, const struct url *u)
{
    if (!u->has_userinfo) {
        b->href = b->absolute;
        b->href.n += u->has_fragment ? 1 + b->fragment.n : 0;
        return;
    }
    struct span rest = {b->authority.at, b->absolute.at + b->absolute.n - b->authority.at};

    rest.n += u->has_fragment ? 1 + b->fragment.n : 0;
    b->href.at = b->text.len;
    put_again(b, b->scheme);
    buf_put(&b->text, "://", 3);
    put_userinfo(b, u);
    put_again(b, rest);
    b->href.n = b->text.len - b->href.at;
}

static void build_host_port(struct builder *b, const struct parts *p, const struct url *u)
{
    b->host_port = b->authority;
    if (u->port != p->scheme->port)
        return;
    b->host_port.at = b->text.len;
    put_again(b, b->authority);
    put_port(&b->text, u->port);
    b->host_port.n = b->text.len - b->host_port.at;
}

/* What tags and logs may show: the original text with stars for credentials. */
static void build_display(struct builder *b, const struct parts *p, const struct url *u,
                          struct str text)
{
    b->original = put_span(&b->text, text);
    b->display = b->original;
    if (!p->userinfo.n)
        return;
    size_t n_before = (size_t)(p->userinfo.p - text.p);

    b->display.at = b->text.len;
    buf_put(&b->text, text.p, n_before);
    buf_puts(&b->text, u->has_password ? "****:****" : "****");
    buf_putstr(&b->text, str_from_index(text, n_before + p->userinfo.n));
    b->display.n = b->text.len - b->display.at;
}

static int build(struct builder *b, const struct parts *p, const struct url *base, struct url *u,
                 struct str text)
{
    u->is_tls = p->scheme->is_tls;
    u->is_websocket = p->scheme->is_websocket;
    TRY(build_absolute(b, p, base, u, text));
    u->has_fragment = p->fragment.p;
    if (u->has_fragment) {
        buf_putc(&b->text, '#');
        b->fragment.at = b->text.len;
        put_encoded(&b->text, p->fragment, ENCODE_FRAGMENT);
        b->fragment.n = b->text.len - b->fragment.at;
    }
    build_userinfo(b, p, base, u);
    build_href(b, u);
    build_host_port(b, p, u);
    build_display(b, p, u, text);
    return 0;
}

/* Copies the run behind the URL and makes views of the offsets. */
static struct url *finish(const struct builder *b, const struct url *draft, bool relative)
{
    struct url *u = xmalloc(sizeof(*u) + b->text.len);
    char *text = (char *)(u + 1);

    memcpy(text, b->text.data, b->text.len);
    *u = *draft;
    u->n_refs = 1;
#define VIEW(name) u->name = str_from(text + b->name.at, b->name.n)
    VIEW(original);
    VIEW(display);
    VIEW(href);
    VIEW(scheme);
    VIEW(username);
    VIEW(password);
    VIEW(host);
    VIEW(authority);
    VIEW(host_port);
    VIEW(origin);
    VIEW(target);
    VIEW(path);
    VIEW(query);
    VIEW(fragment);
    VIEW(absolute);
#undef VIEW
    if (relative)
        u->original = u->href;
    return u;
}

static void builder_fini(struct builder *b)
{
    buf_fini(&b->text);
}

static struct str trim_spaces(struct str s)
{
    while (s.n && s.p[0] == ' ')
        s = str_from_index(s, 1);
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

int url_parse(struct str text, const struct url *base, struct url **ret_url)
{
    struct parts parts = {0};
    struct url draft = {0};
    scoped(builder_fini) struct builder b = {0};

    text = trim_spaces(text.p ? text : STR(""));
    TRY(check_characters(text));
    TRY(cut(text, base, &parts));
    ignored(buf_reserve(&b.text, 3 * text.n + (base ? base->href.n : 0) + 32));
    TRY(build(&b, &parts, base, &draft, text));
    if (!parts.authority.p || !scheme_length(text)) {
        /* A relative reference reads, and is shown, as what it resolved to. */
        scoped(url_unrefp) struct url *resolved = finish(&b, &draft, true);

        return url_parse(resolved->href, NULL, ret_url);
    }
    *ret_url = finish(&b, &draft, false);
    return 0;
}

int url_redirect(const struct url *from, struct str location, struct url **ret_url)
{
    scoped(url_unrefp) struct url *to = NULL;
    scoped(builder_fini) struct builder b = {0};

    TRY(url_parse(location, from, &to));
    if (to->has_fragment || !from->has_fragment) {
        to->original = to->href;
        if (!to->has_userinfo)
            to->display = to->href;
        *ret_url = take(to);
        return 0;
    }
    buf_putstr(&b.text, to->href);
    buf_putc(&b.text, '#');
    buf_putstr(&b.text, from->fragment);
    return url_parse(buf_str(&b.text), NULL, ret_url);
}

struct url *url_ref(const struct url *u)
{
    /* Every URL lives in storage that url_parse allocated, so it may be written. */
    union {
        const struct url *in;
        struct url *out;
    } cast = {.in = u};

    cast.out->n_refs++;
    return cast.out;
}

void url_unref(struct url *u)
{
    if (!u)
        return;
    assert(u->n_refs > 0);
    if (--u->n_refs == 0)
        free(u);
}

void url_unrefp(struct url **u)
{
    url_unref(*u);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return a->port == b->port && str_eq(a->scheme, b->scheme) && str_eq(a->host, b->host);
}

bool url_may_forward_credentials(const struct url *from, const struct url *to)
{
    size_t n = from->host.n;

    if (str_eq(from->host, to->host))
        return true;
    return to->host_kind == URL_HOST_NAME && to->host.n > n && str_ends(to->host, from->host) &&
           to->host.p[to->host.n - n - 1] == '.';
}
