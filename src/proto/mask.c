/*
 * Everything passes two pens. The first goes by names and knows the form of the text: one scanner
 * for JSON, one for everything else, where `name=value`, `<name>value</name>` and `//user@host` are
 * found wherever they stand. The second blacks out known secrets, byte for byte; what the first
 * meets in escaped form it shows to the second unescaped.
 */
#include "proto/mask.h"

#include "base/json_out.h"
#include "base/mem.h"
#include "base/redact.h"
#include "proto/form.h"

enum {
    NAME_MAX_BYTES = 128, /* longer names are no names of secrets */
    MASK_LIMIT = 1 << 30,
    NESTED_MAX = 2, /* JSON within strings of JSON, URLs within URLs */
};

static const struct str mark = {REDACT_MARK, sizeof(REDACT_MARK) - 1};

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

static bool is_alnum(char c)
{
    char lower = ascii_lower(c);

    return ascii_digit(c) || (lower >= 'a' && lower <= 'z');
}

/* Letters in lower case and digits. */
static struct str plain_name(struct str name, char text[NAME_MAX_BYTES])
{
    size_t n = 0;

    for (size_t i = 0; i < name.n; i++) {
        if (is_alnum(name.p[i]))
            text[n++] = ascii_lower(name.p[i]);
    }
    return str_from(text, n);
}

