/*
 * Hosts of URLs: IPv6 in brackets, IPv4 in all the forms that browsers take ("0x7f.1"), names.
 *
 * Names beyond ASCII are mapped to lower case and written in punycode (RFC 3492). The mapping knows
 * the scripts that have cases at regular distances (Latin, Greek, Cyrillic, Armenian, full-width
 * forms), not the whole of UTS #46.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "proto/url_priv.h"
#include "proto/utf8_priv.h"

enum {
    HOST_MAX_BYTES = 512, /* of a name, decoded; DNS allows 253 */
    LABEL_MAX = 128,      /* code points of one label; DNS allows 63 bytes */

    /* RFC 3492 §5 */
    PUNY_BASE = 36,
    PUNY_TMIN = 1,
    PUNY_TMAX = 26,
    PUNY_SKEW = 38,
    PUNY_DAMP = 700,
    PUNY_BIAS = 72,
    PUNY_N = 0x80,
};

size_t url_bad_escape(struct str s)
{
    size_t i = 0;

    while (i < s.n) {
        const char *at = memchr(s.p + i, '%', s.n - i);

        if (!at)
            break;
        i = (size_t)(at - s.p);
        if (s.n - i < 3 || ascii_hex(at[1]) < 0 || ascii_hex(at[2]) < 0)
            return i;
        i += 3;
    }
    return s.n;
}

/* Capitals at a fixed distance from their small letters, or alternating with them (step 0). */
static const struct {
    int32_t first, last, step;
} cases[] = {
    {'A', 'Z', 32},           {0xc0, 0xd6, 32},   {0xd8, 0xde, 32},    {0x100, 0x12e, 0},
    {0x132, 0x136, 0},        {0x14a, 0x176, 0},  {0x391, 0x3a1, 32},  {0x3a3, 0x3ab, 32},
    {0x400, 0x40f, 80},       {0x410, 0x42f, 32}, {0x460, 0x480, 0},   {0x48a, 0x4be, 0},
    {0x4d0, 0x52e, 0},        {0x531, 0x556, 48}, {0x1e00, 0x1e94, 0}, {0x1ea0, 0x1efe, 0},
    {0xff01, 0xff5e, -65248},
};

static int32_t map_code_point(int32_t cp)
{
    /* Full stops of other scripts, and full-width forms. */
    if (cp == 0x3002 || cp == 0xff0e || cp == 0xff61)
        return '.';
    for (size_t i = 0; i < countof(cases); i++) {
        if (cp < cases[i].first || cp > cases[i].last)
            continue;
        if (cases[i].step) {
            cp += cases[i].step;
        } else {
            cp |= 1;
        }
        return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    }
    return cp;
}

static char puny_digit(uint32_t d)
{
    return (char)(d < 26 ? 'a' + d : '0' + d - 26);
}

static uint32_t puny_adapt(uint32_t delta, uint32_t n_points, bool first)
{
    uint32_t k = 0;

    delta = first ? delta / PUNY_DAMP : delta / 2;
    delta += delta / n_points;
    for (; delta > (PUNY_BASE - PUNY_TMIN) * PUNY_TMAX / 2; k += PUNY_BASE)
        delta /= PUNY_BASE - PUNY_TMIN;
    return k + (PUNY_BASE - PUNY_TMIN + 1) * delta / (delta + PUNY_SKEW);
}

/* A variable-length integer (RFC 3492 §3.3). */
static void puny_put(struct buf *out, uint32_t q, uint32_t bias)
{
    for (uint32_t k = PUNY_BASE;; k += PUNY_BASE) {
        uint32_t t = k <= bias ? PUNY_TMIN : k >= bias + PUNY_TMAX ? PUNY_TMAX : k - bias;

        if (q < t)
            break;
        buf_putc(out, puny_digit(t + (q - t) % (PUNY_BASE - t)));
        q = (q - t) / (PUNY_BASE - t);
    }
    buf_putc(out, puny_digit(q));
}

static uint32_t next_code_point(const int32_t *label, size_t n, uint32_t from)
{
    uint32_t next = UINT32_MAX;

    for (size_t i = 0; i < n; i++) {
        if ((uint32_t)label[i] >= from && (uint32_t)label[i] < next)
            next = (uint32_t)label[i];
    }
    return next;
}

/*
 * The label's delta cannot overflow: 128 points of at most 0x10ffff each stay below 2^32.
 */
static void puny_encode(const int32_t *label, size_t n, struct buf *out)
{
    uint32_t code = PUNY_N;
    uint32_t delta = 0;
    uint32_t bias = PUNY_BIAS;
    uint32_t n_basic = 0;

    buf_puts(out, "xn--");
    for (size_t i = 0; i < n; i++) {
        if (label[i] < 0x80) {
            buf_putc(out, (char)label[i]);
            n_basic++;
        }
    }
    if (n_basic)
        buf_putc(out, '-');
    for (uint32_t done = n_basic; done < n; delta++, code++) {
        uint32_t next = next_code_point(label, n, code);

        delta += (next - code) * (done + 1);
        code = next;
        for (size_t i = 0; i < n; i++) {
            if ((uint32_t)label[i] < code)
                delta++;
            if ((uint32_t)label[i] != code)
                continue;
            puny_put(out, delta, bias);
            bias = puny_adapt(delta, done + 1, done == n_basic);
            delta = 0;
            done++;
        }
    }
}

static void put_label(const int32_t *label, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (label[i] >= 0x80) {
            puny_encode(label, n, out);
            return;
        }
    }
    for (size_t i = 0; i < n; i++)
        buf_putc(out, (char)label[i]);
}

