/*
 * Any bytes as names, tags and values of points: a line for InfluxDB has the parts that it should,
 * as its parser splits them, and one for carbon has three words and legal tags.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/graphite.h"
#include "sink/line_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* How many of these characters are not behind a backslash. */
static size_t unescaped(struct str s, char c)
{
    size_t found = 0;

    for (size_t i = 0; i < s.n; i++)
        found += s.p[i] == c && (i == 0 || s.p[i - 1] != '\\');
    return found;
}

static void check_influx(struct str name, struct str key, struct str value)
{
    struct buf out = {0};
    struct line l = line_begin(&out, name);

    line_tag(&l, key, value);
    line_f64(&l, STR("v"), 1);
    assert(line_end(&l, 7));
    struct str line = buf_str(&out);
    size_t n_tags = key.n && value.n;

    assert(str_find(line, '\n') == line.n - 1);
    assert(str_ends(line, STR(" v=1 7\n")));
    assert(unescaped(line, ' ') == 2);
    assert(unescaped(line, ',') == n_tags);
    buf_fini(&out);
}

static void check_graphite(enum graphite_form form, struct str name, struct str key,
                           struct str value)
{
    struct graphite_style style = {.form = form, .interval = 1};
    struct tag tag = {key, value};
    struct graphite_point p = {.name = name, .tags = &tag, .n_tags = 1, .value = 1, .time = 7};
    struct buf out = {0};

    if (graphite_put(&style, &p, &out) && form == GRAPHITE_LINE) {
        struct str line = buf_str(&out);
        struct str series = str_from(line.p, str_find(line, ' '));
        struct str tags = str_from_index(series, str_find(series, ';'));

        assert(str_eq(str_from_index(line, series.n), STR(" 1 7\n")));
        assert(series.n > 0 && series.p[0] != '~' && series.p[0] != '.');
        assert((tags.n > 0) == (key.n && value.n));
        if (tags.n) {
            size_t equals = str_find(tags, '=');

            assert(equals > 1 && equals + 1 < tags.n && tags.p[equals + 1] != '~');
            assert(str_find(str_from_index(tags, 1), ';') == tags.n - 1);
        }
    }
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str name = {0}, key = {0};
    struct str rest = str_from((const char *)data, n);

    str_split(&rest, '\xff', &name);
    str_split(&rest, '\xff', &key);
    if (name.n)
        check_influx(name, key, rest);
    check_graphite(GRAPHITE_LINE, name, key, rest);
    check_graphite(GRAPHITE_PICKLE, name, key, rest);
    check_graphite(GRAPHITE_JSON, name, key, rest);
    return 0;
}
