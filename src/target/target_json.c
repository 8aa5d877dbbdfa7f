/* A scanner over JSON text. Each function takes what it recognises off the front of *s. */
#include "target/target_json.h"

#include "base/buf.h"

enum {
    DEPTH_MAX = 64
};

static void skip_space(struct str *s)
{
    while (s->n && (s->p[0] == ' ' || s->p[0] == '\t' || s->p[0] == '\n' || s->p[0] == '\r'))
        *s = str_from_index(*s, 1);
}

static bool take_char(struct str *s, char c)
{
    skip_space(s);
    if (!s->n || s->p[0] != c)
        return false;
    *s = str_from_index(*s, 1);
    return true;
}

static bool is_hex4(struct str s)
{
    for (size_t i = 0; i < 4; i++) {
        if (i >= s.n || ascii_hex(s.p[i]) < 0)
            return false;
    }
    return true;
}

/* What is between the quotes, escapes and all. */
static bool take_string(struct str *s, struct str *ret_raw)
{
    if (!take_char(s, '"'))
        return false;
    for (size_t i = 0; i < s->n; i++) {
        char c = s->p[i];

        if (c == '"') {
            *ret_raw = str_from(s->p, i);
            *s = str_from_index(*s, i + 1);
            return true;
        }
        if ((unsigned char)c < 0x20)
            return false;
        if (c != '\\')
            continue;
        if (++i == s->n || str_find(STR("\"\\/bfnrtu"), s->p[i]) == 9)
            return false;
        if (s->p[i] == 'u' && !is_hex4(str_from_index(*s, i + 1)))
            return false;
    }
    return false;
}

static bool take_digits(struct str *s)
{
    size_t n = 0;

    while (n < s->n && ascii_digit(s->p[n]))
        n++;
    *s = str_from_index(*s, n);
    return n > 0;
}

static bool take_number(struct str *s)
{
    if (s->n && s->p[0] == '-')
        *s = str_from_index(*s, 1);
    if (s->n && s->p[0] == '0') {
        *s = str_from_index(*s, 1);
    } else if (!take_digits(s)) {
        return false;
    }
    if (s->n && s->p[0] == '.') {
        *s = str_from_index(*s, 1);
        if (!take_digits(s))
            return false;
    }
    if (s->n && (s->p[0] == 'e' || s->p[0] == 'E')) {
        *s = str_from_index(*s, 1);
        if (s->n && (s->p[0] == '+' || s->p[0] == '-'))
            *s = str_from_index(*s, 1);
        return take_digits(s);
    }
    return true;
}

static bool take_scalar(struct str *s)
{
    static const struct str words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    struct str raw;

    if (s->n && s->p[0] == '"')
        return take_string(s, &raw);
    for (size_t i = 0; i < countof(words); i++) {
        if (str_starts(*s, words[i])) {
            *s = str_from_index(*s, words[i].n);
            return true;
        }
    }
    return take_number(s);
}

/* Where a scan of nested values stands; one per open object or array is a bit in `arrays`. */
struct nest {
    uint64_t arrays;
    int depth;
};

static bool take_key(struct str *s)
{
    struct str raw;

    return take_string(s, &raw) && take_char(s, ':');
}

/* After a value: closes what ends here and takes the comma before the next one. */
static bool take_closers(struct str *s, struct nest *n)
{
    while (n->depth) {
        bool in_array = n->arrays & 1;

        if (take_char(s, ','))
            return in_array || take_key(s);
        if (!take_char(s, in_array ? ']' : '}'))
            return false;
        n->arrays >>= 1;
        n->depth--;
    }
    return true;
}

/* Opens an object or array. *ret_empty: it was closed at once. */
static bool take_opener(struct str *s, struct nest *n, bool *ret_empty)
{
    bool is_array = s->p[0] == '[';

    *s = str_from_index(*s, 1);
    *ret_empty = take_char(s, is_array ? ']' : '}');
    if (*ret_empty)
        return true;
    if (n->depth++ == DEPTH_MAX)
        return false;
    n->arrays = n->arrays << 1 | is_array;
    return is_array || take_key(s);
}

