/*
 * A line is put together in the order in which its form has the parts. What may not stand in a part
 * is known from a table of characters for each way of writing tags.
 */
#include "sink/statsd.h"

#include <math.h>
#include <stdio.h>

#include "base/json_out.h"

/* How one way of writing tags looks, and what its keys and values may not have. */
struct form {
    const char *name;
    const char *open;     /* before the first tag; NULL: no tags */
    char separator;       /* between tags */
    char assign;          /* between key and value */
    bool in_name;         /* before the value, else at the end */
    bool signed_gauges;   /* a sign is part of the number, not a change */
    const char *reserved; /* in values, besides white space; in keys `assign` too */
};

static const struct form forms[] = {
    [STATSD_TAGS_NONE] = {.name = "none", .reserved = ""},
    [STATSD_TAGS_DOGSTATSD] = {"dogstatsd", "|#", ',', ':', false, true, ",|#"},
    [STATSD_TAGS_GRAPHITE] = {"graphite", ";", ';', '=', true, false, ";:|@#"},
    [STATSD_TAGS_INFLUX] = {"influx", ",", ',', '=', true, false, ",=:|@#"},
};

bool statsd_tags_parse(struct str word, enum statsd_tags *ret_tags)
{
    for (size_t i = 0; i < countof(forms); i++) {
        if (str_is(word, forms[i].name)) {
            *ret_tags = (enum statsd_tags)i;
            return true;
        }
    }
    return false;
}

/* ---- lines ---- */

static bool is_letter(char c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

/* Servers keep letters, digits, `_`, `-` and dots of a name; Datadog no `-` and only letters first.
 */
static void put_name(struct buf *out, const struct form *form, struct str name, size_t room)
{
    for (size_t i = 0; i < name.n && i < room; i++) {
        char c = name.p[i];
        bool kept = is_letter(c) || ascii_digit(c) || c == '.' || c == '_' ||
                    (c == '-' && !form->signed_gauges);

        if (!kept)
            c = '_';
        buf_putc(out, c);
    }
}

static bool is_reserved(const struct form *form, char c, bool is_key)
{
    return (unsigned char)c <= ' ' || c == 127 || (is_key && c == form->assign) ||
           (c && strchr(form->reserved, c));
}

static void put_tag_text(struct buf *out, const struct form *form, struct str text, bool is_key)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (is_reserved(form, c, is_key))
            c = '_';
        buf_putc(out, c);
    }
}

static void put_tags(struct buf *out, const struct form *form, const struct statsd_line *line)
{
    bool first = true;

    for (size_t i = 0; i < line->n_labels && form->open; i++) {
        const struct tag *t = &line->labels[i];

        if (t->key.n == 0 || t->value.n == 0)
            continue;
        if (first) {
            buf_puts(out, form->open);
        } else {
            buf_putc(out, form->separator);
        }
        first = false;
        put_tag_text(out, form, t->key, true);
        buf_putc(out, form->assign);
        /* carbon refuses values that begin so */
        if (form->separator == ';' && t->value.p[0] == '~')
            buf_putc(out, '_');
        put_tag_text(out, form, t->value, false);
    }
}

static void put_line(struct buf *out, const struct form *form, const struct statsd_line *line,
                     double value)
{
    char number[JSON_NUMBER_BYTES];
    size_t begin = out->len;

    put_name(out, form, line->name, STATSD_NAME_MAX);
    put_name(out, form, line->suffix, STATSD_NAME_MAX - (out->len - begin));
    if (form->in_name)
        put_tags(out, form, line);
    buf_putc(out, ':');
    buf_put(out, number, json_number(value, number));
    buf_putc(out, '|');
    buf_puts(out, line->type);
    /* Some read digits and a dot here and nothing else. */
    if (line->rate > 0 && line->rate < 1)
        buf_printf(out, "|@%.9f", line->rate);
    if (!form->in_name)
        put_tags(out, form, line);
    buf_putc(out, '\n');
}