/* "pass" of "user[pass]", "login.pass" and "ns:pass". */
static struct str last_part(struct str name)
{
    while (name.n && !is_alnum(name.p[name.n - 1]))
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

/* ---- known secrets ---- */

static void redact(struct redact *secrets, struct str text, struct buf *out)
{
    int r = redact_add(secrets, text, out);

    /* Rather nothing than a secret. */
    if (r)
        buf_putstr(out, mark);
}

static bool holds_secret(struct redact *secrets, struct str text)
{
    struct buf out = BUF_INIT(MASK_LIMIT);

    if (!secrets)
        return false;
    redact(secrets, text, &out);
    bool changed = !str_eq(buf_str(&out), text);

    buf_fini(&out);
    return changed;
}

static bool names_secret(struct redact *secrets, struct str text, int nested);

/*
 * A value that may be percent-encoded: whether a secret is in it, or, where it is a URL or a form
 * itself, a secret's name.
 */
static bool holds_encoded(struct redact *secrets, struct str value, int nested)
{
    struct buf plain = BUF_INIT(MASK_LIMIT);

    if (nested > NESTED_MAX || (str_find(value, '%') == value.n && str_find(value, '+') == value.n))
        return false;
    bool r = form_unescape(&plain, value) || holds_secret(secrets, buf_str(&plain)) ||
             (nested < NESTED_MAX && names_secret(secrets, buf_str(&plain), nested + 1));

    buf_reset(&plain);
    r = r || percent_decode(&plain, value) || holds_secret(secrets, buf_str(&plain));
    buf_fini(&plain);
    return r;
}

/* ---- text: pairs, elements, credentials ---- */

/* Where a value ends. */
enum text_form {
    TEXT_FREE, /* white space, quotes and angle brackets end it too */
    TEXT_URL,
    TEXT_FORM,
};

struct scan {
    struct redact *secrets;
    struct str in;
    size_t at;
    struct buf *out;
    enum text_form form;
    int nested;             /* how often its text was percent-decoded */
    bool in_secret_element; /* between "<password" and ">" */
    size_t value_end;       /* of the value looked at last: "a=b=c" is looked through once */
};

static bool at_end(const struct scan *s)
{
    return s->at >= s->in.n;
}

static char peek(const struct scan *s)
{
    if (at_end(s))
        return '\0';
    return s->in.p[s->at];
}

static bool sees(const struct scan *s, struct str text)
{
    return str_starts(str_from_index(s->in, s->at), text);
}

static void copy_to(struct scan *s, size_t end)
{
    buf_put(s->out, s->in.p + s->at, end - s->at);
    s->at = end;
}

static bool is_name_char(char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '%' || c == '[' || c == ']' ||
           c == '$' || c == ':';
}

static bool ends_value(enum text_form form, char c)
{
    if (c == '&' || (c == '#' && form != TEXT_FORM))
        return true;
    return form == TEXT_FREE && (ascii_space(c) || c == '"' || c == '\'' || c == '<' || c == '>' ||
                                 c == ';' || c == ',' || c == ')');
}

static size_t value_end(const struct scan *s, size_t at)
{
    while (at < s->in.n && !ends_value(s->form, s->in.p[at]))
        at++;
    return at;
}

/* Up to a quote like the one before `at`, or to the end of the text. */
static size_t quote_end(const struct scan *s, size_t at)
{
    struct str rest = str_from_index(s->in, at);

    return at + str_find(rest, s->in.p[at - 1]);
}

static void put_mark(struct scan *s, size_t end)
{
    if (end > s->at)
        buf_putstr(s->out, mark);
    s->at = end;
}

static bool is_secret_name(const struct scan *s, struct str name)
{
    char text[NAME_MAX_BYTES];
    struct buf plain = BUF_INIT(MASK_LIMIT);
    enum mask_where where = s->form == TEXT_FORM ? MASK_ANYWHERE : MASK_QUERY;

    if (str_find(name, '%') == name.n || name.n > sizeof(text))
        return mask_is_secret(name, where);
    bool r = percent_decode(&plain, name) || mask_is_secret(buf_str(&plain), where);

    buf_fini(&plain);
    return r;
}

/* After "name=": the value, masked when it must be. */
static void scan_value(struct scan *s, struct str name)
{
    bool is_secret = is_secret_name(s, name);
    bool is_quoted = s->form == TEXT_FREE && (peek(s) == '"' || peek(s) == '\'');

    if (is_quoted) {
        copy_to(s, s->at + 1);
        if (is_secret)
            put_mark(s, quote_end(s, s->at));
        return;
    }
    bool is_part = s->at < s->value_end;

    if (!is_part)
        s->value_end = value_end(s, s->at);
    struct str value = str_from(s->in.p + s->at, s->value_end - s->at);

    if (is_secret || (!is_part && holds_encoded(s->secrets, value, s->nested)))
        put_mark(s, s->value_end);
}

/* A header within text: all of its line. */
static bool is_secret_header(struct str name)
{
    static const struct str names[] = {
        {"authorization", 13}, {"proxy-authorization", 19}, {"cookie", 6}, {"set-cookie", 10},
        {"x-api-key", 9},
    };

    for (size_t i = 0; i < countof(names); i++) {
        if (str_eq_nocase(name, names[i]))
            return true;
    }
    return false;
}

static size_t line_end(const struct scan *s)
{
    size_t at = s->at;

    while (at < s->in.n && s->in.p[at] != '\n' && s->in.p[at] != '\r')
        at++;
    return at;
}

/* "Cookie: a=b", "Cookie:a=b": whether the name at `at` is such a header's. */
static bool scan_header(struct scan *s, struct str name)
{
    size_t colon = str_find(name, ':');

    if (s->form != TEXT_FREE || colon == name.n || !is_secret_header(str_from(name.p, colon)))
        return false;
    copy_to(s, s->at + colon + 1);
    if (peek(s) == ' ')
        copy_to(s, s->at + 1);
    put_mark(s, line_end(s));
    return true;
}

static void scan_name(struct scan *s)
{
    size_t end = s->at;

    while (end < s->in.n && is_name_char(s->in.p[end]))
        end++;
    struct str name = str_from(s->in.p + s->at, end - s->at);

    if (scan_header(s, name))
        return;
    /* A piece of a path, say. */
    if (holds_encoded(s->secrets, name, NESTED_MAX)) {
        put_mark(s, end);
        return;
    }
    copy_to(s, end);
    if (peek(s) == '=') {
        copy_to(s, end + 1);
        scan_value(s, name);
    }
}

/* After "//": credentials, if there are any. */
static void scan_authority(struct scan *s)
{
    size_t at = s->at, user_end = 0;

    for (; at < s->in.n; at++) {
        char c = s->in.p[at];

        if (c == '/' || c == '?' || c == '#' || ascii_space(c) || c == '"' || c == '<')
            break;
        if (c == '@')
            user_end = at;
    }
    if (user_end)
        put_mark(s, user_end);
}

/* After '<': the name of an element. */
static void scan_element(struct scan *s)
{
    size_t end = s->at;

    while (end < s->in.n && is_name_char(s->in.p[end]))
        end++;
    s->in_secret_element =
        end > s->at && mask_is_secret(str_from(s->in.p + s->at, end - s->at), MASK_ANYWHERE);
    copy_to(s, end);
}

/* After the '>' of a secret's element. */
static void scan_content(struct scan *s)
{
    bool is_empty = s->at >= 2 && s->in.p[s->at - 2] == '/';
    bool is_cdata = sees(s, STR("<![CDATA["));
    struct str rest = str_from_index(s->in, s->at);

    s->in_secret_element = false;
    if (!is_empty)
        put_mark(s, s->at + (is_cdata ? str_find_str(rest, STR("]]>")) : str_find(rest, '<')));
}

static void scan_text(struct scan *s)
{
    while (!at_end(s)) {
        char c = peek(s);

        if (is_name_char(c)) {
            /* "http:" of "http://" is no name before a value; the slashes come next. */
            scan_name(s);
            continue;
        }
        if (s->form != TEXT_FORM && sees(s, STR("//"))) {
            copy_to(s, s->at + 2);
            scan_authority(s);
            continue;
        }
        copy_to(s, s->at + 1);
        if (s->form == TEXT_FREE && c == '<') {
            scan_element(s);
        } else if (c == '>' && s->in_secret_element) {
            scan_content(s);
        }
    }
}

static void by_names(struct redact *secrets, struct str text, enum text_form form, struct buf *out)
{
    struct scan s = {.secrets = secrets, .in = text, .out = out, .form = form};

    scan_text(&s);
}

static bool names_secret(struct redact *secrets, struct str text, int nested)
{
    struct buf out = BUF_INIT(MASK_LIMIT);
    struct scan s = {
        .secrets = secrets, .in = text, .out = &out, .form = TEXT_URL, .nested = nested};

    scan_text(&s);
    bool changed = !str_eq(buf_str(&out), text);

    buf_fini(&out);
    return changed;
}

/* ---- JSON ---- */

static void scan_json(struct redact *secrets, struct str text, int nested, struct buf *out);

static bool looks_like_json(struct str text)
{
    text = str_trim(text);
    return text.n && (text.p[0] == '{' || text.p[0] == '[');
}

static void put_utf8(struct buf *out, unsigned c)
{
    if (c < 0x80) {
        buf_putc(out, (char)c);
    } else if (c < 0x800) {
        buf_putc(out, (char)(0xc0 | c >> 6));
        buf_putc(out, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_putc(out, (char)(0xe0 | c >> 12));
        buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_putc(out, (char)(0x80 | (c & 0x3f)));
    }
}

/* The four digits at p, or -1. */
static int hex4(struct str s)
{
    int v = 0;

    for (size_t i = 0; i < 4; i++) {
        int digit = i < s.n ? ascii_hex(s.p[i]) : -1;

        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

/*
 * What stands between quotes, unescaped. Pairs of surrogates become what each half is: secrets are
 * compared after the same treatment of nobody else, so this only has to be harmless.
 */
static void json_unescape(struct str in, struct buf *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] != '\\' || i + 1 == in.n) {
            buf_putc(out, in.p[i]);
            continue;
        }
        char c = in.p[++i];
        const char *simple = c ? strchr(from, c) : NULL;
        int code = c == 'u' ? hex4(str_from_index(in, i + 1)) : -1;

        if (code >= 0) {
            put_utf8(out, (unsigned)code);
            i += 4;
        } else {
            if (simple)
                c = to[simple - from];
            buf_putc(out, c);
        }
    }
}

/* One past the string's last byte, its quote not included; `at` is after the first quote. */
static size_t json_string_end(struct str in, size_t at)
{
    while (at < in.n && in.p[at] != '"')
        at += in.p[at] == '\\' && at + 1 < in.n ? 2 : 1;
    return at;
}

static size_t skip_space(struct str in, size_t at)
{
    while (at < in.n && ascii_space(in.p[at]))
        at++;
    return at;
}

/* One past an object or array, whatever is in it. */
static size_t json_nested_end(struct str in, size_t at)
{
    size_t depth = 0;

    for (; at < in.n; at++) {
        char c = in.p[at];

        if (c == '"')
            at = json_string_end(in, at + 1);
        depth += c == '{' || c == '[';
        if ((c == '}' || c == ']') && --depth == 0)
            return at + 1;
    }
    return in.n;
}

/* One past a number or word. */
static size_t json_word_end(struct str in, size_t at)
{
    while (at < in.n && in.p[at] != ',' && in.p[at] != '}' && in.p[at] != ']' &&
           !ascii_space(in.p[at]))
        at++;
    return at;
}

/* null, true and false are nobody's secret. */
static bool is_harmless(struct str word)
{
    return !word.n || str_is(word, "null") || str_is(word, "true") || str_is(word, "false");
}

/* The value at `at` that belongs to a secret's name; gives where it ends. */
static size_t json_mask_value(struct str in, size_t at, struct buf *out)
{
    size_t end;

    if (at >= in.n)
        return at;
    if (in.p[at] == '"') {
        end = json_string_end(in, at + 1);
        end += end < in.n;
    } else if (in.p[at] == '{' || in.p[at] == '[') {
        end = json_nested_end(in, at);
    } else {
        end = json_word_end(in, at);
        if (is_harmless(str_from(in.p + at, end - at))) {
            buf_put(out, in.p + at, end - at);
            return end;
        }
    }
    json_quote(out, mark);
    return end;
}

/* A string that is a value, with its first quote: what it says may be a URL, JSON or a secret,
 * escaped. */
static void json_string_value(struct redact *secrets, struct str raw, int nested, struct buf *out)
{
    struct buf plain = BUF_INIT(MASK_LIMIT), masked = BUF_INIT(MASK_LIMIT);
    struct buf last = BUF_INIT(MASK_LIMIT);

    json_unescape(raw, &plain);
    if (nested < NESTED_MAX && looks_like_json(buf_str(&plain))) {
        scan_json(secrets, buf_str(&plain), nested + 1, &masked);
    } else {
        by_names(secrets, buf_str(&plain), TEXT_FREE, &masked);
    }
    redact(secrets, buf_str(&masked), &last);
    if (str_eq(buf_str(&plain), buf_str(&last))) {
        buf_putc(out, '"');
        buf_putstr(out, raw);
    } else {
        json_quote(out, buf_str(&last));
        out->len--;
    }
    buf_fini(&plain);
    buf_fini(&masked);
    buf_fini(&last);
}

static bool json_name_is_secret(struct str raw)
{
    struct buf plain = BUF_INIT(MASK_LIMIT);

    json_unescape(raw, &plain);
    bool r = mask_is_secret(buf_str(&plain), MASK_ANYWHERE);

    buf_fini(&plain);
    return r;
}

/* The string whose first quote is at `at`; gives where the scan goes on. */
static size_t json_string(struct redact *secrets, struct str in, size_t at, int nested,
                          struct buf *out)
{
    size_t end = json_string_end(in, at + 1);

