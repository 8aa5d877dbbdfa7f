/*
 * Proxy settings by the rules of Go's httpproxy: NO_PROXY is a list of host names (a leading dot or
 * "*." means only below it, otherwise the name and all below it), addresses, CIDRs, each but the
 * last with an optional port, or "*". Local hosts are never proxied.
 */
#include "net/proxy.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/mem.h"
#include "net/net_addr.h"

enum {
    USERINFO_LIMIT = 1024, /* bytes of user:password, encoded */
    PLAIN_LIMIT = 2 * USERINFO_LIMIT,
    CODED_LIMIT = 4 * USERINFO_LIMIT,
};

struct exception {
    struct net_cidr range; /* family 0: a name */
    char *name;            /* lower case, with a leading dot */
    bool below_only;       /* the name itself is proxied */
    uint16_t port;         /* 0: any */
};

struct one_proxy {
    struct proxy proxy;
    char *text; /* what its views point into */
    char *user;
    char *password;
    char *authorization;
    bool set;
};

struct proxy_config {
    struct one_proxy http, https;
    struct exception *exceptions;
    size_t n_exceptions;
    size_t cap;
    bool all; /* NO_PROXY=* */
};

static void one_free(struct one_proxy *p)
{
    free(p->text);
    free(p->user);
    free(p->password);
    free(p->authorization);
}

void proxy_config_free(struct proxy_config *c)
{
    if (!c)
        return;
    one_free(&c->http);
    one_free(&c->https);
    for (size_t i = 0; i < c->n_exceptions; i++)
        free(c->exceptions[i].name);
    free(c->exceptions);
    free(c);
}

static void proxy_config_freep(struct proxy_config **c)
{
    proxy_config_free(*c);
}

/* ---- proxy URLs ---- */

static const struct {
    const char *scheme;
    enum proxy_kind kind;
    bool remote_dns;
    uint16_t port;
} schemes[] = {
    {"http://", PROXY_HTTP, false, 80},
    {"socks5://", PROXY_SOCKS5, true, 1080}, /* Go lets the proxy resolve for both spellings */
    {"socks5h://", PROXY_SOCKS5, true, 1080},
};

