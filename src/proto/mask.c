/*
 * Everything passes two pens. The first goes by names and knows the form of the text: one scanner
 * for JSON, one for everything else, where `name=value`, `<name>value</name>` and `//user@host` are
 * found wherever they stand. The second blacks out known secrets, byte for byte; what the first
 * meets in escaped form it shows to the second unescaped.
 */
#include "proto/mask.h"

#include "base/mem.h"
#include "proto/mask_priv.h"

enum {
    NAME_MAX_BYTES = 128, /* longer names are no names of secrets */
};

/* ---- names ---- */

enum match {
    MATCH_IS,
    MATCH_ENDS,
    MATCH_CONTAINS,
};

static const struct rule {
    enum match match;
    enum mask_where where;
    struct str name;
} rules[] = {
#define MASK(how, place, text) \
    {.match = MATCH_##how, .where = MASK_##place, .name = {text, sizeof(text) - 1}},
#include "proto/mask.def"
#undef MASK
};

static bool rule_matches(const struct rule *r, struct str name)
{
    switch (r->match) {
    case MATCH_IS:
        return str_eq(name, r->name);
    case MATCH_ENDS:
        return str_ends(name, r->name);
    case MATCH_CONTAINS:
        return str_find_str(name, r->name) < name.n;
    }
    return false;
}

/* Letters in lower case and digits. */
static struct str plain_name(struct str name, char text[NAME_MAX_BYTES])
{
    size_t n = 0;

    for (size_t i = 0; i < name.n; i++) {
        if (mask_is_alnum(name.p[i]))
            text[n++] = ascii_lower(name.p[i]);
    }
    return str_from(text, n);
}

/* "pass" of "user[pass]", "login.pass" and "ns:pass". */
static struct str last_part(struct str name)
{
    while (name.n && !mask_is_alnum(name.p[name.n - 1]))
        name.n--;
    size_t at = name.n;

    while (at > 0 && name.p[at - 1] != '[' && name.p[at - 1] != '.' && name.p[at - 1] != ':')
        at--;
    return str_from_index(name, at);
}

static bool matches_any(struct str name, enum mask_where where)
{
    for (size_t i = 0; i < countof(rules); i++) {
        if ((rules[i].where == MASK_ANYWHERE || rules[i].where == where) &&
            rule_matches(&rules[i], name))
            return true;
    }
    return false;
}

bool mask_is_secret(struct str name, enum mask_where where)
{
    char text[NAME_MAX_BYTES];

    if (name.n > NAME_MAX_BYTES)
        name = str_from_index(name, name.n - NAME_MAX_BYTES);
    return matches_any(plain_name(name, text), where) ||
           matches_any(plain_name(last_part(name), text), where);
}

/* ---- multipart ---- */

/* The value of `boundary` in a Content-Type; empty: none. */
static struct str boundary_of(struct str type)
{
    struct str key = STR("boundary=");

    for (size_t i = 0; i + key.n <= type.n; i++) {
        struct str rest = str_from_index(type, i);

        if (!str_starts_nocase(rest, key))
            continue;
        rest = str_from_index(rest, key.n);
        if (rest.n && rest.p[0] == '"') {
            rest = str_from_index(rest, 1);
            return str_from(rest.p, str_find(rest, '"'));
        }
        rest.n = str_find(rest, ';');
        return str_trim(rest);
    }
    return STR("");
}

/* The field's name in the head of a part. */
static struct str part_name(struct str head)
{
    struct str key = STR("name=\"");
    size_t at = str_find_str(head, key);

    if (at == head.n)
        return STR("");
    head = str_from_index(head, at + key.n);
    return str_from(head.p, str_find(head, '"'));
}

static void mask_part(struct redact *secrets, struct str part, struct buf *out)
{
    size_t head_n = str_find_str(part, STR("\r\n\r\n"));
    struct str head = str_from(part.p, head_n);
    struct str body = str_from_index(part, head_n + 4);

    buf_putstr(out, head);
    if (head_n == part.n)
        return;
    buf_puts(out, "\r\n\r\n");
    if (!mask_is_secret(part_name(head), MASK_ANYWHERE)) {
        if (mask_looks_like_json(body))
            mask_json(secrets, body, 0, out);
        else
            mask_by_names(secrets, body, TEXT_FREE, out);
        return;
    }
    buf_putstr(out, mask_mark);
    if (str_ends(body, STR("\r\n")))
        buf_puts(out, "\r\n");
}

static void scan_multipart(struct redact *secrets, struct str body, struct str boundary,
                           struct buf *out)
{
    struct buf line = BUF_INIT(MASK_LIMIT);

    buf_puts(&line, "--");
    buf_putstr(&line, boundary);
    while (body.n) {
        size_t end = str_find_str(body, buf_str(&line));

        mask_part(secrets, str_from(body.p, end), out);
        if (end < body.n)
            buf_putstr(out, buf_str(&line));
        body = str_from_index(body, end + line.len);
    }
    buf_fini(&line);
}

/* ---- from outside ---- */

void mask_text(struct redact *secrets, struct str text, struct buf *out)
{
    struct buf named = BUF_INIT(MASK_LIMIT);

    mask_by_names(secrets, text, TEXT_FREE, &named);
    mask_known(secrets, buf_str(&named), out);
    buf_fini(&named);
}

/* Segments of a path that hold a secret once decoded. */
static void mask_path(struct redact *secrets, struct str path, struct buf *out)
{
    struct str part;

    for (bool is_first = true; str_split(&path, '/', &part); is_first = false) {
        if (!is_first)
            buf_putc(out, '/');
        buf_putstr(out, mask_holds_encoded(secrets, part, 0) ? mask_mark : part);
    }
}

void mask_url(struct redact *secrets, struct str url, struct buf *out)
{
    struct buf named = BUF_INIT(MASK_LIMIT), paths = BUF_INIT(MASK_LIMIT);
    size_t query = str_find(url, '?');

    mask_path(secrets, str_from(url.p, query), &paths);
    buf_putstr(&paths, str_from_index(url, query));
    mask_by_names(secrets, buf_str(&paths), TEXT_URL, &named);
    mask_known(secrets, buf_str(&named), out);
    buf_fini(&paths);
    buf_fini(&named);
}

/* Only names and attributes of cookies are shown: of the first pair, or of all. */
static void mask_cookies(struct str value, bool all, struct buf *out)
{
    struct str pair;

    for (bool is_first = true; str_split(&value, ';', &pair); is_first = false) {
        size_t eq = str_find(pair, '=');

        if (!is_first)
            buf_putc(out, ';');
        if (!is_first && !all) {
            buf_putstr(out, pair);
            continue;
        }
        /* Without '=' it is a value without a name. */
        buf_put(out, pair.p, eq < pair.n ? eq + 1 : 0);
        buf_putstr(out, mask_mark);
    }
}

/* "Bearer abc": the scheme may stay. */
static void mask_credentials(struct str value, struct buf *out)
{
    static const char *const schemes[] = {"basic",     "bearer", "digest", "ntlm",
                                          "negotiate", "token",  "apikey", "aws4-hmac-sha256"};
    size_t space = str_find(value, ' ');

    for (size_t i = 0; i < countof(schemes) && space < value.n; i++) {
        if (str_eq_nocase(str_from(value.p, space), str_of(schemes[i])))
            buf_put(out, value.p, space + 1);
    }
    buf_putstr(out, mask_mark);
}

void mask_header(struct redact *secrets, struct str name, struct str value, struct buf *out)
{
    struct buf named = BUF_INIT(MASK_LIMIT);

    if (!value.n)
        return;
    if (str_eq_nocase(name, STR("cookie")))
        mask_cookies(value, true, &named);
    else if (str_eq_nocase(name, STR("set-cookie")))
        mask_cookies(value, false, &named);
    else if (mask_is_secret(name, MASK_ANYWHERE))
        mask_credentials(value, &named);
    else if (mask_looks_like_json(value))
        mask_json(secrets, value, 0, &named);
    else
        mask_by_names(secrets, value, TEXT_FREE, &named);
    mask_known(secrets, buf_str(&named), out);
    buf_fini(&named);
}

static bool contains_nocase(struct str s, struct str part)
{
    for (size_t i = 0; i + part.n <= s.n; i++) {
        if (str_starts_nocase(str_from_index(s, i), part))
            return true;
    }
    return false;
}

void mask_body(struct redact *secrets, struct str content_type, struct str body, struct buf *out)
{
    struct buf named = BUF_INIT(MASK_LIMIT);
    struct str boundary = boundary_of(content_type);

    if (boundary.n)
        scan_multipart(secrets, body, boundary, &named);
    else if (contains_nocase(content_type, STR("json")) || mask_looks_like_json(body))
        mask_json(secrets, body, 0, &named);
    else if (contains_nocase(content_type, STR("x-www-form-urlencoded")))
        mask_by_names(secrets, body, TEXT_FORM, &named);
    else
        mask_by_names(secrets, body, TEXT_FREE, &named);
    mask_known(secrets, buf_str(&named), out);
    buf_fini(&named);
}