    end = end < in.n ? end : in.n;
    struct str raw = str_from(in.p + at + 1, end - at - 1);
    size_t colon = skip_space(in, end + 1);

    if (colon >= in.n || in.p[colon] != ':') {
        json_string_value(secrets, raw, nested, out);
        if (end < in.n)
            buf_putc(out, '"');
        return end + 1;
    }
    size_t value = skip_space(in, colon + 1);

    buf_put(out, in.p + at, value - at);
    return json_name_is_secret(raw) ? json_mask_value(in, value, out) : value;
}

/* Any text: what is not within quotes is left as it is. */
static void scan_json(struct redact *secrets, struct str text, int nested, struct buf *out)
{
    size_t at = 0;

    while (at < text.n) {
        if (text.p[at] == '"') {
            at = json_string(secrets, text, at, nested, out);
        } else {
            buf_putc(out, text.p[at++]);
        }
    }
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
        if (looks_like_json(body))
            scan_json(secrets, body, 0, out);
        else
            by_names(secrets, body, TEXT_FREE, out);
        return;
    }
    buf_putstr(out, mark);
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

    by_names(secrets, text, TEXT_FREE, &named);
    redact(secrets, buf_str(&named), out);
    buf_fini(&named);
}

/* Segments of a path that hold a secret once decoded. */
static void mask_path(struct redact *secrets, struct str path, struct buf *out)
{
    struct str part;

    for (bool is_first = true; str_split(&path, '/', &part); is_first = false) {
        if (!is_first)
            buf_putc(out, '/');
        buf_putstr(out, holds_encoded(secrets, part, 0) ? mark : part);
    }
}

void mask_url(struct redact *secrets, struct str url, struct buf *out)
{
    struct buf named = BUF_INIT(MASK_LIMIT), paths = BUF_INIT(MASK_LIMIT);
    size_t query = str_find(url, '?');

    mask_path(secrets, str_from(url.p, query), &paths);
    buf_putstr(&paths, str_from_index(url, query));
    by_names(secrets, buf_str(&paths), TEXT_URL, &named);
    redact(secrets, buf_str(&named), out);
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
        buf_putstr(out, mark);
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
    buf_putstr(out, mark);
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
    else if (looks_like_json(value))
        scan_json(secrets, value, 0, &named);
    else
        by_names(secrets, value, TEXT_FREE, &named);
    redact(secrets, buf_str(&named), out);
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
    else if (contains_nocase(content_type, STR("json")) || looks_like_json(body))
        scan_json(secrets, body, 0, &named);
    else if (contains_nocase(content_type, STR("x-www-form-urlencoded")))
        by_names(secrets, body, TEXT_FORM, &named);
    else
        by_names(secrets, body, TEXT_FREE, &named);
    redact(secrets, buf_str(&named), out);
    buf_fini(&named);
}
