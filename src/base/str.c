/* Views of bytes: comparing, splitting, numbers. ASCII rules only; the locale never matters. */
#include "base/str.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

int ascii_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    return true;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq(str_from(s.p, prefix.n), prefix);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq_nocase(str_from(s.p, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_from(s.p + s.n - suffix.n, suffix.n), suffix);
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int r = n ? memcmp(a.p, b.p, n) : 0;

    return r ? r : (a.n > b.n) - (a.n < b.n);
}

size_t str_find(struct str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

    return at ? (size_t)(at - s.p) : s.n;
}

size_t str_find_str(struct str s, struct str needle)
{
    const char *at = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;

    return at ? (size_t)(at - s.p) : s.n;
}

struct str str_trim(struct str s)
{
    while (s.n && ascii_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && ascii_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_from_index(struct str s, size_t i)
{
    if (i > s.n)
        i = s.n;
    return str_from(s.p ? s.p + i : NULL, s.n - i);
}

bool str_split(struct str *rest, char sep, struct str *ret_part)
{
    if (!rest->p)
        return false;
    size_t at = str_find(*rest, sep);

    *ret_part = str_from(rest->p, at);
    /* A NULL view marks the end, so that "a," gives "a" and then "". */
    *rest = at < rest->n ? str_from(rest->p + at + 1, rest->n - at - 1) : (struct str){0};
    return true;
}

bool str_u64(struct str s, uint64_t *ret_n)
{
    uint64_t n = 0;

    if (!s.n)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!ascii_digit(s.p[i]))
            return false;
        if (__builtin_mul_overflow(n, 10U, &n) ||
            __builtin_add_overflow(n, (uint64_t)(s.p[i] - '0'), &n))
            return false;
    }
    *ret_n = n;
    return true;
}

bool str_i64(struct str s, int64_t *ret_n)
{
    uint64_t n;
    bool negative = s.n && s.p[0] == '-';

    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = str_from_index(s, 1);
    if (!str_u64(s, &n) || n > (uint64_t)INT64_MAX + negative)
        return false;
    *ret_n = negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

bool str_f64(struct str s, double *ret_n)
{
    char copy[64];
    char *end;

    if (!s.n || s.n >= sizeof(copy) || ascii_space(s.p[0]))
        return false;
    memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    errno = 0;
    double n = strtod(copy, &end);

    if (end != copy + s.n || (errno == ERANGE && isinf(n)))
        return false;
    *ret_n = n;
    return true;
}

/* RFC 3629, section 4. */
size_t utf8_length(const unsigned char *p, size_t n)
{
    static const struct {
        unsigned char lead_min, lead_max, second_min, second_max;
        size_t n;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    if (p[0] < 0x80)
        return 1;
    for (size_t i = 0; i < countof(forms); i++) {
        if (p[0] < forms[i].lead_min || p[0] > forms[i].lead_max)
            continue;
        if (n < forms[i].n || p[1] < forms[i].second_min || p[1] > forms[i].second_max)
            return 0;
        for (size_t k = 2; k < forms[i].n; k++) {
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        }
        return forms[i].n;
    }
    return 0;
}

/* A multiply-and-fold hash over eight bytes at a time, after the idea of wyhash. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    __uint128_t m = (__uint128_t)a * b;

    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed)
{
    const unsigned char *at = p;
    uint64_t h = seed ^ 0x9e3779b97f4a7c15U ^ n;
    uint64_t word;

    for (; n >= 8; n -= 8, at += 8) {
        memcpy(&word, at, 8);
        h = fold(h ^ word, 0xd6e8feb86659fd93U);
    }
    word = 0;
    if (n)
        memcpy(&word, at, n);
    h = fold(h ^ word, 0xa0761d6478bd642fU);
    return h ^ (h >> 29);
}