/* A whole value, without recursion. */
static bool take_value(struct str *s)
{
    struct nest n = {0};

    do {
        skip_space(s);
        if (!s->n)
            return false;
        bool is_complete = true;

        if (s->p[0] == '{' || s->p[0] == '[') {
            if (!take_opener(s, &n, &is_complete))
                return false;
        } else if (!take_scalar(s)) {
            return false;
        }
        if (is_complete && !take_closers(s, &n))
            return false;
    } while (n.depth);
    return true;
}

bool json_is_valid(struct str text)
{
    if (!take_value(&text))
        return false;
    skip_space(&text);
    return text.n == 0;
}

static unsigned take_hex4(struct str *s)
{
    unsigned code = 0;

    for (size_t i = 0; i < 4; i++)
        code = code << 4 | (unsigned)ascii_hex(s->p[i]);
    *s = str_from_index(*s, 4);
    return code;
}

static void put_utf8(struct buf *out, unsigned c)
{
    if (c < 0x80) {
        buf_putc(out, (char)c);
        return;
    }
    if (c >= 0x10000) {
        buf_putc(out, (char)(0xf0 | c >> 18));
        buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
    } else if (c >= 0x800) {
        buf_putc(out, (char)(0xe0 | c >> 12));
    } else {
        buf_putc(out, (char)(0xc0 | c >> 6));
        buf_putc(out, (char)(0x80 | (c & 0x3f)));
        return;
    }
    buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
    buf_putc(out, (char)(0x80 | (c & 0x3f)));
}

static void put_escape(struct buf *out, struct str *raw)
{
    static const struct str from = {"bfnrt", 5};
    static const char to[] = "\b\f\n\r\t";
    char c = raw->p[0];
    size_t at = str_find(from, c);

    *raw = str_from_index(*raw, 1);
    if (c != 'u') {
        if (at < from.n)
            c = to[at];
        buf_putc(out, c);
        return;
    }
    unsigned code = take_hex4(raw);

    if (code >= 0xd800 && code < 0xdc00 && str_starts(*raw, STR("\\u"))) {
        struct str after = str_from_index(*raw, 2);
        unsigned low = take_hex4(&after);

        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            *raw = after;
        }
    }
    put_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
}

static struct str decoded(struct arena *a, struct str raw)
{
    scoped(buf_fini) struct buf text = {0};

    while (raw.n) {
        size_t at = str_find(raw, '\\');

        buf_put(&text, raw.p, at);
        raw = str_from_index(raw, at + 1);
        if (raw.n)
            put_escape(&text, &raw);
    }
    return arena_str(a, buf_str(&text));
}

static struct str value_of(struct arena *a, struct str text)
{
    struct str raw;

    text = str_trim(text);
    if (text.n && text.p[0] == '"' && take_string(&text, &raw))
        return decoded(a, raw);
    return text;
}

struct str json_member(struct arena *a, struct str text, const char *name)
{
    struct str key;

    if (!take_char(&text, '{'))
        return (struct str){0};
    while (take_string(&text, &key) && take_char(&text, ':')) {
        struct str from = text;

        if (!take_value(&text))
            break;
        if (str_is(key, name))
            return value_of(a, str_from(from.p, (size_t)(text.p - from.p)));
        if (!take_char(&text, ','))
            break;
    }
    return (struct str){0};
}

bool json_next_element(struct str *rest, struct str *ret_element)
{
    /* The bracket the first time, the comma after each element from then on. */
    if (!take_char(rest, '[') && !take_char(rest, ','))
        return false;
    skip_space(rest);
    struct str from = *rest;

    if (!take_value(rest))
        return false;
    *ret_element = str_from(from.p, (size_t)(rest->p - from.p));
    return true;
}
