/*
 * Grafana's own rules: an interval is rounded to one that people would choose, and a time is text
 * with a sum and a rounding. Months and years are those of the calendar.
 */
#include "dashboard/query_time.h"

#include <errno.h>
#include <stdio.h>

/* ---- spans ---- */

static const struct {
    const char *name;
    span_ns span;
} units[] = {
    {"ms", NS_PER_MS},
    {"s", NS_PER_S},
    {"m", 60 * NS_PER_S},
    {"h", 3600 * NS_PER_S},
    {"d", 86400 * NS_PER_S},
    {"w", 7 * 86400 * NS_PER_S},
    {"y", 365 * 86400 * NS_PER_S},
};

span_ns query_span_parse(struct str text)
{
    size_t i = 0;
    int64_t n;

    text = str_trim(text);
    while (text.n && (text.p[0] == '>' || text.p[0] == '='))
        text = str_from_index(text, 1);
    while (i < text.n && ascii_digit(text.p[i]))
        i++;
    if (i == 0 || i > 9 || !str_i64(str_from(text.p, i), &n))
        return 0;
    for (size_t u = 0; u < countof(units); u++) {
        if (str_is(str_from_index(text, i), units[u].name) && n < INT64_MAX / units[u].span)
            return n * units[u].span;
    }
    /* A number alone means seconds. */
    return i == text.n ? n * NS_PER_S : 0;
}

const char *query_span_text(span_ns span, char text[QUERY_SPAN_BYTES])
{
    static const size_t order[] = {6, 4, 3, 2, 1, 0};

    for (size_t i = 0; i < countof(order); i++) {
        if (span >= units[order[i]].span) {
            snprintf(text, QUERY_SPAN_BYTES, "%lld%s", (long long)(span / units[order[i]].span),
                     units[order[i]].name);
            return text;
        }
    }
    snprintf(text, QUERY_SPAN_BYTES, "1ms");
    return text;
}

/* Below the first number of milliseconds, the second is taken. */
static const int64_t rounds[][2] = {
    {10, 1},
    {15, 10},
    {35, 20},
    {75, 50},
    {150, 100},
    {350, 200},
    {750, 500},
    {1500, 1000},
    {3500, 2000},
    {7500, 5000},
    {12500, 10000},
    {17500, 15000},
    {25000, 20000},
    {45000, 30000},
    {90000, 60000},
    {210000, 120000},
    {450000, 300000},
    {750000, 600000},
    {1050000, 900000},
    {1500000, 1200000},
    {2700000, 1800000},
    {5400000, 3600000},
    {9000000, 7200000},
    {16200000, 10800000},
    {32400000, 21600000},
    {86400000, 43200000},
    {604800000, 86400000},
    {1814400000, 604800000},
    {3628800000, 2592000000},
};

span_ns query_interval(span_ns range, int64_t points, span_ns least)
{
    int64_t ms = range / NS_PER_MS / (points > 0 ? points : 1);
    span_ns interval = (span_ns)31536000000 * NS_PER_MS;

    for (size_t i = 0; i < countof(rounds); i++) {
        if (ms < rounds[i][0]) {
            interval = rounds[i][1] * NS_PER_MS;
            break;
        }
    }
    return interval < least ? least : interval;
}

/* ---- times ---- */

enum {
    YEAR_MAX = 2200, /* beyond, wall_ns ends soon */
};

/* False: it is beyond the years that are taken. Makes 32 January 1 February. */
static bool of_calendar(struct tm *t, wall_ns *ret_at)
{
    time_t seconds = timegm(t);

    if (t->tm_year < 1970 - 1900 || t->tm_year >= YEAR_MAX - 1900)
        return false;
    *ret_at = (wall_ns)seconds * NS_PER_S;
    return true;
}

static bool shift(struct tm *t, char unit, int64_t n)
{
    switch (unit) {
    case 's':
        t->tm_sec += (int)n;
        break;
    case 'm':
        t->tm_min += (int)n;
        break;
    case 'h':
        t->tm_hour += (int)n;
        break;
    case 'd':
        t->tm_mday += (int)n;
        break;
    case 'w':
        t->tm_mday += (int)n * 7;
        break;
    case 'M':
        t->tm_mon += (int)n;
        break;
    case 'Q':
        t->tm_mon += (int)n * 3;
        break;
    case 'y':
        t->tm_year += (int)n;
        break;
    default:
        return false;
    }
    return true;
}

