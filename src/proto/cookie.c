/* Set-Cookie headers and cookie dates. The leniencies are those of Go's net/http. */
#include "proto/cookie.h"

#include "base/clock.h"
#include "proto/http.h"

static struct str trim_blank(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_from_index(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c <= ' ' || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", c))
            return false;
    }
    return s.n > 0;
}

/* Takes quotes off when they may be there, and checks the bytes. */
static bool clean_value(struct str *s)
{
    for (size_t i = 0; i < s->n; i++) {
        char c = s->p[i];

        if (c < 0x20 || c >= 0x7f || c == '"' || c == ';' || c == '\\')
            return false;
    }
    return true;
}

static struct str unquote(struct str s)
{
    if (s.n > 1 && s.p[0] == '"' && s.p[s.n - 1] == '"')
        return str_from(s.p + 1, s.n - 2);
    return s;
}

static void attr_secure(struct cookie *c, struct str value)
{
    (void)value;
    c->secure = true;
}

static void attr_http_only(struct cookie *c, struct str value)
{
    (void)value;
    c->http_only = true;
}

static void attr_domain(struct cookie *c, struct str value)
{
    c->domain = value;
}

static void attr_path(struct cookie *c, struct str value)
{
    c->path = value;
}

static void attr_max_age(struct cookie *c, struct str value)
{
    int64_t n;

    /* A leading zero makes it no number, as in Go; "0" itself is one. */
    if (!str_i64(value, &n) || (n != 0 && value.p[0] == '0'))
        return;
    c->has_max_age = true;
    c->max_age = n > 0 ? n : -1;
}

static void attr_expires(struct cookie *c, struct str value)
{
    c->has_expires = cookie_date_parse(value, &c->expires_s);
    if (!c->has_expires)
        c->expires_s = COOKIE_EXPIRES_UNSET;
}

static void attr_same_site(struct cookie *c, struct str value)
{
    c->same_site = COOKIE_SAME_SITE_DEFAULT;
    if (str_eq_nocase(value, STR("lax"))) {
        c->same_site = COOKIE_SAME_SITE_LAX;
    } else if (str_eq_nocase(value, STR("strict"))) {
        c->same_site = COOKIE_SAME_SITE_STRICT;
    } else if (str_eq_nocase(value, STR("none"))) {
        c->same_site = COOKIE_SAME_SITE_NONE;
    }
}

static const struct {
    struct str name;
    void (*set)(struct cookie *c, struct str value);
} attributes[] = {
    {STR("path"), attr_path},          {STR("domain"), attr_domain},
    {STR("expires"), attr_expires},    {STR("max-age"), attr_max_age},
    {STR("secure"), attr_secure},      {STR("httponly"), attr_http_only},
    {STR("samesite"), attr_same_site},
};

static void set_attribute(struct cookie *c, struct str part)
{
    size_t at = str_find(part, '=');
    struct str name = trim_blank(str_from(part.p, at));
    struct str value = trim_blank(str_from_index(part, at + 1));

    if (!clean_value(&value))
        return;
    for (size_t i = 0; i < countof(attributes); i++) {
        if (str_eq_nocase(name, attributes[i].name))
            attributes[i].set(c, value);
    }
}

int cookie_parse(struct str header, struct cookie *ret_cookie)
{
    struct cookie c = {.expires_s = COOKIE_EXPIRES_UNSET};
    struct str rest = header;
    struct str part;

    if (!str_split(&rest, ';', &part))
        return COOKIE_E_BAD;
    size_t at = str_find(part, '=');

    if (at == part.n)
        return COOKIE_E_BAD;
    c.name = trim_blank(str_from(part.p, at));
    c.value = unquote(trim_blank(str_from_index(part, at + 1)));
    if (!is_token(c.name) || !clean_value(&c.value))
        return COOKIE_E_BAD;
    while (str_split(&rest, ';', &part))
        set_attribute(&c, part);
    *ret_cookie = c;
    return 0;
}

/* What the tokens of a date have told so far; -1 is nothing yet. */
struct date {
    int day, month, year, hour, minute, second;
};

static bool is_delimiter(char c)
{
    return !ascii_digit(c) && !(ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') && c != ':';
}

/* Leading digits, `least` to `most` of them, followed by a non-digit; false otherwise. */
static bool leading_number(struct str *s, size_t least, size_t most, int *ret_n)
{
    size_t i = 0;
    int n = 0;

    for (; i < s->n && ascii_digit(s->p[i]); i++) {
        if (i == most)
            return false;
        n = n * 10 + (s->p[i] - '0');
    }
    if (i < least)
        return false;
    *s = str_from_index(*s, i);
    *ret_n = n;
    return true;
}

static bool date_time(struct date *d, struct str token)
{
    int h;
    int m;
    int s;

    if (!leading_number(&token, 1, 2, &h) || !token.n || token.p[0] != ':')
        return false;
    token = str_from_index(token, 1);
    if (!leading_number(&token, 1, 2, &m) || !token.n || token.p[0] != ':')
        return false;
    token = str_from_index(token, 1);
    if (!leading_number(&token, 1, 2, &s))
        return false;
    d->hour = h;
    d->minute = m;
    d->second = s;
    return true;
}

static int month_of(struct str token)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    for (int i = 0; i < 12; i++) {
        if (token.n >= 3 &&
            str_eq_nocase(str_from(token.p, 3), str_from(names + (ptrdiff_t)i * 3, 3)))
            return i + 1;
    }
    return -1;
}

