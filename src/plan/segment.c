/*
 * Execution segments: which part of the whole test one process runs. Exact fractions, because
 * rounding would give a user to two processes or to none.
 */
#include <errno.h>
#include <inttypes.h>

#include "plan/options_priv.h"

/* Digits that a number may have in all: keeps every product of two within 64 bits. */
enum {
    SEGMENT_DIGITS_MAX = 9,
    SEQUENCE_BORDERS_MAX = 10000,
};

int64_t plan_common_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static struct plan_fraction lowest_terms(int64_t num, int64_t den)
{
    int64_t divisor = plan_common_divisor(num, den);

    return (struct plan_fraction){num / divisor, den / divisor};
}

/* "12.5" as 125/10. */
static bool parse_decimal(struct str text, struct plan_fraction *ret_fraction)
{
    int64_t num = 0;
    int64_t den = 1;
    size_t n_digits = 0;
    bool after_point = false;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '.' && !after_point) {
            after_point = true;
            continue;
        }
        if (!ascii_digit(text.p[i]) || ++n_digits > SEGMENT_DIGITS_MAX)
            return false;
        num = num * 10 + (text.p[i] - '0');
        den *= after_point ? 10 : 1;
    }
    *ret_fraction = lowest_terms(num, den);
    return n_digits > 0;
}

/* "1/3", "0.25" or "25%". */
static bool parse_fraction(struct str text, struct plan_fraction *ret_fraction)
{
    size_t slash = str_find(text, '/');
    struct plan_fraction num;
    struct plan_fraction den = {1, 1};

    text = str_trim(text);
    if (text.n && text.p[text.n - 1] == '%') {
        if (!parse_decimal(str_from(text.p, text.n - 1), &num))
            return false;
        *ret_fraction = lowest_terms(num.num, num.den * 100);
        return true;
    }
    if (!parse_decimal(str_from(text.p, slash), &num) ||
        (slash < text.n && !parse_decimal(str_from_index(text, slash + 1), &den)) || den.num == 0 ||
        (slash < text.n && (num.den != 1 || den.den != 1)))
        return false;
    *ret_fraction = slash < text.n ? lowest_terms(num.num, den.num) : num;
    return true;
}

static bool less(struct plan_fraction a, struct plan_fraction b)
{
    return a.num * b.den < b.num * a.den;
}

int plan_segment_parse(struct str text, struct plan_segment *ret_segment)
{
    struct plan_segment s = {.from = {0, 1}};
    size_t colon = str_find(text, ':');
    struct str to = colon < text.n ? str_from_index(text, colon + 1) : text;

    if ((colon < text.n && !parse_fraction(str_from(text.p, colon), &s.from)) ||
        !parse_fraction(to, &s.to)) {
        return fault(-EINVAL,
                     "'%.*s' is not a valid percentage, decimal, fraction or interval value",
                     STR_ARG(text));
    }
    if (less((struct plan_fraction){1, 1}, s.to)) {
        return fault(-EINVAL, "segment end value can't be more than 1 but was %.2f",
                     (double)s.to.num / (double)s.to.den);
    }
    if (!less(s.from, s.to))
        return fault(-EINVAL, "segment start value must be less than its end value");
    *ret_segment = s;
    return 0;
}

int plan_sequence_parse(struct str text, struct arena *arena, struct plan_sequence *ret_sequence)
{
    struct plan_sequence s = {0};
    struct str rest = text;
    struct str item;
    size_t n = 0;

    while (str_split(&rest, ',', &item))
        n++;
    if (n > SEQUENCE_BORDERS_MAX)
        return fault(-EINVAL, "more than %d borders", SEQUENCE_BORDERS_MAX);
    s.borders = arena_new_n(arena, struct plan_fraction, n);
    for (rest = text; str_split(&rest, ',', &item); s.n++) {
        if (!parse_fraction(item, &s.borders[s.n])) {
            return fault(-EINVAL, "'%.*s' is not a valid percentage, decimal or fraction",
                         STR_ARG(item));
        }
        if (s.n && !less(s.borders[s.n - 1], s.borders[s.n]))
            return fault(-EINVAL, "borders must rise, but '%.*s' does not", STR_ARG(item));
    }
    if (s.n < 2 || less((struct plan_fraction){1, 1}, s.borders[s.n - 1]))
        return fault(-EINVAL, "expected at least two borders from 0 to 1");
    *ret_sequence = s;
    return 0;
}

static void put_fraction(struct buf *out, struct plan_fraction f)
{
    buf_printf(out, f.den == 1 ? "%" PRId64 : "%" PRId64 "/%" PRId64, f.num, f.den);
}

void plan_show_segment(const void *field, struct json_out *j)
{
    const struct plan_segment *s = field;
    struct buf text = {0};

    put_fraction(&text, s->from);
    buf_putc(&text, ':');
    put_fraction(&text, s->to);
    json_put_str(j, buf_str(&text));
    buf_fini(&text);
}

void plan_show_sequence(const void *field, struct json_out *j)
{
    const struct plan_sequence *s = field;
    struct buf text = {0};

    for (size_t i = 0; i < s->n; i++) {
        if (i)
            buf_putc(&text, ',');
        put_fraction(&text, s->borders[i]);
    }
    json_put_str(j, buf_str(&text));
    buf_fini(&text);
}
