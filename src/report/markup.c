/*
 * All of them walk over characters; what a character becomes is the only difference. Markdown's
 * own signs are written as numeric references, which no dialect takes for structure.
 */
#include "report/markup.h"

#include <stdbool.h>

#define REPLACEMENT STR("\xef\xbf\xbd")

/* Takes one character off; U+FFFD for a byte that begins none. */
static struct str next_char(struct str *rest)
{
    size_t n = utf8_length((const unsigned char *)rest->p, rest->n);
    struct str c = n ? str_from(rest->p, n) : REPLACEMENT;

    *rest = str_from_index(*rest, n ? n : 1);
    return c;
}

static bool is_control(struct str c)
{
    unsigned char first = (unsigned char)c.p[0];

    /* U+0080 to U+009F steer terminals as well. */
    return (c.n == 1 && (first < ' ' || first == 0x7f)) ||
           (c.n == 2 && first == 0xc2 && (unsigned char)c.p[1] < 0xa0);
}

/* Letters that turn the direction of what follows, and make a text look like another. */
static bool is_bidi(struct str c)
{
    static const char *const list[] = {
        "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae",
        "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9",
    };

    for (size_t i = 0; c.n == 3 && i < countof(list); i++) {
        if (str_is(c, list[i]))
            return true;
    }
    return false;
}

/* U+FFFE and U+FFFF are UTF-8, but no characters of XML. */
static bool is_noncharacter(struct str c)
{
    return c.n == 3 && (str_is(c, "\xef\xbf\xbe") || str_is(c, "\xef\xbf\xbf"));
}

static void put_reference(struct buf *out, char c)
{
    buf_printf(out, "&#%d;", c);
}

void markup_put_xml(struct buf *out, struct str text)
{
    while (text.n) {
        struct str c = next_char(&text);
        char first = c.p[0];

        if (c.n == 1 && first && strchr("<>&\"'\n\t\r", first)) {
            put_reference(out, first);
        } else if (is_noncharacter(c) || (c.n == 1 && (unsigned char)first < ' ')) {
            buf_putstr(out, REPLACEMENT);
        } else {
            buf_putstr(out, c);
        }
    }
}

void markup_put_html(struct buf *out, struct str text)
{
    while (text.n) {
        struct str c = next_char(&text);

        if (c.n == 1 && c.p[0] && strchr("<>&\"'", c.p[0])) {
            put_reference(out, c.p[0]);
        } else if (is_control(c) && c.p[0] != '\n' && c.p[0] != '\t') {
            buf_putstr(out, REPLACEMENT);
        } else {
            buf_putstr(out, c);
        }
    }
}

static bool is_word(char c)
{
    return ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/* Whether Markdown, or a site that shows it, may see more in an ASCII character than itself. */
static bool is_md_sign(char c, char before, char after)
{
    if (c == '_')
        return !is_word(before) || !is_word(after);
    if (c == '.')
        return ascii_lower(before) == 'w' || after == ' ' || !after;
    if (c == ':')
        return after && after != ' ';
    return !is_word(c) && !strchr(" /,;()={}%-", c);
}

void markup_put_md(struct buf *out, struct str text)
{
    char before = 0;

    for (size_t n = 0; text.n; n++) {
        struct str c = next_char(&text);
        char first = (char)(is_control(c) ? ' ' : c.p[0]);

        if (n == MARKUP_MD_CHARS) {
            buf_puts(out, "…");
            return;
        }
        if (c.n > 1 && !is_control(c)) {
            buf_putstr(out, is_bidi(c) ? REPLACEMENT : c);
        } else if (first == ' ') {
            buf_putc(out, ' ');
        } else if (is_md_sign(first, before, (char)(text.n ? text.p[0] : 0)) ||
                   (n == 0 && !is_word(first))) {
            put_reference(out, first);
        } else {
            buf_putc(out, first);
        }
        before = first;
    }
}

void markup_put_md_code(struct buf *out, struct str text)
{
    buf_puts(out, "<code>");
    markup_put_md(out, text);
    buf_puts(out, "</code>");
}

void markup_put_terminal(struct buf *out, struct str text, size_t max)
{
    size_t n = 0;

    for (struct str rest = text; rest.n; n++)
        next_char(&rest);
    size_t room = max && n > max ? max - 1 : n;

    for (n = 0; text.n; n++) {
        if (n == room) {
            buf_puts(out, "…");
            return;
        }
        struct str c = next_char(&text);

        if (c.n == 1 && ascii_space(c.p[0])) {
            buf_putc(out, ' ');
        } else if (is_control(c) || is_bidi(c)) {
            buf_putc(out, '?');
        } else {
            buf_putstr(out, c);
        }
    }
}
