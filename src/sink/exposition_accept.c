/*
 * Which format a scraper wants (RFC 9110, section 12.5.1): media ranges with parameters and a
 * weight. A range counts when all parameters that matter to us have a value that we can give.
 */
#include "sink/exposition.h"

struct range {
    struct str type; /* "text/plain" */
    struct str version, proto, encoding;
    double q;
};

static struct str unquote(struct str s)
{
    return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? str_from(s.p + 1, s.n - 2) : s;
}

static void read_parameter(struct str part, struct range *r)
{
    size_t at = str_find(part, '=');
    struct str name = str_trim(str_from(part.p, at));
    struct str value = unquote(str_trim(str_from_index(part, at + 1)));

    if (str_eq_nocase(name, STR("version"))) {
        r->version = value;
    } else if (str_eq_nocase(name, STR("proto"))) {
        r->proto = value;
    } else if (str_eq_nocase(name, STR("encoding"))) {
        r->encoding = value;
    } else if (str_eq_nocase(name, STR("q")) &&
               !(str_f64(value, &r->q) && r->q >= 0 && r->q <= 1)) {
        r->q = 0;
    }
}

static struct range read_range(struct str text)
{
    struct range r = {.q = 1};
    struct str part;

    if (str_split(&text, ';', &part))
        r.type = str_trim(part);
    while (str_split(&text, ';', &part))
        read_parameter(part, &r);
    return r;
}

static bool is_or_absent(struct str value, const char *wanted)
{
    return value.n == 0 || str_eq_nocase(value, str_of(wanted));
}

/* What we would answer a range with; false: nothing. */
static bool format_of(const struct range *r, enum exposition_format *ret)
{
    if (str_eq_nocase(r->type, STR("application/openmetrics-text"))) {
        *ret = EXPOSITION_OPENMETRICS;
        return is_or_absent(r->version, "1.0.0");
    }
    if (str_eq_nocase(r->type, STR("application/vnd.google.protobuf"))) {
        *ret = EXPOSITION_PROTOBUF;
        return str_is(r->proto, "io.prometheus.client.MetricFamily") &&
               is_or_absent(r->encoding, "delimited");
    }
    *ret = EXPOSITION_TEXT;
    return str_is(r->type, "*/*") || str_eq_nocase(r->type, STR("text/*")) ||
           (str_eq_nocase(r->type, STR("text/plain")) && is_or_absent(r->version, "0.0.4"));
}

enum exposition_format exposition_negotiate(struct str accept)
{
    enum exposition_format best = EXPOSITION_TEXT, format;
    double best_q = 0;
    struct str part;

    while (str_split(&accept, ',', &part)) {
        struct range r = read_range(part);

        if (r.q > best_q && format_of(&r, &format)) {
            best = format;
            best_q = r.q;
        }
    }
    return best;
}

const char *exposition_type(enum exposition_format format)
{
    static const char *const types[] = {
        [EXPOSITION_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
        [EXPOSITION_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
        [EXPOSITION_PROTOBUF] = ("application/vnd.google.protobuf; "
                                 "proto=io.prometheus.client.MetricFamily; encoding=delimited"),
    };

    return types[format];
}