/* One token of RFC 6265 §5.1.1, tried as time, day, month and year, in this order. */
static void date_token(struct date *d, struct str token)
{
    struct str rest = token;
    int n;

    if (d->hour < 0 && date_time(d, token))
        return;
    if (d->day < 0 && leading_number(&rest, 1, 2, &n)) {
        d->day = n;
        return;
    }
    if (d->month < 0 && (n = month_of(token)) > 0) {
        d->month = n;
        return;
    }
    rest = token;
    if (d->year < 0 && leading_number(&rest, 2, 4, &n))
        d->year = n >= 70 && n <= 99 ? n + 1900 : n < 70 ? n + 2000 : n;
}

static bool date_valid(const struct date *d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (d->hour < 0 || d->day < 1 || d->month < 1 || d->year < 1601 || d->hour > 23 ||
        d->minute > 59 || d->second > 59)
        return false;
    bool leap = (d->year % 4 == 0 && d->year % 100 != 0) || d->year % 400 == 0;

    return d->day <= days[d->month - 1] + (d->month == 2 && leap);
}

/* Days since the epoch of a date of the Gregorian calendar, by counting years from March. */
static int64_t days_of(const struct date *d)
{
    int64_t year = d->year - (d->month <= 2);
    int64_t month = (d->month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + d->day - 1;

    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

bool cookie_date_parse(struct str text, int64_t *ret_seconds)
{
    struct date d = {-1, -1, -1, -1, -1, -1};

    for (size_t at = 0; at < text.n;) {
        size_t n = 0;

        while (at + n < text.n && !is_delimiter(text.p[at + n]))
            n++;
        if (n)
            date_token(&d, str_from(text.p + at, n));
        at += n + 1;
    }
    if (!date_valid(&d))
        return false;
    *ret_seconds = days_of(&d) * 86400 + (int64_t)d.hour * 3600 + (int64_t)d.minute * 60 + d.second;
    return true;
}

/* Bytes that have no place in a value are left out; blanks and commas make quotes necessary. */
static int put_value(struct buf *out, struct str value)
{
    bool quoted = str_find(value, ' ') < value.n || str_find(value, ',') < value.n;
    int r = buf_reserve(out, value.n + 2);

    if (r)
        return r;
    if (quoted)
        buf_putc(out, '"');
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];

        if (c >= 0x20 && c < 0x7f && c != '"' && c != ';' && c != '\\')
            buf_putc(out, c);
    }
    if (quoted)
        buf_putc(out, '"');
    return 0;
}

/* Other control characters and '=' or ';' are the caller's to see; line ends are ours. */
static int put_name(struct buf *out, struct str name)
{
    int r = buf_reserve(out, name.n);

    if (r)
        return r;
    for (size_t i = 0; i < name.n; i++)
        buf_putc(out, (char)(name.p[i] == '\r' || name.p[i] == '\n' ? '-' : name.p[i]));
    return 0;
}

struct header_state {
    struct buf *out;
    size_t start;
    const struct http_cookie *cookies;
    size_t n_cookies;
    int result;
};

static void put_pair(struct header_state *s, struct str name, struct str value)
{
    if (!s->result && s->out->len > s->start)
        s->result = buf_add(s->out, "; ", 2);
    if (!s->result)
        s->result = put_name(s->out, name);
    if (!s->result)
        s->result = buf_add(s->out, "=", 1);
    if (!s->result)
        s->result = put_value(s->out, value);
}

static void put_from_jar(void *arg, struct str name, struct str value)
{
    struct header_state *s = arg;

    for (size_t i = 0; i < s->n_cookies; i++) {
        if (s->cookies[i].replace && str_eq(s->cookies[i].name, name))
            return;
    }
    put_pair(s, name, value);
}

int cookie_header(struct buf *out, struct str prefix, const struct http_cookie *cookies,
                  size_t n_cookies, struct cookie_jar *jar, const struct url *u, wall_ns now)
{
    struct header_state s = {
        .out = out, .start = out->len, .cookies = cookies, .n_cookies = n_cookies};

    s.result = buf_add(out, prefix.p, prefix.n);
    for (size_t i = 0; i < n_cookies; i++)
        put_pair(&s, cookies[i].name, cookies[i].value);
    cookie_jar_each(jar, u, now, put_from_jar, &s);
    return s.result;
}
