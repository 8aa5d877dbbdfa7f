/* Basic and Digest credentials, and the reader of challenges (RFC 9110 §11, RFC 7616). */
#include "proto/auth.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"

enum {
    HEX_MAX = 2 * HASH_MAX_BYTES + 1,
};

void auth_basic(struct buf *out, struct str username, struct str password)
{
    scoped(buf_fini) struct buf pair = {0};

    buf_putstr(&pair, username);
    buf_putc(&pair, ':');
    buf_putstr(&pair, password);
    buf_puts(out, "Basic ");
    ignored(base64_encode(BASE64_STD, buf_str(&pair), out));
}

static void skip(struct str *s, const char *set)
{
    while (s->n && strchr(set, s->p[0]) && s->p[0])
        *s = str_from_index(*s, 1);
}

static struct str take_token(struct str *s)
{
    size_t n = 0;

    while (n < s->n && s->p[n] > ' ' && s->p[n] < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", s->p[n]))
        n++;
    struct str token = str_from(s->p, n);

    *s = str_from_index(*s, n);
    return token;
}

/* base64 text that nothing but a comma or the end follows. */
static bool take_token68(struct str *s, struct str *ret_token)
{
    struct str rest = *s;
    size_t n = 0;

    while (n < rest.n && rest.p[n] &&
           (ascii_digit(rest.p[n]) || strchr("-._~+/", rest.p[n]) ||
            (ascii_lower(rest.p[n]) >= 'a' && ascii_lower(rest.p[n]) <= 'z')))
        n++;
    size_t n_run = n;

    while (n < rest.n && rest.p[n] == '=')
        n++;
    rest = str_from_index(rest, n);
    skip(&rest, " \t");
    if (!n_run || (rest.n && rest.p[0] != ','))
        return false;
    *ret_token = str_from(s->p, n);
    *s = rest;
    return true;
}

/* A quoted string, unescaped into *scratch, which moves on. False when it does not end. */
static bool take_quoted(struct str *s, char **scratch, struct str *ret_value)
{
    char *start = *scratch;
    size_t i = 1;

    for (; i < s->n && s->p[i] != '"'; i++) {
        if (s->p[i] == '\\' && i + 1 < s->n)
            i++;
        *(*scratch)++ = s->p[i];
    }
    if (i >= s->n)
        return false;
    *ret_value = str_from(start, (size_t)(*scratch - start));
    *s = str_from_index(*s, i + 1);
    return true;
}

static bool take_value(struct str *s, char **scratch, struct str *ret_value)
{
    skip(s, " \t");
    if (s->n && s->p[0] == '"')
        return take_quoted(s, scratch, ret_value);
    *ret_value = take_token(s);
    return ret_value->n > 0;
}

/* Whether *s goes on with "name =", as another parameter does and another challenge does not. */
static bool take_name(struct str *s, struct str *ret_name)
{
    struct str rest = *s;

    skip(&rest, " \t,");
    *ret_name = take_token(&rest);
    skip(&rest, " \t");
    if (!ret_name->n || !rest.n || rest.p[0] != '=')
        return false;
    *s = str_from_index(rest, 1);
    return true;
}

int auth_challenge_next(struct str *rest, char *scratch, struct auth_challenge *ret)
{
    struct str s = *rest;
    struct str name;

    skip(&s, " \t,");
    if (!s.n)
        return AUTH_E_NO_CHALLENGE;
    ret->scheme = take_token(&s);
    ret->token68 = (struct str){0};
    ret->n_params = 0;
    if (!ret->scheme.n || (s.n && s.p[0] != ' ' && s.p[0] != '\t' && s.p[0] != ','))
        return AUTH_E_MALFORMED;
    skip(&s, " \t");
    if (s.n && s.p[0] != ',' && !take_token68(&s, &ret->token68)) {
        while (take_name(&s, &name)) {
            struct auth_param *p = &ret->params[ret->n_params];

            if (ret->n_params == countof(ret->params))
                return AUTH_E_MALFORMED;
            p->name = name;
            if (!take_value(&s, &scratch, &p->value))
                return AUTH_E_MALFORMED;
            ret->n_params++;
            skip(&s, " \t");
            if (s.n && s.p[0] != ',')
                return AUTH_E_MALFORMED;
        }
        if (!ret->n_params)
            return AUTH_E_MALFORMED;
    }
    *rest = s;
    return 0;
}

struct str auth_param_get(const struct auth_challenge *c, struct str name)
{
    for (size_t i = 0; i < c->n_params; i++) {
        if (str_eq_nocase(c->params[i].name, name))
            return str_from(c->params[i].value.p ? c->params[i].value.p : "", c->params[i].value.n);
    }
    return (struct str){0};
}

static const struct {
    struct str name;
    enum hash_algo hash;
    bool session;
} digest_algs[] = {
    [AUTH_DIGEST_MD5] = {STR("MD5"), HASH_MD5, false},
    [AUTH_DIGEST_MD5_SESS] = {STR("MD5-sess"), HASH_MD5, true},
    [AUTH_DIGEST_SHA256] = {STR("SHA-256"), HASH_SHA256, false},
    [AUTH_DIGEST_SHA256_SESS] = {STR("SHA-256-sess"), HASH_SHA256, true},
};

static bool digest_alg(struct str name, enum auth_digest_alg *ret_alg)
{
    *ret_alg = AUTH_DIGEST_MD5;
    for (size_t i = 0; name.p && i < countof(digest_algs); i++) {
        if (str_eq_nocase(name, digest_algs[i].name)) {
            *ret_alg = (enum auth_digest_alg)i;
            return true;
        }
    }
    return !name.p;
}

static bool digest_qop(struct str list, enum auth_digest_qop *ret_qop)
{
    struct str item;

    *ret_qop = AUTH_QOP_NONE;
    if (!list.p)
        return true;
    while (str_split(&list, ',', &item)) {
        item = str_trim(item);
        if (str_eq_nocase(item, STR("auth"))) {
            *ret_qop = AUTH_QOP_AUTH;
        } else if (str_eq_nocase(item, STR("auth-int")) && *ret_qop == AUTH_QOP_NONE) {
            *ret_qop = AUTH_QOP_AUTH_INT;
        }
    }
    return *ret_qop != AUTH_QOP_NONE;
}

static int digest_read(const struct auth_challenge *c, struct auth_digest *ret)
{
    struct str alg = auth_param_get(c, STR("algorithm"));
    struct auth_digest d = {
        .realm = auth_param_get(c, STR("realm")),
        .nonce = auth_param_get(c, STR("nonce")),
        .opaque = auth_param_get(c, STR("opaque")),
        .stale = str_eq_nocase(auth_param_get(c, STR("stale")), STR("true")),
        .userhash = str_eq_nocase(auth_param_get(c, STR("userhash")), STR("true")),
        .has_algorithm = alg.p,
    };

    d.has_opaque = d.opaque.p;
    if (!d.realm.p || !d.nonce.p)
        return AUTH_E_MALFORMED;
    if (!digest_alg(alg, &d.alg) || !digest_qop(auth_param_get(c, STR("qop")), &d.qop))
        return AUTH_E_UNSUPPORTED;
    *ret = d;
    return 0;
}

int auth_digest_parse(struct str header, char *scratch, struct auth_digest *ret)
{
    struct auth_challenge c;
    int verdict = AUTH_E_NO_CHALLENGE;
    int r;

    while ((r = auth_challenge_next(&header, scratch, &c)) == 0) {
        if (!str_eq_nocase(c.scheme, STR("Digest")))
            continue;
        verdict = digest_read(&c, ret);
        if (!verdict)
            return 0;
    }
    return r == AUTH_E_NO_CHALLENGE ? verdict : r;
}

/* The digest of parts joined by ':', as lower-case hexadecimal. */
static int digest_of(enum hash_algo algo, const struct str *parts, size_t n, char *ret_hex)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[HASH_MAX_BYTES];
    scoped(hash_freep) struct hash *h = NULL;

