#pragma once
/*
 * HTTP authentication without I/O: Basic, Digest (RFC 7616) and NTLMv2 (MS-NLMP). Randomness and
 * time are passed in, so that the same input gives the same bytes.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

enum {
    AUTH_E_NO_CHALLENGE = 1, /* no challenge of that scheme in the header */
    AUTH_E_MALFORMED = 2,    /* a challenge that cannot be read */
    AUTH_E_UNSUPPORTED = 3,  /* an algorithm or quality of protection that we do not have */

    AUTH_NTLM_NONCE_BYTES = 8,
};

/* Appends `Basic dXNlcjpwYXNz`. */
void auth_basic(struct buf *out, struct str username, struct str password);

/* One parameter of a challenge, unquoted. */
struct auth_param {
    struct str name;
    struct str value;
};

/* One challenge of a WWW-Authenticate header. Views point into the scratch buffer given. */
struct auth_challenge {
    struct str scheme;
    struct str token68; /* "TlRMTV..." after NTLM, Negotiate; n 0 when there are parameters */
    struct auth_param params[16];
    size_t n_params;
};

/*
 * Takes the next challenge off *rest, the value of a WWW-Authenticate header. `scratch` holds
 * unquoted values, must have room for rest->n bytes and is written from its start.
 * Returns 0, AUTH_E_NO_CHALLENGE at the end, or AUTH_E_MALFORMED.
 */
MUST_USE int auth_challenge_next(struct str *rest, char *scratch, struct auth_challenge *ret);

/* The value of a parameter (case-insensitive), or an empty view with p == NULL. */
struct str auth_param_get(const struct auth_challenge *c, struct str name);

enum auth_digest_alg {
    AUTH_DIGEST_MD5,
    AUTH_DIGEST_MD5_SESS,
    AUTH_DIGEST_SHA256,
    AUTH_DIGEST_SHA256_SESS,
};

enum auth_digest_qop {
    AUTH_QOP_NONE, /* RFC 2069 */
    AUTH_QOP_AUTH,
    AUTH_QOP_AUTH_INT,
};

/* A Digest challenge, chosen among those offered. Views borrow from `scratch`. */
struct auth_digest {
    struct str realm;
    struct str nonce;
    struct str opaque;
    bool has_opaque;
    bool has_algorithm; /* echoed only when it was given */
    bool stale;
    bool userhash;
    enum auth_digest_alg alg;
    enum auth_digest_qop qop; /* auth is preferred to auth-int */
};

/*
 * Finds the first Digest challenge that we can answer in the value of a WWW-Authenticate header.
 * `scratch` must have room for header.n bytes and live as long as *ret.
 * Returns 0 or one of the conditions above.
 */
MUST_USE int auth_digest_parse(struct str header, char *scratch, struct auth_digest *ret);

struct auth_digest_answer {
    struct str username;
    struct str password;
    struct str method;
    struct str uri;    /* the request target */
    struct str cnonce; /* hexadecimal or base64: no quotes in it */
    struct str body;   /* for auth-int */
    uint32_t nc;       /* from 1; counts requests with this nonce */
};

/* Appends the value of the Authorization header. Returns 0, BUF_E_LIMIT, or a fault of base/hash.h.
 */
MUST_USE int auth_digest_header(struct buf *out, const struct auth_digest *d,
                                const struct auth_digest_answer *a);

/* Appends `NTLM <type 1>`, or `Negotiate <type 1>` as `scheme` says. */
void auth_ntlm_negotiate(struct buf *out, struct str scheme);

struct auth_ntlm_answer {
    struct str username; /* UTF-8; may be "DOMAIN\user" or "user@domain" */
    struct str password;
    struct str workstation; /* may be empty */
    uint8_t nonce[AUTH_NTLM_NONCE_BYTES];
    wall_ns now; /* used when the server states no time of its own */
};

/*
 * Appends `NTLM <type 3>` to answer `challenge`, the base64 text of the server's type 2 message.
 * Returns 0, AUTH_E_MALFORMED, AUTH_E_UNSUPPORTED when the server knows no Unicode, or a fault of
 * base/hash.h.
 */
MUST_USE int auth_ntlm_answer(struct buf *out, struct str scheme, struct str challenge,
                              const struct auth_ntlm_answer *a);
