/* Masks text of any kind, in one pass: pairs, elements and credentials wherever they stand. */
#include "base/mem.h"
#include "proto/form.h"
#include "proto/mask_priv.h"

enum {
    NAME_MAX_BYTES = 128, /* longer names are no names of secrets */
};

/* ---- known secrets ---- */

void mask_known(struct redact *secrets, struct str text, struct buf *out)
{
    int r = redact_add(secrets, text, out);

    /* Rather nothing than a secret. */
    if (r)
        buf_putstr(out, mask_mark);
}

static bool holds_secret(struct redact *secrets, struct str text)
{
    struct buf out = BUF_INIT(MASK_LIMIT);

    if (!secrets)
        return false;
    mask_known(secrets, text, &out);
    bool changed = !str_eq(buf_str(&out), text);

    buf_fini(&out);
    return changed;
}

static bool names_secret(struct redact *secrets, struct str text, int nested);

bool mask_holds_encoded(struct redact *secrets, struct str value, int nested)
{
    struct buf plain = BUF_INIT(MASK_LIMIT);

    if (nested > MASK_NESTED_MAX ||
        (str_find(value, '%') == value.n && str_find(value, '+') == value.n))
        return false;
    bool r = form_unescape(&plain, value) || holds_secret(secrets, buf_str(&plain)) ||
             (nested < MASK_NESTED_MAX && names_secret(secrets, buf_str(&plain), nested + 1));

    buf_reset(&plain);
    r = r || percent_decode(&plain, value) || holds_secret(secrets, buf_str(&plain));
    buf_fini(&plain);
    return r;
}

/* ---- text: pairs, elements, credentials ---- */

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
    return mask_is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '%' || c == '[' ||
           c == ']' || c == '$' || c == ':';
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
        buf_putstr(s->out, mask_mark);
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

    if (is_secret || (!is_part && mask_holds_encoded(s->secrets, value, s->nested)))
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
    if (mask_holds_encoded(s->secrets, name, MASK_NESTED_MAX)) {
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

void mask_by_names(struct redact *secrets, struct str text, enum text_form form, struct buf *out)
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