    TRY(hash_new(&h, algo));
    for (size_t i = 0; i < n; i++) {
        if (i)
            hash_update(h, ":", 1);
        hash_update(h, parts[i].p, parts[i].n);
    }
    hash_digest(h, digest);
    for (size_t i = 0; i < hash_size(algo); i++) {
        ret_hex[2 * i] = hex[digest[i] >> 4];
        ret_hex[2 * i + 1] = hex[digest[i] & 15];
    }
    ret_hex[2 * hash_size(algo)] = '\0';
    return 0;
}

static const char *qop_name(enum auth_digest_qop qop)
{
    return qop == AUTH_QOP_AUTH_INT ? "auth-int" : "auth";
}

/* RFC 7616 §3.4.2. */
static int digest_a1(const struct auth_digest *d, const struct auth_digest_answer *a, char *ret)
{
    enum hash_algo algo = digest_algs[d->alg].hash;

    TRY(digest_of(algo, (struct str[]){a->username, d->realm, a->password}, 3, ret));
    if (!digest_algs[d->alg].session)
        return 0;
    char inner[HEX_MAX];

    memcpy(inner, ret, sizeof(inner));
    return digest_of(algo, (struct str[]){str_of(inner), d->nonce, a->cnonce}, 3, ret);
}

/* §3.4.3. */
static int digest_a2(const struct auth_digest *d, const struct auth_digest_answer *a, char *ret)
{
    enum hash_algo algo = digest_algs[d->alg].hash;
    char body[HEX_MAX] = "";

    if (d->qop != AUTH_QOP_AUTH_INT)
        return digest_of(algo, (struct str[]){a->method, a->uri}, 2, ret);
    TRY(digest_of(algo, &a->body, 1, body));
    return digest_of(algo, (struct str[]){a->method, a->uri, str_of(body)}, 3, ret);
}