void statsd_put(struct buf *out, enum statsd_tags tags, const struct statsd_line *line)
{
    const struct form *form = &forms[tags];
    /* a zero has no sign */
    double value = line->value == 0 ? 0 : line->value;

    if (value < 0 && line->type[0] == 'g' && !form->signed_gauges)
        put_line(out, form, line, 0);
    put_line(out, form, line, value);
}

/* ---- packets ---- */

size_t statsd_packet(const struct batch_view *points, size_t from, size_t max)
{
    uint32_t begin = from ? points->ends[from - 1] : 0;
    size_t to = from + 1;

    while (to < points->to && points->ends[to] - begin <= max + 1)
        to++;
    return to;
}

struct str statsd_packet_bytes(const struct batch_view *points, size_t from, size_t to)
{
    struct batch_view packet = *points;

    packet.from = from;
    packet.to = to;

    struct str bytes = batch_bytes(&packet);

    return str_from(bytes.p, bytes.n - (bytes.n && bytes.p[bytes.n - 1] == '\n'));
}

/* ---- statistics ---- */

/* "p(99.9)" becomes ".p999", all else stays what it is. */
static bool set_suffix(struct statsd_stat *item, struct str word)
{
    size_t n = 0;

    item->suffix[n++] = '.';
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] == '(' || word.p[i] == ')' || word.p[i] == '.')
            continue;
        if (n == sizeof(item->suffix) - 1)
            return false;
        item->suffix[n++] = word.p[i];
    }
    item->suffix[n] = '\0';
    return true;
}

int statsd_stats_parse(struct str text, struct statsd_stats *ret_stats)
{
    struct statsd_stats stats = {0};
    struct str word;

    while (text.n && str_split(&text, ',', &word)) {
        struct statsd_stat *item = &stats.items[stats.n];

        word = str_trim(word);
        if (stats.n == STATSD_STATS_MAX) {
            return fault(FAULT_EXIT(104), "more than %d statistics of a distribution",
                         STATSD_STATS_MAX);
        }
        if (!stat_parse(word, &item->stat) || !stat_applies(item->stat, METRIC_TREND) ||
            (item->stat.kind == STAT_P && !(item->stat.p >= 0 && item->stat.p <= 100)) ||
            !set_suffix(item, word)) {
            return fault(FAULT_EXIT(104),
                         "\"%.*s\" is no statistic of a distribution; there are avg, min, med, "
                         "max, count and p(95) with any percentage",
                         STR_ARG(word));
        }
        stats.n++;
    }
    *ret_stats = stats;
    return 0;
}

/* ---- addresses ---- */

static const struct {
    struct str scheme;
    enum statsd_transport transport;
} schemes[] = {
    {STR("udp://"), STATSD_UDP},
    {STR("tcp://"), STATSD_TCP},
    {STR("unix://"), STATSD_UNIX},
    {STR("unixgram://"), STATSD_UNIX},
};

int statsd_address_parse(struct str text, struct statsd_address *ret_address)
{
    struct statsd_address a = {.transport = STATSD_UDP};
    struct str rest = text;

    for (size_t i = 0; i < countof(schemes); i++) {
        if (str_starts(text, schemes[i].scheme)) {
            a.transport = schemes[i].transport;
            rest = str_from_index(text, schemes[i].scheme.n);
        }
    }
    if (a.transport == STATSD_UNIX) {
        if (rest.n < 2 || rest.p[0] != '/') {
            return fault(FAULT_EXIT(104), "\"%.*s\" has no absolute path: write unix:///path",
                         STR_ARG(text));
        }
        a.path = rest;
    } else {
        if (rest.n && rest.p[rest.n - 1] == '/')
            rest.n--;
        if (endpoint_parse(rest, STATSD_PORT, &a.endpoint)) {
            return fault(FAULT_EXIT(104),
                         "\"%.*s\" is no address of a StatsD server: write host:port, "
                         "udp://host:port, tcp://host:port or unix:///path",
                         STR_ARG(text));
        }
    }
    *ret_address = a;
    return 0;
}
