#pragma once
/*
 * Options of a test: the table of them (options.def), one layer of values, and what turns JSON,
 * environment variables and command lines into layers and layers into one.
 *
 * A `struct plan_options` is one layer: every field has a value, its default where nobody set it,
 * and a bit tells which were set. All it points to lives in the arena it was initialised with,
 * which must outlive it; layers that are merged share one arena. Read-only after consolidation
 * (plan/plan.h) and then safe for all threads.
 *
 * Faults carry FAULT_EXIT(104) unless said otherwise.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/opt.h"
#include "base/str.h"

/* --- values --- */

struct plan_strings {
    const char **items;
    size_t n;
    size_t cap;
};

struct plan_pair {
    const char *name;
    const char *value;
};

/* In the order of insertion; names are unique. */
struct plan_map {
    struct plan_pair *items;
    size_t n;
    size_t cap;
};

struct plan_stage {
    span_ns duration;
    int64_t target;
    bool has_duration;
    bool has_target;
};

struct plan_stages {
    struct plan_stage *items;
    size_t n;
    size_t cap;
};

/* An exact non-negative fraction in lowest terms. */
struct plan_fraction {
    int64_t num;
    int64_t den;
};

/* The part from ≤ x < to of the whole test; 0:1 is all of it. */
struct plan_segment {
    struct plan_fraction from;
    struct plan_fraction to;
};

/* Borders of consecutive segments, in rising order. */
struct plan_sequence {
    struct plan_fraction *borders;
    size_t n;
};

enum plan_dns_select {
    PLAN_DNS_FIRST,
    PLAN_DNS_RANDOM,
    PLAN_DNS_ROUND_ROBIN
};

enum plan_dns_policy {
    PLAN_DNS_PREFER_IPV4,
    PLAN_DNS_PREFER_IPV6,
    PLAN_DNS_ONLY_IPV4,
    PLAN_DNS_ONLY_IPV6,
    PLAN_DNS_ANY,
};

#define PLAN_DNS_TTL_INF ((span_ns)INT64_MAX)

/* The members are set and merged one by one. */
struct plan_dns {
    span_ns ttl;          /* 0: never cache; PLAN_DNS_TTL_INF: for ever */
    const char *ttl_text; /* as it was written */
    enum plan_dns_select select;
    enum plan_dns_policy policy;
    bool has_ttl, has_select, has_policy;
};

/* The numbers of the protocol itself; 0 is "no limit". */
enum plan_tls_version {
    PLAN_TLS_ANY = 0,
    PLAN_TLS_1_0 = 0x0301,
    PLAN_TLS_1_1 = 0x0302,
    PLAN_TLS_1_2 = 0x0303,
    PLAN_TLS_1_3 = 0x0304,
};

struct plan_tls_versions {
    enum plan_tls_version min;
    enum plan_tls_version max;
};

/* A client certificate; PEM texts. */
struct plan_tls_auth {
    const char *cert;
    const char *key;
    const char *password;        /* or NULL */
    struct plan_strings domains; /* host names to use it for; none: for all */
};

struct plan_tls_auths {
    struct plan_tls_auth *items;
    size_t n;
    size_t cap;
};

/* One condition. Expressions are parsed by metric/threshold.h. */
struct plan_threshold {
    const char *source;
    bool abort_on_fail;
    bool has_delay;
    span_ns delay_abort_eval; /* when has_delay */
    span_ns window;           /* ours; 0: judged over all */
    span_ns after;            /* ours; 0: from the start */
    int64_t min_samples;      /* ours; 0: however few */
    bool long_form;           /* written as an object; so it is shown as one */
    const char *instead_of;   /* joined, it replaces those that begin so; NULL: it is added */
};

/* All conditions on one metric or sub-metric, such as "http_req_duration{status:200}". */
struct plan_metric_thresholds {
    const char *metric;
    struct plan_threshold *items;
    size_t n;
    size_t cap;
};

struct plan_thresholds {
    struct plan_metric_thresholds *items;
    size_t n;
    size_t cap;
};

struct plan_scenario; /* plan/scenario.h */

struct plan_scenarios {
    struct plan_scenario *items;
    size_t n;
    size_t cap;
};

/* --- the table --- */

enum plan_option {
#define OPTION(id, field, type, scope, json, cli, short_, env, dflt, help) PLAN_##id,
#include "plan/options.def"
#undef OPTION
    PLAN_OPTION_COUNT
};

enum plan_option_type {
    PLAN_TYPE_BOOL,
    PLAN_TYPE_INT,
    PLAN_TYPE_NUMBER,
    PLAN_TYPE_DURATION,
    PLAN_TYPE_STRING,
    PLAN_TYPE_LIST,
    PLAN_TYPE_REPEAT,
    PLAN_TYPE_MAP,
    PLAN_TYPE_STAGES,
    PLAN_TYPE_SCENARIOS,
    PLAN_TYPE_SEGMENT,
    PLAN_TYPE_SEQUENCE,
    PLAN_TYPE_DNS,
    PLAN_TYPE_TLS_VERSION,
    PLAN_TYPE_TLS_AUTH,
    PLAN_TYPE_THRESHOLDS,
    PLAN_TYPE_SYSTEM_TAGS,
    PLAN_TYPE_ANY,
    PLAN_TYPE_COUNT
};

enum plan_option_scope {
    PLAN_SCOPE_SCRIPT,
    PLAN_SCOPE_CONFIG,
    PLAN_SCOPE_RUNTIME,
    PLAN_SCOPE_GLOBAL,
    PLAN_SCOPE_OURS,
};