/* §3.4.1. */
static int digest_response(const struct auth_digest *d, const struct auth_digest_answer *a,
                           const char *nc, char *ret)
{
    enum hash_algo algo = digest_algs[d->alg].hash;
    char a1[HEX_MAX] = "";
    char a2[HEX_MAX] = "";

    TRY(digest_a1(d, a, a1));
    TRY(digest_a2(d, a, a2));
    if (d->qop == AUTH_QOP_NONE)
        return digest_of(algo, (struct str[]){str_of(a1), d->nonce, str_of(a2)}, 3, ret);
    struct str parts[] = {str_of(a1), d->nonce, str_of(nc), a->cnonce, str_of(qop_name(d->qop)),
                          str_of(a2)};

    return digest_of(algo, parts, countof(parts), ret);
}

static void put_quoted(struct buf *out, const char *name, struct str value)
{
    buf_puts(out, name);
    buf_puts(out, "=\"");
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '"' || value.p[i] == '\\')
            buf_putc(out, '\\');
        buf_putc(out, value.p[i]);
    }
    buf_putc(out, '"');
}

static void put_fields(struct buf *out, const struct auth_digest *d,
                       const struct auth_digest_answer *a, struct str username, const char *nc,
                       const char *response)
{
    put_quoted(out, "Digest username", username);
    put_quoted(out, ", realm", d->realm);
    put_quoted(out, ", nonce", d->nonce);
    put_quoted(out, ", uri", a->uri);
    put_quoted(out, ", response", str_of(response));
    if (d->has_algorithm)
        buf_printf(out, ", algorithm=%.*s", STR_ARG(digest_algs[d->alg].name));
    if (d->has_opaque)
        put_quoted(out, ", opaque", d->opaque);
    if (d->qop != AUTH_QOP_NONE)
        buf_printf(out, ", qop=%s, nc=%s", qop_name(d->qop), nc);
    if (d->qop != AUTH_QOP_NONE || digest_algs[d->alg].session)
        put_quoted(out, ", cnonce", a->cnonce);
    if (d->userhash)
        buf_puts(out, ", userhash=true");
}

int auth_digest_header(struct buf *out, const struct auth_digest *d,
                       const struct auth_digest_answer *a)
{
    char nc[9];
    char response[HEX_MAX] = "";
    char hashed[HEX_MAX] = "";
    struct str username = a->username;
    size_t n_room =
        2 * (a->username.n + d->realm.n + d->nonce.n + d->opaque.n + a->uri.n + a->cnonce.n) + 512;

    snprintf(nc, sizeof(nc), "%08x", a->nc);
    TRY(digest_response(d, a, nc, response));
    if (d->userhash) {
        TRY(digest_of(digest_algs[d->alg].hash, (struct str[]){a->username, d->realm}, 2, hashed));
        username = str_of(hashed);
    }
    int r = buf_reserve(out, n_room);

    if (r)
        return r;
    put_fields(out, d, a, username, nc, response);
    return 0;
}
