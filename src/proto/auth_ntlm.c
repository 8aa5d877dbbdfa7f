/*
 * NTLMv2 messages (MS-NLMP §2.2.1). Only the connection is authenticated: no session key is
 * exchanged and nothing is signed, which is all that HTTP needs.
 */
#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"
#include "proto/auth.h"
#include "proto/utf8_priv.h"

enum {
    FLAG_UNICODE = 0x00000001,
    FLAG_REQUEST_TARGET = 0x00000004,
    FLAG_NTLM = 0x00000200,
    FLAG_ALWAYS_SIGN = 0x00008000,
    FLAG_EXTENDED_SECURITY = 0x00080000,
    FLAG_TARGET_INFO = 0x00800000,
    FLAG_128 = 0x20000000,

    CHALLENGE_MIN_BYTES = 32,
    TYPE3_HEAD_BYTES = 64,
    DIGEST_BYTES = 16,

    AV_END = 0,
    AV_TIMESTAMP = 7,

    MESSAGE_MAX_BYTES = 64 << 10,
};

/* 100 ns units from 1601 to the Unix epoch. */
#define FILETIME_EPOCH 116444736000000000

static const char signature[8] = "NTLMSSP";

/* What a type 2 message says. Views point into its decoded bytes. */
struct challenge {
    uint32_t flags;
    const char *nonce; /* 8 bytes */
    struct str target; /* UTF-16LE */
    struct str info;   /* attribute-value pairs, end marker included; may be empty */
};

static uint32_t le(const char *p, size_t n)
{
    uint32_t v = 0;

    while (n--)
        v = v << 8 | (unsigned char)p[n];
    return v;
}

static void put_le(struct buf *out, uint64_t v, size_t n)
{
    for (; n--; v >>= 8)
        buf_putc(out, (char)(v & 255));
}

static void put_base64(struct buf *out, struct str scheme, const struct buf *message)
{
    buf_putstr(out, scheme);
    buf_putc(out, ' ');
    ignored(base64_encode(BASE64_STD, buf_str(message), out));
}

void auth_ntlm_negotiate(struct buf *out, struct str scheme)
{
    scoped(buf_fini) struct buf m = {0};

    buf_put(&m, signature, sizeof(signature));
    put_le(&m, 1, 4);
    put_le(&m,
           FLAG_UNICODE | FLAG_REQUEST_TARGET | FLAG_NTLM | FLAG_ALWAYS_SIGN |
               FLAG_EXTENDED_SECURITY | FLAG_TARGET_INFO | FLAG_128,
           4);
    /* No domain, no workstation: length, room and offset of each are zero. */
    put_le(&m, 0, 8);
    put_le(&m, 0, 8);
    put_base64(out, scheme, &m);
}

/* The bytes that a length-room-offset field at `at` names. */
static bool field(struct str message, size_t at, struct str *ret_bytes)
{
    if (message.n < at + 8)
        return false;
    size_t n = le(message.p + at, 2);
    size_t offset = le(message.p + at + 4, 4);

    if (offset > message.n || n > message.n - offset)
        return false;
    *ret_bytes = str_from(message.p + offset, n);
    return true;
}

static int challenge_read(struct str m, struct challenge *ret)
{
    struct challenge c = {0};

    if (m.n < CHALLENGE_MIN_BYTES || memcmp(m.p, signature, sizeof(signature)) != 0 ||
        le(m.p + 8, 4) != 2 || !field(m, 12, &c.target))
        return AUTH_E_MALFORMED;
    c.flags = le(m.p + 20, 4);
    c.nonce = m.p + 24;
    if ((c.flags & FLAG_TARGET_INFO) && !field(m, 40, &c.info))
        return AUTH_E_MALFORMED;
    if (!(c.flags & FLAG_UNICODE))
        return AUTH_E_UNSUPPORTED;
    *ret = c;
    return 0;
}

