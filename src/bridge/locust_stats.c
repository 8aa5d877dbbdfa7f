/*
 * Which key goes where is in tables: Locust's answer is flat, and its versions differ in names
 * only. The text is cut and cleaned here, once, so that whoever shows it need not ask whether it is
 * UTF-8 or ends.
 */
#include "bridge/locust_stats.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "base/mem.h"

enum {
    NAME_BYTES = 1024, /* kept of a name or an error */
};

#define OWN_REQUEST "//stats/requests" /* an old version counted the page's own */

static const struct {
    const char *key, *other;
} numbers[LOCUST_N_COUNT] = {
#define NUMBER(id, key_, other_) [LOCUST_N_##id] = {key_, other_},
#include "bridge/locust_stats.def"
#undef NUMBER
};

/* ---- members of an object ---- */

static double number_of(const json_t *o, const char *key)
{
    const json_t *v = key ? json_object_get(o, key) : NULL;

    return json_is_number(v) && isfinite(json_number_value(v)) ? json_number_value(v) : NAN;
}

static double number_of_any(const json_t *o, const char *key, const char *other)
{
    double v = number_of(o, key);

    return isnan(v) ? number_of(o, other) : v;
}

/* Writes what stands for the markup's characters as themselves; returns the length. */
static size_t unescape(char *text, size_t n)
{
    static const struct {
        struct str written;
        char is;
    } entities[] = {
        {STR("&#x27;"), '\''}, {STR("&#39;"), '\''}, {STR("&quot;"), '"'},
        {STR("&lt;"), '<'},    {STR("&gt;"), '>'},   {STR("&amp;"), '&'},
    };
    size_t to = 0;

    for (size_t from = 0; from < n;) {
        size_t taken = 1;
        char c = text[from];

        for (size_t i = 0; c == '&' && taken == 1 && i < countof(entities); i++) {
            struct str w = entities[i].written;

            if (w.n <= n - from && memcmp(text + from, w.p, w.n) == 0) {
                text[to] = entities[i].is;
                taken = w.n;
            }
        }
        if (taken == 1)
            text[to] = c;
        to++;
        from += taken;
    }
    return to;
}

/* Cut where no character is cut. */
static struct str text_of(struct locust_stats *s, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);

    if (!json_is_string(v))
        return (struct str){0};

    const char *p = json_string_value(v);
    size_t n = json_string_length(v);

    if (n > NAME_BYTES) {
        n = NAME_BYTES;
        while (n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80)
            n--;
    }
    return arena_str(&s->arena, str_from(p, n));
}

/* ---- the parts ---- */

static void read_row(struct locust_stats *s, const json_t *o)
{
    struct locust_row row = {.method = text_of(s, o, "method"), .name = text_of(s, o, "name")};

    if (str_is(row.name, OWN_REQUEST))
        return;
    for (size_t i = 0; i < LOCUST_N_COUNT; i++)
        row.number[i] = number_of_any(o, numbers[i].key, numbers[i].other);
    if (!row.method.n && (str_is(row.name, "Aggregated") || str_is(row.name, "Total"))) {
        s->total = row;
        s->has_total = true;
    } else {
        vec_push(s->rows, s->n_rows, s->cap_rows) = row;
    }
}

/* Of a failure: old versions give these as markup, for their page. */
static struct str plain_text_of(struct locust_stats *s, const json_t *o, const char *key)
{
    struct str text = text_of(s, o, key);

    if (!s->is_escaped)
        return text;
    char *copy = arena_alloc(&s->arena, text.n + 1);

    memcpy(copy, text.p ? text.p : "", text.n);
    return str_from(copy, unescape(copy, text.n));
}

static void read_failure(struct locust_stats *s, const json_t *o)
{
    struct locust_failure f = {.method = text_of(s, o, "method"),
                               .name = plain_text_of(s, o, "name"),
                               .error = plain_text_of(s, o, "error"),
                               .occurrences = number_of_any(o, "occurrences", "occurences")};

    vec_push(s->failures, s->n_failures, s->cap_failures) = f;
}

