/* What the command line says in place of a script: load for one URL, and a rate for anything. */
#include "cli/loadtest_url.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/json_out.h"
#include "cli/loadtest.h"

enum {
    DEFAULT_VUS = 10,
    DEFAULT_MAX_VUS = 1000, /* of a rate: connections when answers are slow */
};

bool loadtest_is_url(const char *operand)
{
    struct str text = str_of(operand);

    return (str_starts(text, STR("http://")) || str_starts(text, STR("https://"))) &&
           !str_ends(text, STR(".js")) && !str_ends(text, STR(".ts"));
}

/* ---- rates ---- */

static bool parse_unit(struct str text, span_ns *ret_unit)
{
    char one[16];

    if (duration_parse_strict(text, ret_unit) == 0)
        return *ret_unit > 0;
    if (!text.n || text.n > 2)
        return false;
    /* "/s" is "/1s". */
    snprintf(one, sizeof(one), "1%.*s", STR_ARG(text));
    return duration_parse_strict(str_of(one), ret_unit) == 0;
}

int loadtest_rate_parse(struct str text, int64_t *ret_rate, span_ns *ret_time_unit)
{
    enum {
        DECIMALS = 1000
    };
    size_t slash = str_find(text, '/');
    double n;

    *ret_time_unit = NS_PER_S;
    if (!str_f64(str_from(text.p, slash), &n) || !(n > 0 && n <= 1e9) ||
        (slash < text.n && !parse_unit(str_from_index(text, slash + 1), ret_time_unit)) ||
        *ret_time_unit > 1000 * 3600 * NS_PER_S)
        return fault(-EINVAL,
                     "'%.*s' is not a rate: write iterations a second, such as 2000, or for "
                     "another unit, such as 90/m",
                     STR_ARG(text));
    if (n == trunc(n)) {
        *ret_rate = (int64_t)n;
        return 0;
    }
    *ret_rate = llround(n * DECIMALS);
    *ret_time_unit *= DECIMALS;
    if (*ret_rate <= 0)
        return fault(-EINVAL, "'%.*s' is too slow a rate: give a longer unit", STR_ARG(text));
    return 0;
}

/* ---- the scenario ---- */

static void put_duration(struct json_out *j, const char *key, span_ns span)
{
    char text[DURATION_TEXT_BYTES];

    json_key(j, key);
    json_put_cstr(j, duration_format(span, text));
}

static void put_int(struct json_out *j, const char *key, int64_t n)
{
    json_key(j, key);
    json_put_int(j, n);
}

static void put_stages(struct json_out *j, const struct plan_stages *stages)
{
    json_key(j, "stages");
    json_open_array(j);
    for (size_t i = 0; i < stages->n; i++) {
        json_open_object(j);
        put_duration(j, "duration", stages->items[i].duration);
        put_int(j, "target", stages->items[i].target);
        json_close(j);
    }
    json_close(j);
}

static void put_scenario(const struct loadtest *t, int64_t rate, span_ns unit, struct json_out *j)
{
    const struct plan_options *o = &t->cli;
    bool ramps = plan_is_set(o, PLAN_STAGES);
    int64_t vus = plan_is_set(o, PLAN_VUS) ? o->vus : DEFAULT_VUS;
    int64_t most = t->own.max_vus ? t->own.max_vus : DEFAULT_MAX_VUS;

    json_key(j, "executor");
    json_put_cstr(j, ramps ? "ramping-arrival-rate" : "constant-arrival-rate");
    put_int(j, ramps ? "startRate" : "rate", rate);
    put_duration(j, "timeUnit", unit);
    if (ramps) {
        put_stages(j, &o->stages);
    } else {
        put_duration(j, "duration", plan_is_set(o, PLAN_DURATION) ? o->duration : 10 * NS_PER_S);
    }
    put_int(j, "preAllocatedVUs", vus);
    put_int(j, "maxVUs", most > vus ? most : vus);
    if (t->own.arrival) {
        json_key(j, "arrival");
        json_put_cstr(j, t->own.arrival);
    }
    if (t->own.when_busy) {
        json_key(j, "whenBusy");
        json_put_cstr(j, t->own.when_busy);
    }
}

static void unset(struct plan_options *o, enum plan_option id)
{
    o->set[id / 64] &= ~(1ULL << id % 64);
}

/* --rate and what goes with it become a scenario; the options that it is made of are used up. */
static int set_scenario(struct loadtest *t)
{
    struct plan_options *o = &t->cli;
    struct plan_strings warnings = {0};
    scoped(buf_fini) struct buf text = {0};
    struct json_out j = JSON_OUT(&text, 0);
    int64_t rate;
    span_ns unit;

    TRY(loadtest_rate_parse(str_of(t->own.rate), &rate, &unit));
    if (plan_is_set(o, PLAN_ITERATIONS))
        return fault(-EINVAL, "--rate goes with --duration or --stage, not with --iterations");
    json_open_object(&j);
    json_key(&j, "scenarios");
    json_open_object(&j);
    json_key(&j, "default");
    json_open_object(&j);
    put_scenario(t, rate, unit, &j);
    json_close(&j);
    json_close(&j);
    json_close(&j);
    unset(o, PLAN_VUS);
    unset(o, PLAN_DURATION);
    unset(o, PLAN_STAGES);
    return plan_options_from_json(o, PLAN_TIER_CLI, buf_str(&text), &warnings);
}

/* ---- options ---- */

/* With a URL, -c is wrk's: connections. */
static int take_connections(struct plan_options *o)
{
    uint64_t n;

    if (!plan_is_set(o, PLAN_CONFIG_FILE) || !str_u64(str_of(o->config_file), &n))
        return 0;
    TRY(plan_options_from_cli(o, PLAN_VUS, o->config_file));
    o->config_file = "";
    unset(o, PLAN_CONFIG_FILE);
    return 0;
}

int loadtest_url_options(struct loadtest *t)
{
    struct plan_options *o = &t->cli;
    bool has_length = plan_is_set(o, PLAN_DURATION) || plan_is_set(o, PLAN_ITERATIONS) ||
                      plan_is_set(o, PLAN_STAGES);

    TRY(take_connections(o));
    if (t->own.rate)
        return 0;
    if (!plan_is_set(o, PLAN_VUS) &&
        !(plan_is_set(o, PLAN_ITERATIONS) && o->iterations < DEFAULT_VUS))
        TRY(plan_options_from_cli(o, PLAN_VUS, "10"));
    if (!has_length)
        TRY(plan_options_from_cli(o, PLAN_DURATION, "10s"));
    return 0;
}

int loadtest_rate_options(struct loadtest *t)
{
    if (t->own.rate)
        return set_scenario(t);
    if (t->own.max_vus || t->own.arrival || t->own.when_busy)
        return fault(-EINVAL, "--max-vus, --arrival and --when-busy go with --rate");
    return 0;
}
