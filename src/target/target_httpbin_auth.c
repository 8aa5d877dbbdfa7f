/* httpbin's authentication: Basic, Bearer, Digest (RFC 7616, MD5 and SHA-256, auth, auth-int). */
#include <stdio.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"
#include "proto/auth.h"
#include "proto/http1/http1.h"
#include "target/target_priv.h"

enum {
    HEX_MAX = 2 * HASH_MAX_BYTES
};

static void answer_authenticated(struct exchange *x, const char *name, struct str value)
{
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "authenticated");
    json_put_bool(&j, true);
    json_key(&j, name);
    json_put_str(&j, value);
    json_close(&j);
}

/* Whether the Basic credentials are the ones that the path asks for. */
static bool has_credentials(struct exchange *x)
{
    struct str header = exchange_header(x, "Authorization");
    struct str user = exchange_param(x, 0), password = exchange_param(x, 1);
    scoped(buf_fini) struct buf given = {0}, wanted = {0};

    if (!str_starts_nocase(header, STR("Basic ")))
        return false;
    if (base64_decode(BASE64_STD, str_trim(str_from_index(header, 6)), &given, NULL))
        return false;
    buf_putstr(&wanted, user);
    buf_putc(&wanted, ':');
    buf_putstr(&wanted, password);
    return str_eq(buf_str(&given), buf_str(&wanted));
}

void bin_basic_auth(struct exchange *x)
{
    if (has_credentials(x)) {
        answer_authenticated(x, "user", exchange_param(x, 0));
        return;
    }
    x->status = 401;
    answer_header(x, "WWW-Authenticate", STR("Basic realm=\"Fake Realm\""));
}

void bin_hidden_basic_auth(struct exchange *x)
{
    if (has_credentials(x)) {
        answer_authenticated(x, "user", exchange_param(x, 0));
    } else {
        answer_error(x, 404, "Not found");
    }
}

void bin_bearer(struct exchange *x)
{
    struct str header = exchange_header(x, "Authorization");

    if (str_starts_nocase(header, STR("Bearer "))) {
        answer_authenticated(x, "token", str_trim(str_from_index(header, 7)));
        return;
    }
    x->status = 401;
    answer_header(x, "WWW-Authenticate", STR("Bearer"));
}

/* ---- Digest ---- */

struct digest {
    enum hash_algo algo;
    struct str qop; /* what the path offers: "auth", "auth-int", or both with a comma */
    struct auth_challenge given;
};

/* The hexadecimal digest of `parts` joined by colons. */
static void digest_of(enum hash_algo algo, const struct str *parts, size_t n, char hex[HEX_MAX + 1])
{
    scoped(buf_fini) struct buf text = {0};
    unsigned char digest[HASH_MAX_BYTES];

    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(&text, ':');
        buf_putstr(&text, parts[i]);
    }
    hex[0] = '\0';
    if (hash_bytes_of(algo, text.data, text.len, digest))
        return;
    hex_write(digest, hash_size(algo), hex);
    hex[2 * hash_size(algo)] = '\0';
}

static struct str given(const struct digest *d, const char *name)
{
    return auth_param_get(&d->given, str_of(name));
}

/* H(A2): method and target, and with auth-int the body. */
static void second_hash(struct exchange *x, const struct digest *d, char hex[HEX_MAX + 1])
{
    char body[HEX_MAX + 1];
    struct str parts[] = {x->request->method, given(d, "uri"), {0}};
    bool with_body = str_is(given(d, "qop"), "auth-int");

    digest_of(d->algo, &x->body, 1, body);
    parts[2] = str_of(body);
    digest_of(d->algo, parts, with_body ? 3 : 2, hex);
}

static bool is_right(struct exchange *x, const struct digest *d)
{
    char first[HEX_MAX + 1], second[HEX_MAX + 1], want[HEX_MAX + 1];
    struct str user = exchange_param(x, 1), password = exchange_param(x, 2);
    struct str realm = given(d, "realm"), qop = given(d, "qop");

    if (!str_eq(given(d, "username"), user) || !str_eq(given(d, "uri"), x->request->target))
        return false;
    digest_of(d->algo, (struct str[]){user, realm, password}, 3, first);
    second_hash(x, d, second);
    struct str with_qop[] = {str_of(first), given(d, "nonce"), given(d, "nc"), given(d, "cnonce"),
                             qop,           str_of(second)};
    struct str without[] = {str_of(first), given(d, "nonce"), str_of(second)};

    if (qop.n) {
        digest_of(d->algo, with_qop, countof(with_qop), want);
    } else {
        digest_of(d->algo, without, countof(without), want);
    }
    return str_eq_nocase(given(d, "response"), str_of(want));
}

static void challenge(struct exchange *x, const struct digest *d)
{
    static const char *const names[N_HASH_ALGOS] = {
        [HASH_MD5] = "MD5", [HASH_SHA256] = "SHA-256", [HASH_SHA512] = "SHA-512"};
    uint64_t a = rng_u64(&x->worker->rng), b = rng_u64(&x->worker->rng);

    x->status = 401;
    answer_header(x, "WWW-Authenticate",
                  str_of(arena_printf(&x->arena,
                                      "Digest realm=\"brunt\", nonce=\"%016lx%016lx\", "
                                      "qop=\"%.*s\", opaque=\"%016lx\", algorithm=%s, stale=FALSE",
                                      (unsigned long)a, (unsigned long)b, STR_ARG(d->qop),
                                      (unsigned long)(a ^ b), names[d->algo])));
}

static enum hash_algo algo_named(struct str name)
{
    if (str_eq_nocase(name, STR("SHA-256")))
        return HASH_SHA256;
    return str_eq_nocase(name, STR("SHA-512")) ? HASH_SHA512 : HASH_MD5;
}

/* /digest-auth/:qop/:user/:password and the same with /:algorithm */
void bin_digest_auth(struct exchange *x)
{
    struct digest d = {.algo = algo_named(exchange_param(x, 3)), .qop = exchange_param(x, 0)};
    struct str header = exchange_header(x, "Authorization");

    if (!str_is(d.qop, "auth") && !str_is(d.qop, "auth-int"))
        d.qop = STR("auth,auth-int");
    if (header.n &&
        auth_challenge_next(&header, arena_alloc(&x->arena, header.n + 1), &d.given) == 0 &&
        str_eq_nocase(d.given.scheme, STR("Digest")) && is_right(x, &d)) {
        answer_authenticated(x, "user", exchange_param(x, 1));
    } else {
        challenge(x, &d);
    }
}
