/*
 * The request is written in a canonical form, hashed, and the hash is signed by a key made from the
 * secret, the day, the region and the service.
 */
#include "sink/sigv4.h"

#include <stdlib.h>
#include <time.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"

enum {
    DIGEST = 32,
    DAY = 8, /* of the date, "20150830" */
};

static const char signed_headers[] = "host;x-amz-date";

static void put_hex(struct buf *out, const unsigned char digest[DIGEST])
{
    char hex[2 * DIGEST];

    hex_write(digest, DIGEST, hex);
    buf_put(out, hex, sizeof(hex));
}

static bool is_unreserved(char c)
{
    char lower = ascii_lower(c);

    return (lower >= 'a' && lower <= 'z') || ascii_digit(c) || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

/* The path as it is sent is escaped once more; only its slashes stay. */
static void put_path(struct buf *out, struct str path)
{
    for (size_t i = 0; i < path.n; i++) {
        if (is_unreserved(path.p[i]) || path.p[i] == '/') {
            buf_putc(out, path.p[i]);
        } else {
            buf_printf(out, "%%%02X", (unsigned char)path.p[i]);
        }
    }
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Its parts in order; each has an equals sign. */
static void put_query(struct buf *out, struct str query)
{
    struct str *parts = NULL, part;
    size_t n = 0, cap = 0;

    while (str_split(&query, '&', &part)) {
        if (part.n)
            vec_push(parts, n, cap) = part;
    }
    if (n)
        qsort(parts, n, sizeof(*parts), by_bytes);
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, i ? "&" : "");
        buf_putstr(out, parts[i]);
        buf_puts(out, str_find(parts[i], '=') == parts[i].n ? "=" : "");
    }
    free(parts);
}

static int put_canonical(struct buf *out, const struct sigv4_request *r, const char *date)
{
    unsigned char digest[HASH_MAX_BYTES];

    TRY(hash_bytes_of(HASH_SHA256, r->body.p ? r->body.p : "", r->body.n, digest));
    buf_putstr(out, r->method);
    buf_putc(out, '\n');
    put_path(out, r->path);
    buf_putc(out, '\n');
    put_query(out, r->query);
    buf_printf(out, "\nhost:%.*s\nx-amz-date:%s\n\n%s\n", STR_ARG(r->host), date, signed_headers);
    put_hex(out, digest);
    return 0;
}

/* Each part of the scope is signed by what came of the one before. */
static int make_key(const struct sigv4_key *key, const char *date,
                    unsigned char ret[HASH_MAX_BYTES])
{
    const struct str parts[] = {str_from(date, DAY), str_of(key->region), str_of(key->service),
                                STR("aws4_request")};
    scoped(freep) char *secret = xasprintf("AWS4%s", key->secret_key);
    struct str by = str_of(secret);
    unsigned char before[DIGEST];

    for (size_t i = 0; i < countof(parts); i++) {
        TRY(hash_hmac(HASH_SHA256, by, parts[i].p, parts[i].n, ret));
        memcpy(before, ret, DIGEST);
        by = str_from((const char *)before, DIGEST);
    }
    return 0;
}

/* What is signed: the hash of the canonical form, with its circumstances. */
static int put_text(struct buf *out, const struct sigv4_request *r, const char *date,
                    const char *scope)
{
    unsigned char digest[HASH_MAX_BYTES];
    struct buf canonical = {0};
    int result = put_canonical(&canonical, r, date);

    if (result == 0)
        result = hash_bytes_of(HASH_SHA256, canonical.data, canonical.len, digest);
    buf_fini(&canonical);
    if (result)
        return result;
    buf_printf(out, "AWS4-HMAC-SHA256\n%s\n%s\n", date, scope);
    put_hex(out, digest);
    return 0;
}

static int sign(const struct sigv4_key *key, const char *date, struct str text,
                unsigned char ret[HASH_MAX_BYTES])
{
    unsigned char by[HASH_MAX_BYTES];

    TRY(make_key(key, date, by));
    TRY(hash_hmac(HASH_SHA256, str_from((const char *)by, DIGEST), text.p, text.n, ret));
    return 0;
}

int sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *r,
               char ret_date[SIGV4_DATE_BYTES], struct buf *authorization)
{
    time_t seconds = (time_t)(r->at / NS_PER_S);
    unsigned char signature[HASH_MAX_BYTES];
    struct buf text = {0};
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(ret_date, SIGV4_DATE_BYTES, "%Y%m%dT%H%M%SZ", &tm);
    scoped(freep) char *scope =
        xasprintf("%.*s/%s/%s/aws4_request", DAY, ret_date, key->region, key->service);
    int result = put_text(&text, r, ret_date, scope);

    if (result == 0)
        result = sign(key, ret_date, buf_str(&text), signature);
    if (result == 0) {
        buf_printf(authorization, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=",
                   key->access_key, scope, signed_headers);
        put_hex(authorization, signature);
    }
    buf_fini(&text);
    return result;
}
