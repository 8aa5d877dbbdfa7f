/*
 * A checker in one pass without recursion: a word of bits says for each open level whether it is an
 * array, and a state says what may come next.
 */
#include "base/json_check.h"

#include <stdint.h>

struct scan {
    const char *p, *end;
    uint64_t arrays; /* bit per open level */
    int depth;
};

static void skip_space(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

static bool take_char(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool take_word(struct scan *s, struct str word)
{
    if (!str_starts(str_from(s->p, (size_t)(s->end - s->p)), word))
        return false;
    s->p += word.n;
    return true;
}

static bool take_digits(struct scan *s)
{
    const char *start = s->p;

    while (s->p < s->end && ascii_digit(*s->p))
        s->p++;
    return s->p > start;
}

static bool take_number(struct scan *s)
{
    ignored(take_char(s, '-'));
    if (!take_char(s, '0') && !take_digits(s))
        return false;
    if (take_char(s, '.') && !take_digits(s))
        return false;
    if (take_char(s, 'e') || take_char(s, 'E')) {
        if (!take_char(s, '+'))
            ignored(take_char(s, '-'));
        return take_digits(s);
    }
    return true;
}

static bool take_escape(struct scan *s)
{
    static const char letters[] = "\"\\/bfnrt";

    if (s->p == s->end)
        return false;
    if (*s->p != 'u')
        return memchr(letters, *s->p++, sizeof(letters) - 1) != NULL;
    s->p++;
    for (int i = 0; i < 4; i++, s->p++) {
        if (s->p == s->end || ascii_hex(*s->p) < 0)
            return false;
    }
    return true;
}

/* After the opening quote. */
static bool take_rest_of_string(struct scan *s)
{
    while (s->p < s->end && *s->p != '"') {
        size_t n = utf8_length((const unsigned char *)s->p, (size_t)(s->end - s->p));

        if (n == 0 || (n == 1 && (unsigned char)*s->p < 0x20))
            return false;
        s->p += n;
        if (n == 1 && s->p[-1] == '\\' && !take_escape(s))
            return false;
    }
    return take_char(s, '"');
}

static bool take_scalar(struct scan *s)
{
    if (take_char(s, '"'))
        return take_rest_of_string(s);
    return take_word(s, STR("true")) || take_word(s, STR("false")) || take_word(s, STR("null")) ||
           take_number(s);
}

static bool in_array(const struct scan *s)
{
    return s->arrays >> (s->depth - 1) & 1;
}

static bool open_level(struct scan *s, char bracket)
{
    if (s->depth >= JSON_CHECK_DEPTH_MAX)
        return false;
    uint64_t bit = UINT64_C(1) << s->depth++;

    s->arrays = bracket == '[' ? s->arrays | bit : s->arrays & ~bit;
    return true;
}

/* A key with its colon, where the innermost level is an object. */
static bool take_key(struct scan *s)
{
    skip_space(s);
    if (!take_char(s, '"') || !take_rest_of_string(s))
        return false;
    skip_space(s);
    return take_char(s, ':');
}

/* What may follow a value: ends of levels, then a comma and, in an object, a key. */
static bool take_ends(struct scan *s)
{
    for (skip_space(s); s->depth; skip_space(s)) {
        if (!take_char(s, in_array(s) ? ']' : '}'))
            return take_char(s, ',') && (in_array(s) || take_key(s));
        s->depth--;
    }
    return true;
}

/* The start of a value, with the openings and keys before the first scalar or empty level. */
static bool take_starts(struct scan *s)
{
    for (;;) {
        skip_space(s);
        char c = '\0';

        if (s->p < s->end)
            c = *s->p;

        if (c != '[' && c != '{')
            return take_scalar(s);
        s->p++;
        if (!open_level(s, c))
            return false;
        skip_space(s);
        if (take_char(s, c == '[' ? ']' : '}')) {
            s->depth--;
            return true;
        }
        if (c == '{' && !take_key(s))
            return false;
    }
}

bool json_check(struct str text, char first)
{
    struct scan s = {.p = text.p, .end = text.p + text.n};

    if (!text.n)
        return false;
    skip_space(&s);
    if (first && (s.p == s.end || *s.p != first))
        return false;
    do {
        if (!take_starts(&s) || !take_ends(&s))
            return false;
    } while (s.depth);
    return s.p == s.end;
}