/* To the beginning of its hour, day ... */
static bool round_down(struct tm *t, char unit)
{
    const char *at = strchr("smhdMy", unit);

    if (unit == 'w')
        t->tm_mday -= (t->tm_wday + 6) % 7;
    else if (unit == 'Q')
        t->tm_mon -= t->tm_mon % 3;
    else if (!unit || !at)
        return false;

    bool month = unit == 'M' || unit == 'Q' || unit == 'y';
    bool day = month || unit == 'd' || unit == 'w';

    t->tm_sec = unit == 's' ? t->tm_sec : 0;
    t->tm_min = unit == 's' || unit == 'm' ? t->tm_min : 0;
    t->tm_hour = day ? 0 : t->tm_hour;
    t->tm_mday = month ? 1 : t->tm_mday;
    t->tm_mon = unit == 'y' ? 0 : t->tm_mon;
    return true;
}

/* "-15m", "/d": one term. Returns how much of the text it took, or 0. */
static size_t take_term(struct str text, bool is_end, wall_ns *at)
{
    time_t seconds = (time_t)(*at / NS_PER_S);
    wall_ns rest = *at % NS_PER_S;
    struct tm t;
    size_t i = 1;
    int64_t n = 0;

    if (text.n < 2 || !gmtime_r(&seconds, &t))
        return 0;
    if (text.p[0] == '/') {
        if (!round_down(&t, text.p[1]) || (is_end && !shift(&t, text.p[1], 1)) ||
            !of_calendar(&t, at))
            return 0;
        *at -= is_end ? NS_PER_MS : 0;
        return 2;
    }
    if (text.p[0] != '-' && text.p[0] != '+')
        return 0;
    while (i < text.n && i < 8 && ascii_digit(text.p[i]))
        n = n * 10 + (text.p[i++] - '0');
    if (i == 1 || i == text.n || !shift(&t, text.p[i], text.p[0] == '-' ? -n : n))
        return 0;
    if (!of_calendar(&t, at))
        return 0;
    *at += rest;
    return i + 1;
}

static int parse_relative(struct str rest, wall_ns at, bool is_end, wall_ns *ret_at)
{
    while (rest.n) {
        size_t n = take_term(rest, is_end, &at);

        if (!n)
            return -EINVAL;
        rest = str_from_index(rest, n);
    }
    *ret_at = at;
    return 0;
}

static int parse_date(struct str text, wall_ns *ret_at)
{
    char word[40];
    struct tm t = {.tm_mday = 1};
    double seconds = 0;

    if (text.n >= sizeof(word))
        return -EINVAL;
    memcpy(word, text.p, text.n);
    word[text.n] = '\0';

    /* Of fixed width, but for the seconds' fraction. */
    const char *end = strptime(word, "%Y-%m-%d", &t);

    if (end && (*end == 'T' || *end == ' ')) {
        end = strptime(end + 1, "%H:%M:%S", &t);
        if (end && *end == '.') {
            char *after;

            seconds = strtod(end, &after);
            end = after;
        }
        if (end && *end == 'Z')
            end++;
    }
    wall_ns at;

    if (!end || *end || !(seconds >= 0 && seconds < 1) || !of_calendar(&t, &at))
        return -EINVAL;
    *ret_at = at + (wall_ns)(seconds * (double)NS_PER_S);
    return 0;
}

int query_time_parse(struct str text, wall_ns now, bool is_end, wall_ns *ret_at)
{
    int64_t ms;
    int r = -EINVAL;

    text = str_trim(text);
    if (str_starts(text, STR("now")))
        r = parse_relative(str_from_index(text, 3), now, is_end, ret_at);
    else if (str_i64(text, &ms) && ms > 0 && ms < INT64_MAX / NS_PER_MS)
        r = (*ret_at = ms * NS_PER_MS, 0);
    else if (text.n)
        r = parse_date(text, ret_at);
    if (r)
        return fault(-EINVAL,
                     "'%.*s' is no time: write now, now-15m, milliseconds since 1970, or "
                     "2026-11-21T15:00:00Z",
                     (int)(text.n > 60 ? 60 : text.n), text.p ? text.p : "");
    return 0;
}

const char *query_time_text(wall_ns at, char text[QUERY_SPAN_BYTES])
{
    time_t seconds = (time_t)(at / NS_PER_S);
    struct tm t = {0};

    gmtime_r(&seconds, &t);
    size_t n = strftime(text, QUERY_SPAN_BYTES - 6, "%Y-%m-%dT%H:%M:%S", &t);

    snprintf(text + n, QUERY_SPAN_BYTES - n, ".%03dZ", (int)(at / NS_PER_MS % 1000));
    return text;
}