/* An attribute of the target's information; false when it is not there. */
static bool info_get(struct str info, uint32_t id, struct str *ret_value)
{
    while (info.n >= 4) {
        uint32_t at_id = le(info.p, 2);
        size_t n = le(info.p + 2, 2);

        if (at_id == AV_END || n > info.n - 4)
            return false;
        *ret_value = str_from(info.p + 4, n);
        if (at_id == id)
            return true;
        info = str_from_index(info, 4 + n);
    }
    return false;
}

enum letter_case {
    CASE_KEPT,
    CASE_UPPER,
};

static int32_t upper(int32_t cp)
{
    bool ascii = cp >= 'a' && cp <= 'z';
    bool latin1 = cp >= 0xe0 && cp <= 0xfe && cp != 0xf7;

    return ascii || latin1 ? cp - 32 : cp;
}

/* Appends UTF-16LE; what is not UTF-8 becomes U+FFFD, byte by byte. */
static void put_utf16(struct buf *out, struct str s, enum letter_case letters)
{
    while (s.n) {
        int32_t cp = utf8_take(&s);

        if (cp < 0) {
            s = str_from_index(s, 1);
            cp = 0xfffd;
        }
        if (letters == CASE_UPPER)
            cp = upper(cp);
        if (cp > 0xffff) {
            cp -= 0x10000;
            put_le(out, 0xd800U | (uint32_t)cp >> 10, 2);
            cp = 0xdc00 | (cp & 0x3ff);
        }
        put_le(out, (uint32_t)cp, 2);
    }
}

struct identity {
    struct str user;
    struct buf domain; /* UTF-16LE */
};

/* "DOMAIN\user", "user@domain" (kept whole, with no domain), or the server's own domain. */
static void identity_of(struct str username, const struct challenge *c, struct identity *ret)
{
    size_t slash = str_find(username, '\\');

    ret->user = username;
    if (slash < username.n) {
        ret->user = str_from_index(username, slash + 1);
        put_utf16(&ret->domain, str_from(username.p, slash), CASE_KEPT);
    } else if (str_find(username, '@') == username.n) {
        buf_putstr(&ret->domain, c->target);
    }
}

/* NTOWFv2 (§3.3.2). */
static int response_key(const struct identity *who, struct str password, unsigned char *ret_key)
{
    scoped(buf_fini) struct buf text = {0};
    unsigned char hash[HASH_MAX_BYTES];

    put_utf16(&text, password, CASE_KEPT);
    TRY(hash_bytes_of(HASH_MD4, text.data ? text.data : "", text.len, hash));
    buf_reset(&text);
    put_utf16(&text, who->user, CASE_UPPER);
    buf_putstr(&text, buf_str(&who->domain));
    return hash_hmac(HASH_MD5, str_from((const char *)hash, DIGEST_BYTES),
                     text.data ? text.data : "", text.len, ret_key);
}

/* HMAC-MD5 of the server's nonce and `rest`, and `rest` itself. */
static int put_proof(struct buf *out, const unsigned char *key, const struct challenge *c,
                     const struct buf *rest)
{
    scoped(buf_fini) struct buf text = {0};
    unsigned char proof[HASH_MAX_BYTES];

    buf_put(&text, c->nonce, AUTH_NTLM_NONCE_BYTES);
    buf_putstr(&text, buf_str(rest));
    TRY(hash_hmac(HASH_MD5, str_from((const char *)key, DIGEST_BYTES), text.data, text.len, proof));
    buf_put(out, proof, DIGEST_BYTES);
    buf_putstr(out, buf_str(rest));
    return 0;
}

/* NTLMv2_CLIENT_CHALLENGE (§2.2.2.7). */
static void put_client_challenge(struct buf *out, const struct challenge *c, struct str timestamp,
                                 const struct auth_ntlm_answer *a)
{
    buf_put(out, "\1\1\0\0\0\0\0\0", 8);
    if (timestamp.n == 8) {
        buf_putstr(out, timestamp);
    } else {
        put_le(out, (uint64_t)(a->now / 100 + FILETIME_EPOCH), 8);
    }
    buf_put(out, a->nonce, sizeof(a->nonce));
    put_le(out, 0, 4);
    buf_putstr(out, c->info);
    put_le(out, 0, 4);
}