/* A row of options.def. Strings are NULL where the option has no such form. */
struct plan_option_row {
    const char *json;
    const char *cli; /* long flag without its dashes */
    char short_flag; /* or 0 */
    const char *env;
    const char *dflt; /* in the form of the environment */
    const char *help;
    enum plan_option_type type;
    enum plan_option_scope scope;
    size_t offset; /* of the field in struct plan_options */
};

/* Indexed by enum plan_option. */
extern const struct plan_option_row plan_option_rows[PLAN_OPTION_COUNT];

/* The C type of a field of each type of option. */
#define PLAN_FIELD_BOOL(field)        bool field;
#define PLAN_FIELD_INT(field)         int64_t field;
#define PLAN_FIELD_NUMBER(field)      double field;
#define PLAN_FIELD_DURATION(field)    span_ns field;
#define PLAN_FIELD_STRING(field)      const char *field; /* never NULL after init */
#define PLAN_FIELD_LIST(field)        struct plan_strings field;
#define PLAN_FIELD_REPEAT(field)      struct plan_strings field;
#define PLAN_FIELD_MAP(field)         struct plan_map field;
#define PLAN_FIELD_STAGES(field)      struct plan_stages field;
#define PLAN_FIELD_SCENARIOS(field)   struct plan_scenarios field;
#define PLAN_FIELD_SEGMENT(field)     struct plan_segment field;
#define PLAN_FIELD_SEQUENCE(field)    struct plan_sequence field;
#define PLAN_FIELD_DNS(field)         struct plan_dns field;
#define PLAN_FIELD_TLS_VERSION(field) struct plan_tls_versions field;
#define PLAN_FIELD_TLS_AUTH(field)    struct plan_tls_auths field;
#define PLAN_FIELD_THRESHOLDS(field)  struct plan_thresholds field;
#define PLAN_FIELD_SYSTEM_TAGS(field) uint32_t field;    /* bits of enum systag */
#define PLAN_FIELD_ANY(field)         const char *field; /* JSON text, or NULL */

/* One layer. Fields are those of options.def: `vus`, `batch_per_host`, `discard_response_bodies` …
 */
struct plan_options {
    struct arena *arena;
    uint64_t set[(PLAN_OPTION_COUNT + 63) / 64];
#define OPTION(id, field, type, scope, json, cli, short_, env, dflt, help) PLAN_FIELD_##type(field)
#include "plan/options.def"
#undef OPTION
};

static inline bool plan_is_set(const struct plan_options *o, enum plan_option id)
{
    return o->set[id / 64] >> (id % 64) & 1;
}

/* --- making layers --- */

/* Where a value came from; decides the rules of its text and the words of messages. */
enum plan_tier {
    PLAN_TIER_DEFAULT,
    PLAN_TIER_CONFIG,
    PLAN_TIER_SCRIPT,
    PLAN_TIER_ENV,
    PLAN_TIER_CLI,
};

/* Every field at its default, nothing set. */
void plan_options_init(struct plan_options *o, struct arena *arena);

/*
 * Reads the JSON text of a script's `options` (tier SCRIPT) or of a configuration file (CONFIG).
 * What goes beyond the table is a warning, added to `warnings`; a wrong type or value is a fault
 * that names the field and what was expected.
 */
MUST_USE int plan_options_from_json(struct plan_options *o, enum plan_tier tier, struct str json,
                                    struct plan_strings *warnings);

/* The value of an environment variable, or NULL. */
typedef const char *(plan_env_fn)(void *arg, const char *name);

/* Takes every variable of the table that is there and not empty. */
MUST_USE int plan_options_from_env(struct plan_options *o, plan_env_fn *get, void *arg);

/*
 * Takes one value from the command line; NULL means that the flag stood alone (`--throw`,
 * `--http-debug`). Flags that may be repeated add to what is there. Faults are FAULT_EXIT(255) for
 * a text that is not of the flag's type.
 */
MUST_USE int plan_options_from_cli(struct plan_options *o, enum plan_option id, const char *text);

/* The option with this long flag (no dashes) or this short one, or PLAN_OPTION_COUNT. */
enum plan_option plan_option_by_flag(struct str name);
enum plan_option plan_option_by_short(char c);

/*
 * Lays `upper` over `lower`: what is set in it replaces, except that the members of `dns` merge one
 * by one, and that setting any of duration, iterations, stages and scenarios clears all four below,
 * which is worth a warning when scenarios are lost.
 */
void plan_options_apply(struct plan_options *lower, const struct plan_options *upper,
                        enum plan_tier tier, struct plan_strings *warnings);

/* --- showing them --- */

enum plan_json_form {
    PLAN_JSON_SET,     /* set options only: for changing a script's exported `options` */
    PLAN_JSON_INSPECT, /* all of scope SCRIPT, null where not set: for `brunt inspect` */
    PLAN_JSON_EXEC,    /* exec.test.options: without the shortcuts, with consoleOutput, localIPs */
};

/* Appends one JSON object; `indent` 0 for one line. Keys and passwords of tlsAuth come as "***". */
void plan_options_json(const struct plan_options *o, enum plan_json_form form, int indent,
                       struct buf *out);

/*
 * The table as rows for base/opt.h, in order: those with a flag. `offset` is where the `struct
 * plan_options` lies in the object that opt_parse() fills; it must have been initialised. Rows read
 * no environment: plan_options_from_env() does. Returns how many.
 */
size_t plan_option_opt_rows(size_t offset, struct opt_row ret_rows[PLAN_OPTION_COUNT]);

/* --- for the folder --- */

/* Appends a copy of the text to a list in the arena. */
void plan_strings_add(struct plan_strings *list, struct arena *arena, const char *text);

/* The value of a name, or NULL. */
const char *plan_map_get(const struct plan_map *map, const char *name);