static bool name_to_ascii(struct str name, struct buf *out)
{
    int32_t label[LABEL_MAX];
    size_t n = 0;

    while (name.n) {
        int32_t cp = utf8_take(&name);

        if (cp < 0 || n == LABEL_MAX)
            return false;
        cp = map_code_point(cp);
        if (cp != '.') {
            label[n++] = cp;
            continue;
        }
        put_label(label, n, out);
        buf_putc(out, '.');
        n = 0;
    }
    put_label(label, n, out);
    return true;
}

/* Forbidden domain code points of the URL standard; '%' is left over only when it was escaped. */
static size_t forbidden_at(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f ||
            memchr("#/<>?@[\\]^|%:\"`{}", s.p[i], 17))
            return i;
    }
    return s.n;
}

/* One part of an IPv4 address: decimal, 0x hexadecimal or 0 octal. */
static bool ipv4_number(struct str s, uint64_t *ret_n)
{
    unsigned base = 10;
    uint64_t n = 0;

    if (!s.n)
        return false;
    if (str_starts_nocase(s, STR("0x"))) {
        base = 16;
        s = str_from_index(s, 2);
    } else if (s.n > 1 && s.p[0] == '0') {
        base = 8;
        s = str_from_index(s, 1);
    }
    for (size_t i = 0; i < s.n; i++) {
        int d = ascii_hex(s.p[i]);

        if (d < 0 || (unsigned)d >= base)
            return false;
        n = n * base + (unsigned)d;
        if (n > UINT32_MAX)
            n = (uint64_t)UINT32_MAX + 1; /* too large, and must not wrap */
    }
    *ret_n = n;
    return true;
}

/* Whether a name's last label makes it an IPv4 address, for better or worse. */
static bool ends_in_number(struct str s)
{
    uint64_t n;
    bool digits = true;

    if (s.n && s.p[s.n - 1] == '.')
        s.n--;
    const char *dot = s.n ? memrchr(s.p, '.', s.n) : NULL;
    struct str last = dot ? str_from_index(s, (size_t)(dot - s.p) + 1) : s;

    for (size_t i = 0; i < last.n; i++)
        digits &= ascii_digit(last.p[i]);
    return last.n && (digits || ipv4_number(last, &n));
}

static bool ipv4_parse(struct str s, uint32_t *ret_address)
{
    uint64_t parts[4];
    size_t n = 0;
    struct str part;
    uint64_t address = 0;

    if (s.n && s.p[s.n - 1] == '.')
        s.n--;
    while (str_split(&s, '.', &part)) {
        if (n == 4 || !ipv4_number(part, &parts[n++]))
            return false;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        if (parts[i] > 255)
            return false;
        address |= parts[i] << (24 - 8 * i);
    }
    /* The last part fills what is left: "127.1" is 127.0.0.1. */
    if (!n || parts[n - 1] >= (uint64_t)1 << (8 * (5 - n)))
        return false;
    *ret_address = (uint32_t)(address | parts[n - 1]);
    return true;
}

static const char *parse_ipv6(struct str text, struct buf *out, char *words, size_t n_words)
{
    char copy[64];
    struct in6_addr address;
    char canonical[INET6_ADDRSTRLEN];

    if (text.n < 2 || text.p[text.n - 1] != ']')
        return "missing ']' in host";
    text = str_from(text.p + 1, text.n - 2);
    snprintf(copy, sizeof(copy), "%.*s", STR_ARG(text));
    if (text.n >= sizeof(copy) || inet_pton(AF_INET6, copy, &address) != 1) {
        snprintf(words, n_words, "invalid host: ParseAddr(\"%.60s\"): unable to parse IP", copy);
        return words;
    }
    buf_puts(out, inet_ntop(AF_INET6, &address, canonical, sizeof(canonical)));
    return NULL;
}

/* Decodes %XX and maps to ASCII. */
static const char *parse_name(struct str text, struct buf *out, char *words, size_t n_words)
{
    char name[HOST_MAX_BYTES];
    size_t n = 0;
    size_t bad = url_bad_escape(text);

    if (bad < text.n) {
        snprintf(words, n_words, "invalid URL escape \"%.*s\"",
                 STR_ARG(str_from(text.p + bad, text.n - bad < 3 ? text.n - bad : 3)));
        return words;
    }
    if (text.n > sizeof(name))
        return "invalid host name: too long";
    for (size_t i = 0; i < text.n; i++, n++) {
        name[n] = text.p[i];
        if (text.p[i] == '%') {
            name[n] = (char)(ascii_hex(text.p[i + 1]) << 4 | ascii_hex(text.p[i + 2]));
            i += 2;
        }
    }
    if (!name_to_ascii(str_from(name, n), out))
        return "invalid host name: not UTF-8";
    return NULL;
}

const char *url_host_parse(struct str text, struct buf *out, enum url_host_kind *ret_kind,
                           char *words, size_t n_words)
{
    size_t start = out->len;
    uint32_t ipv4;

    *ret_kind = URL_HOST_IPV6;
    if (text.n && text.p[0] == '[')
        return parse_ipv6(text, out, words, n_words);
    *ret_kind = URL_HOST_NAME;
    const char *wrong = parse_name(text, out, words, n_words);

    if (wrong)
        return wrong;
    struct str name = str_from(out->data + start, out->len - start);
    size_t bad = forbidden_at(name);

    if (bad < name.n) {
        snprintf(words, n_words, "invalid character \"%c\" in host name", name.p[bad]);
        return words;
    }
    if (!ends_in_number(name))
        return NULL;
    if (!ipv4_parse(name, &ipv4))
        return "invalid IPv4 address in host";
    *ret_kind = URL_HOST_IPV4;
    out->len = start;
    for (int shift = 24; shift >= 0; shift -= 8) {
        buf_put_u64(out, ipv4 >> shift & 255);
        if (shift)
            buf_putc(out, '.');
    }
    return NULL;
}