/* Percent-decoded heap copy. */
static char *decoded(struct str s)
{
    char *out = xmalloc(s.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        int high = i + 2 < s.n && s.p[i] == '%' ? ascii_hex(s.p[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex(s.p[i + 2]) : -1;

        out[n++] = low >= 0 ? (char)(high * 16 + low) : s.p[i]; /* NOLINT: two hex digits fit */
        if (low >= 0)
            i += 2;
    }
    out[n] = '\0';
    return out;
}

static void set_credentials(struct one_proxy *p, struct str userinfo)
{
    scoped(buf_fini) struct buf plain = BUF_INIT(PLAIN_LIMIT);
    scoped(buf_fini) struct buf coded = BUF_INIT(CODED_LIMIT);
    size_t colon = str_find(userinfo, ':');

    p->user = decoded(str_from(userinfo.p, colon));
    p->password = decoded(str_from_index(userinfo, colon + 1));
    p->proxy.user = str_of(p->user);
    p->proxy.password = str_of(p->password);
    buf_printf(&plain, "%s:%s", p->user, p->password);
    buf_puts(&coded, "Basic ");
    ignored(base64_encode(BASE64_STD, buf_str(&plain), &coded)); /* cannot reach the limit */
    p->authorization = xstrdup(buf_cstr(&coded));
    p->proxy.authorization = str_of(p->authorization);
}

/* Takes the scheme off; a text without one is an HTTP proxy, as Go has it. */
static int parse_scheme(struct str *text, struct proxy *p, uint16_t *ret_port)
{
    size_t i = 0;

    if (str_find_str(*text, STR("://")) == text->n) {
        *ret_port = schemes[0].port;
        return 0;
    }
    while (i < countof(schemes) && !str_starts_nocase(*text, str_of(schemes[i].scheme)))
        i++;
    if (i == countof(schemes))
        return fault(-EINVAL, "proxy scheme is not http, socks5 or socks5h");
    p->kind = schemes[i].kind;
    p->remote_dns = schemes[i].remote_dns;
    *ret_port = schemes[i].port;
    *text = str_from_index(*text, strlen(schemes[i].scheme));
    return 0;
}

/* The text may hold a password: it is never part of a message. */
static int one_parse(struct one_proxy *p, const char *text, const char *what)
{
    uint16_t default_port = 0;

    if (!text || !*text)
        return 0;
    p->text = xstrdup(text);

    struct str rest = str_of(p->text);

    TRY(parse_scheme(&rest, &p->proxy, &default_port));
    rest = str_from(rest.p, str_find(rest, '/'));

    size_t at = rest.n;

    while (at > 0 && rest.p && rest.p[at - 1] != '@')
        at--;
    if (at > USERINFO_LIMIT)
        return fault(-EINVAL, "the credentials of the %s proxy are too long", what);
    if (!net_split_host_port(str_from_index(rest, at), &p->proxy.host, &p->proxy.port))
        return fault(-EINVAL, "the %s proxy is not a URL with a host", what);
    if (at > 0)
        set_credentials(p, str_from(rest.p, at - 1));
    if (p->proxy.port == 0)
        p->proxy.port = default_port;
    p->set = true;
    return 0;
}

/* ---- exceptions ---- */

static char *lower_copy(const char *prefix, struct str s)
{
    char *out = xasprintf("%s%.*s", prefix, STR_ARG(s));

    for (char *c = out; *c; c++)
        *c = ascii_lower(*c);
    return out;
}

static void add_exception(struct proxy_config *c, struct str word)
{
    struct exception e = {0};
    struct str host;
    struct net_addr a;

    if (str_is(word, "*")) {
        c->all = true;
        return;
    }
    if (net_cidr_parse(word, &e.range)) {
        vec_push(c->exceptions, c->n_exceptions, c->cap) = e;
        return;
    }
    e.range = (struct net_cidr){0};
    /* What cannot be understood is ignored, as everybody does. */
    if (!net_split_host_port(word, &host, &e.port))
        return;
    if (net_addr_parse(host, &a)) {
        e.range = (struct net_cidr){.addr = a, .bits = a.family == AF_INET ? 32 : 128};
    } else {
        e.below_only = str_starts(host, STR("*.")) || str_starts(host, STR("."));
        if (host.p[0] == '*')
            host = str_from_index(host, 1);
        e.name = lower_copy(e.below_only ? "" : ".", host);
    }
    vec_push(c->exceptions, c->n_exceptions, c->cap) = e;
}

static bool name_matches(const struct exception *e, struct str host)
{
    struct str name = str_of(e->name);

    if (!e->below_only && str_eq_nocase(host, str_from_index(name, 1)))
        return true;
    return host.n > name.n && str_eq_nocase(str_from_index(host, host.n - name.n), name);
}

static bool excepted(const struct proxy_config *c, struct str host, uint16_t port)
{
    struct net_addr a;
    bool is_addr = net_addr_parse(host, &a);

    if (c->all || str_eq_nocase(host, STR("localhost")))
        return true;
    if (is_addr && net_addr_is_loopback(&a))
        return true;
    for (size_t i = 0; i < c->n_exceptions; i++) {
        const struct exception *e = &c->exceptions[i];

        if (e->port != 0 && e->port != port)
            continue;
        if (e->name ? name_matches(e, host) : is_addr && net_cidr_has(&e->range, &a))
            return true;
    }
    return false;
}

const struct proxy *proxy_for(const struct proxy_config *c, enum proxy_scheme scheme,
                              struct str host, uint16_t port)
{
    if (!c)
        return NULL;

    const struct one_proxy *p = scheme == PROXY_FOR_HTTPS ? &c->https : &c->http;

    return p->set && !excepted(c, host, port) ? &p->proxy : NULL;
}

/* ---- making one ---- */

int proxy_config_new(const char *http_proxy, const char *https_proxy, const char *no_proxy,
                     struct proxy_config **ret_config)
{
    scoped(proxy_config_freep) struct proxy_config *c = xnew(struct proxy_config);
    struct str rest = str_of(no_proxy ? no_proxy : "");
    struct str word;

    TRY(one_parse(&c->http, http_proxy, "HTTP"));
    TRY(one_parse(&c->https, https_proxy, "HTTPS"));
    while (rest.n > 0 && str_split(&rest, ',', &word)) {
        word = str_trim(word);
        if (word.n > 0)
            add_exception(c, word);
    }
    *ret_config = c->http.set || c->https.set ? take(c) : NULL;
    return 0;
}

static const char *env_either(const char *upper, const char *lower)
{
    /* Read once at the start, before there are other threads. */
    const char *value = getenv(upper); /* NOLINT(concurrency-mt-unsafe) */

    return value && *value ? value : getenv(lower); /* NOLINT(concurrency-mt-unsafe) */
}

int proxy_config_from_env(struct proxy_config **ret_config)
{
    /* Under CGI, HTTP_PROXY is what the client sent as header "Proxy" (httpoxy). */
    bool cgi = getenv("REQUEST_METHOD") != NULL; /* NOLINT(concurrency-mt-unsafe) */

    TRY(proxy_config_new(cgi ? NULL : env_either("HTTP_PROXY", "http_proxy"),
                         env_either("HTTPS_PROXY", "https_proxy"),
                         env_either("NO_PROXY", "no_proxy"), ret_config));
    return 0;
}