/* LMv2, or zeros when the server stated its time (§3.1.5.1.2). */
static int put_lm(struct buf *out, const unsigned char *key, const struct challenge *c,
                  bool has_timestamp, const struct auth_ntlm_answer *a)
{
    scoped(buf_fini) struct buf nonce = {0};

    if (has_timestamp) {
        put_le(out, 0, 8);
        put_le(out, 0, 8);
        put_le(out, 0, 8);
        return 0;
    }
    buf_put(&nonce, a->nonce, sizeof(a->nonce));
    return put_proof(out, key, c, &nonce);
}

struct answer {
    struct buf lm, nt, user, workstation;
};

static void answer_fini(struct answer *r)
{
    buf_fini(&r->lm);
    buf_fini(&r->nt);
    buf_fini(&r->user);
    buf_fini(&r->workstation);
}

static int answer_make(struct answer *r, const struct challenge *c, const struct identity *who,
                       const struct auth_ntlm_answer *a)
{
    unsigned char key[HASH_MAX_BYTES];
    scoped(buf_fini) struct buf blob = {0};
    struct str timestamp = {0};
    bool has_timestamp = info_get(c->info, AV_TIMESTAMP, &timestamp);

    TRY(response_key(who, a->password, key));
    put_client_challenge(&blob, c, has_timestamp ? timestamp : (struct str){0}, a);
    TRY(put_lm(&r->lm, key, c, has_timestamp, a));
    TRY(put_proof(&r->nt, key, c, &blob));
    put_utf16(&r->user, who->user, CASE_KEPT);
    put_utf16(&r->workstation, a->workstation, CASE_KEPT);
    return 0;
}

static void put_message(struct buf *out, const struct answer *r, const struct identity *who,
                        uint32_t flags)
{
    const struct buf *parts[] = {&r->lm, &r->nt, &who->domain, &r->user, &r->workstation};
    uint32_t offset = TYPE3_HEAD_BYTES;

    buf_put(out, signature, sizeof(signature));
    put_le(out, 3, 4);
    for (size_t i = 0; i < countof(parts); i++) {
        put_le(out, parts[i]->len, 2);
        put_le(out, parts[i]->len, 2);
        put_le(out, offset, 4);
        offset += (uint32_t)parts[i]->len;
    }
    /* No session key. */
    put_le(out, 0, 4);
    put_le(out, offset, 4);
    put_le(out, flags, 4);
    for (size_t i = 0; i < countof(parts); i++)
        buf_putstr(out, buf_str(parts[i]));
}

static void identity_fini(struct identity *who)
{
    buf_fini(&who->domain);
}

int auth_ntlm_answer(struct buf *out, struct str scheme, struct str challenge,
                     const struct auth_ntlm_answer *a)
{
    scoped(buf_fini) struct buf bytes = {0};
    scoped(buf_fini) struct buf message = {0};
    scoped(answer_fini) struct answer answer = {0};
    scoped(identity_fini) struct identity who = {0};
    struct challenge c;
    size_t n_names = a->username.n + a->workstation.n;

    if (challenge.n > MESSAGE_MAX_BYTES || n_names > 8192)
        return AUTH_E_MALFORMED;
    if (base64_decode(BASE64_STD, challenge, &bytes, NULL))
        return AUTH_E_MALFORMED;
    int r = challenge_read(buf_str(&bytes), &c);

    if (r)
        return r;
    identity_of(a->username, &c, &who);
    TRY(answer_make(&answer, &c, &who, a));
    put_message(&message, &answer, &who, c.flags & ~(uint32_t)FLAG_ALWAYS_SIGN);
    put_base64(out, scheme, &message);
    return 0;
}