static void read_worker(struct locust_stats *s, const json_t *o)
{
    struct locust_worker w = {.id = text_of(s, o, "id"),
                              .state = text_of(s, o, "state"),
                              .users = number_of(o, "user_count"),
                              .cpu = number_of(o, "cpu_usage"),
                              .memory = number_of(o, "memory_usage")};

    vec_push(s->workers, s->n_workers, s->cap_workers) = w;
}

typedef void(read_fn)(struct locust_stats *s, const json_t *o);

static int read_list(struct locust_stats *s, const json_t *list, const char *what, read_fn *read)
{
    size_t i;
    const json_t *o;

    if (!list)
        return 0;
    if (!json_is_array(list))
        return fault(-EINVAL, "\"%s\" of Locust's statistics is no list", what);
    json_array_foreach(list, i, o)
    {
        if (i >= LOCUST_ROWS_MAX)
            break;
        if (!json_is_object(o))
            return fault(-EINVAL, "\"%s\"[%zu] of Locust's statistics is no object", what, i);
        read(s, o);
    }
    return 0;
}

/*
 * An object since 2.28, two keys with a number 2.15.1 to 2.27, two with the percentile before.
 * Those that have no object tell failures as markup.
 */
static void read_percentiles(struct locust_stats *s, const json_t *root)
{
    const json_t *o = json_object_get(root, "current_response_time_percentiles");

    s->is_escaped = !json_is_object(o);
    if (json_is_object(o)) {
        s->p50 = number_of(o, "response_time_percentile_0.5");
        s->p95 = number_of(o, "response_time_percentile_0.95");
        return;
    }
    s->p50 = number_of_any(root, "current_response_time_percentile_1",
                           "current_response_time_percentile_50");
    s->p95 = number_of_any(root, "current_response_time_percentile_2",
                           "current_response_time_percentile_95");
}

/* Old versions say it for the run only as "total_rps", which then meant now. */
static double rate_now(const json_t *root, const struct locust_stats *s, enum locust_number row,
                       const char *key)
{
    double v = number_of(root, key);

    if (isnan(v) && s->has_total)
        v = s->total.number[row];
    return v;
}

static int read_root(struct locust_stats *s, const json_t *root)
{
    const json_t *workers = json_object_get(root, "workers");

    if (!json_is_object(root) || !json_is_array(json_object_get(root, "stats")))
        return fault(-EINVAL, "this is not what Locust answers: it has no list \"stats\"");
    if (!workers)
        workers = json_object_get(root, "slaves");
    s->is_distributed = json_is_array(workers);
    read_percentiles(s, root);
    s->state = text_of(s, root, "state");
    s->users = number_of(root, "user_count");
    s->fail_ratio = number_of(root, "fail_ratio");
    TRY(read_list(s, json_object_get(root, "stats"), "stats", read_row));
    TRY(read_list(s, json_object_get(root, "errors"), "errors", read_failure));
    TRY(read_list(s, workers, "workers", read_worker));
    s->rps = rate_now(root, s, LOCUST_N_RPS, "current_rps");
    if (isnan(s->rps))
        s->rps = number_of(root, "total_rps");
    s->fail_per_sec = rate_now(root, s, LOCUST_N_FAIL_RPS, "current_fail_per_sec");
    return 0;
}

int locust_stats_read(struct str json, struct locust_stats **ret_stats)
{
    json_error_t e;
    json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &e);

    if (!root)
        return fault(-EINVAL, "Locust's statistics are no JSON: line %d: %s", e.line, e.text);

    struct locust_stats *s = xnew(struct locust_stats);
    int r = read_root(s, root);

    json_decref(root);
    if (r < 0) {
        locust_stats_free(s);
        return r;
    }
    *ret_stats = s;
    return 0;
}

void locust_stats_free(struct locust_stats *s)
{
    if (!s)
        return;
    free(s->rows);
    free(s->failures);
    free(s->workers);
    arena_fini(&s->arena);
    free(s);
}

bool locust_is_spawning(struct str state)
{
    return str_is(state, "spawning") || str_is(state, "hatching");
}

bool locust_is_running(struct str state)
{
    return str_is(state, "running") || str_is(state, "cleanup") || locust_is_spawning(state);
}
