/*
 * The option table and what is done to whole layers. How a value of some type is read and shown is
 * in options_json.c, options_text.c and options_show.c; rows of plan_types tie them together.
 */
#include "plan/options.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "plan/options_priv.h"

const struct plan_option_row plan_option_rows[PLAN_OPTION_COUNT] = {
#define OPTION(id, field, type_, scope_, json_, cli_, short_, env_, dflt_, help_) \
    [PLAN_##id] = {.json = (json_),                                               \
                   .cli = (cli_),                                                 \
                   .short_flag = (short_),                                        \
                   .env = (env_),                                                 \
                   .dflt = (dflt_),                                               \
                   .help = (help_),                                               \
                   .type = PLAN_TYPE_##type_,                                     \
                   .scope = PLAN_SCOPE_##scope_,                                  \
                   .offset = offsetof(struct plan_options, field)},
#include "plan/options.def"
#undef OPTION
};

#define TYPE(ID, id, field_type, words) \
    [PLAN_TYPE_##ID] = {words, sizeof(field_type), plan_json_##id, plan_text_##id, plan_show_##id}

const struct plan_type plan_types[PLAN_TYPE_COUNT] = {
    TYPE(BOOL, bool, bool, "true or false"),
    TYPE(INT, int, int64_t, "an integer"),
    TYPE(NUMBER, number, double, "a number"),
    TYPE(DURATION, duration, span_ns, "a duration such as \"1m30s\""),
    TYPE(STRING, string, const char *, "a string"),
    TYPE(LIST, list, struct plan_strings, "a list of strings"),
    TYPE(REPEAT, repeat, struct plan_strings, "a list of strings"),
    TYPE(MAP, map, struct plan_map, "names with strings as their values"),
    TYPE(STAGES, stages, struct plan_stages, "a list of stages with duration and target"),
    TYPE(SCENARIOS, scenarios, struct plan_scenarios, "an object of scenarios by name"),
    TYPE(SEGMENT, segment, struct plan_segment, "a segment such as \"0:1/4\""),
    TYPE(SEQUENCE, sequence, struct plan_sequence, "borders such as \"0,1/4,1/2,1\""),
    TYPE(DNS, dns, struct plan_dns, "an object with ttl, select and policy"),
    TYPE(TLS_VERSION, tls_version, struct plan_tls_versions,
         "a version such as \"tls1.2\" or an object with min and max"),
    TYPE(TLS_AUTH, tls_auth, struct plan_tls_auths, "a list of objects with cert and key"),
    TYPE(THRESHOLDS, thresholds, struct plan_thresholds,
         "an object of lists of thresholds by metric"),
    TYPE(SYSTEM_TAGS, system_tags, uint32_t, "a list of names"),
    TYPE(ANY, any, const char *, "anything"),
};

/* --- small things --- */

void *plan_grow(struct arena *arena, void *items, size_t n, size_t *cap, size_t size)
{
    if (n == *cap) {
        size_t more = *cap ? *cap * 2 : 4;
        char *bigger = arena_zalloc(arena, more * size);

        if (n)
            memcpy(bigger, items, n * size);
        items = bigger;
        *cap = more;
    }
    return items;
}

const char *plan_copy(struct arena *arena, struct str text)
{
    return arena_str(arena, text).p;
}

void plan_strings_add(struct plan_strings *list, struct arena *arena, const char *text)
{
    plan_push(arena, list) = plan_copy(arena, str_of(text));
}

const char *plan_map_get(const struct plan_map *map, const char *name)
{
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->items[i].name, name) == 0)
            return map->items[i].value;
    }
    return NULL;
}

void plan_map_set(struct plan_map *map, struct arena *arena, struct str name, struct str value)
{
    const char *copy = plan_copy(arena, value);

    for (size_t i = 0; i < map->n; i++) {
        if (str_is(name, map->items[i].name)) {
            map->items[i].value = copy;
            return;
        }
    }
    plan_push(arena, map) = (struct plan_pair){plan_copy(arena, name), copy};
}

/* --- layers --- */

void plan_options_init(struct plan_options *o, struct arena *arena)
{
    *o = (struct plan_options){.arena = arena};
    for (enum plan_option id = 0; id < PLAN_OPTION_COUNT; id++) {
        const struct plan_option_row *row = &plan_option_rows[id];

        if (row->dflt) {
            int r = plan_option_take_text(o, id, PLAN_TIER_DEFAULT, str_of(row->dflt));

            assert(r == 0);
            ignored(r);
            plan_unmark(o, id);
        } else if (row->type == PLAN_TYPE_STRING) {
            *(const char **)plan_field(o, id) = "";
        }
    }
    o->execution_segment.from = (struct plan_fraction){0, 1};
    o->execution_segment.to = (struct plan_fraction){1, 1};
    /* The members of a default were not set by anybody. */
    o->dns.has_ttl = o->dns.has_select = o->dns.has_policy = false;
}

int plan_option_take_text(struct plan_options *o, enum plan_option id, enum plan_tier tier,
                          struct str text)
{
    struct plan_slot slot = {.o = o, .id = id, .tier = tier, .field = plan_field(o, id)};
    int r = plan_types[plan_option_rows[id].type].from_text(&slot, text);

    if (r == 0)
        plan_mark(o, id);
    return r;
}

/* Turns what a reader of text returned into a fault that says which value it was. */
static int blame(int r, int code, const char *where, enum plan_option id, struct str text)
{
    if (r == 0 || r == PLAN_E_UNSET)
        return 0;
    if (r == PLAN_E_TYPE) {
        return fault(code, "invalid value '%.*s' for %s: expected %s", STR_ARG(text), where,
                     plan_types[plan_option_rows[id].type].expected);
    }

    scoped(freep) char *why = xstrdup(fault_text());

    return fault(code, "invalid value '%.*s' for %s: %s", STR_ARG(text), where, why);
}

int plan_options_from_env(struct plan_options *o, plan_env_fn *get, void *arg)
{
    for (enum plan_option id = 0; id < PLAN_OPTION_COUNT; id++) {
        const char *name = plan_option_rows[id].env;
        const char *text = name ? get(arg, name) : NULL;

        if (!text || !*text)
            continue;
        int r = plan_option_take_text(o, id, PLAN_TIER_ENV, str_of(text));

        TRY(blame(r, FAULT_EXIT(104), name, id, str_of(text)));
    }
    return 0;
}

int plan_options_from_cli(struct plan_options *o, enum plan_option id, const char *text)
{
    const struct plan_option_row *row = &plan_option_rows[id];

    if (!text)
        text = row->type == PLAN_TYPE_BOOL ? "true" : id == PLAN_HTTP_DEBUG ? "headers" : NULL;
    if (!text)
        return fault(FAULT_EXIT(255), "--%s needs a value", row->cli);

    scoped(freep) char *where = xasprintf("--%s", row->cli);
    int r = plan_option_take_text(o, id, PLAN_TIER_CLI, str_of(text));

    return blame(r, FAULT_EXIT(255), where, id, str_of(text));
}

enum plan_option plan_option_by_flag(struct str name)
{
    enum plan_option id = 0;

    while (id < PLAN_OPTION_COUNT &&
           !(plan_option_rows[id].cli && str_is(name, plan_option_rows[id].cli)))
        id++;
    return id;
}

enum plan_option plan_option_by_short(char c)
{
    enum plan_option id = 0;

    while (id < PLAN_OPTION_COUNT && !(c && plan_option_rows[id].short_flag == c))
        id++;
    return id;
}

/* --- rows for the command line --- */

static int take_flag(void *object, const struct opt_row *row, const char *value)
{
    const struct plan_option_row *option = row->call_arg;
    struct plan_options *o = (struct plan_options *)((char *)object + row->offset);

    return plan_options_from_cli(o, (enum plan_option)(option - plan_option_rows), value);
}

static const char *value_name(enum plan_option_type type)
{
    static const char *const names[PLAN_TYPE_COUNT] = {
        [PLAN_TYPE_INT] = "N",
        [PLAN_TYPE_NUMBER] = "N",
        [PLAN_TYPE_DURATION] = "DURATION",
        [PLAN_TYPE_LIST] = "LIST",
        [PLAN_TYPE_SYSTEM_TAGS] = "LIST",
        [PLAN_TYPE_MAP] = "NAME=VALUE",
        [PLAN_TYPE_STAGES] = "DURATION:TARGET",
        [PLAN_TYPE_SEGMENT] = "SEGMENT",
        [PLAN_TYPE_SEQUENCE] = "LIST",
        [PLAN_TYPE_DNS] = "SETTINGS",
        [PLAN_TYPE_THRESHOLDS] = "'METRIC: CONDITION'",
    };

    return names[type] ? names[type] : "VALUE";
}

size_t plan_option_opt_rows(size_t offset, struct opt_row ret_rows[PLAN_OPTION_COUNT])
{
    static const char *const headings[] = {
        [PLAN_SCOPE_SCRIPT] = "Options of the test",
        [PLAN_SCOPE_CONFIG] = "Outputs",
        [PLAN_SCOPE_RUNTIME] = "Running",
        [PLAN_SCOPE_GLOBAL] = "Configuration and logs",
        [PLAN_SCOPE_OURS] = "Options of the test",
    };
    size_t n = 0;

    for (enum plan_option id = 0; id < PLAN_OPTION_COUNT; id++) {
        const struct plan_option_row *row = &plan_option_rows[id];

        if (!row->cli)
            continue;
        ret_rows[n++] = (struct opt_row){
            .name = row->cli,
            .short_name = row->short_flag,
            .type = OPT_CALL,
            .offset = offset,
            .value_name = value_name(row->type),
            .implied = id == PLAN_HTTP_DEBUG ? "headers" : NULL,
            .group = headings[row->scope],
            .help = row->help,
            .call = take_flag,
            .call_arg = row,
            .is_flag = row->type == PLAN_TYPE_BOOL,
        };
    }
    return n;
}

/* --- merging --- */

static const enum plan_option shortcuts[] = {PLAN_DURATION, PLAN_ITERATIONS, PLAN_STAGES,
                                             PLAN_SCENARIOS};

static void clear(struct plan_options *o, enum plan_option id)
{
    memset(plan_field(o, id), 0, plan_types[plan_option_rows[id].type].size);
    plan_unmark(o, id);
}

/* A layer that says how to run says it all: what lower layers said about that is dropped. */
static void clear_shortcuts(struct plan_options *lower, const struct plan_options *upper,
                            enum plan_tier tier, struct plan_strings *warnings)
{
    static const char *const tiers[] = {"default", "config", "script", "env", "cli"};
    bool any = false;

    for (size_t i = 0; i < countof(shortcuts); i++)
        any |= plan_is_set(upper, shortcuts[i]);
    if (!any)
        return;
    if (lower->scenarios.n) {
        plan_push(lower->arena, warnings) = arena_printf(
            lower->arena, "\"%s\" level configuration overrode scenarios configuration entirely",
            tiers[tier]);
    }
    for (size_t i = 0; i < countof(shortcuts); i++)
        clear(lower, shortcuts[i]);
    /* --rate: a script's `vus` would make users out of it again. */
    if (tier == PLAN_TIER_CLI && plan_is_set(upper, PLAN_SCENARIOS))
        clear(lower, PLAN_VUS);
}

static void merge_dns(struct plan_dns *lower, const struct plan_dns *upper)
{
    if (upper->has_ttl) {
        lower->ttl = upper->ttl;
        lower->ttl_text = upper->ttl_text;
    }
    if (upper->has_select)
        lower->select = upper->select;
    if (upper->has_policy)
        lower->policy = upper->policy;
    lower->has_ttl |= upper->has_ttl;
    lower->has_select |= upper->has_select;
    lower->has_policy |= upper->has_policy;
}

static bool has_feature(const struct plan_options *o, const char *name)
{
    for (size_t i = 0; i < o->features.n; i++) {
        if (strcmp(o->features.items[i], name) == 0)
            return true;
    }
    return false;
}

/* Under the feature merge-run-tags, tags of layers add up; the upper one wins per name. */
static void merge_tags(struct plan_options *lower, const struct plan_options *upper)
{
    struct plan_map merged = {0};

    for (size_t i = 0; i < lower->tags.n; i++)
        plan_push(lower->arena, &merged) = lower->tags.items[i];
    for (size_t i = 0; i < upper->tags.n; i++) {
        plan_map_set(&merged, lower->arena, str_of(upper->tags.items[i].name),
                     str_of(upper->tags.items[i].value));
    }
    lower->tags = merged;
}

void plan_options_apply(struct plan_options *lower, const struct plan_options *upper,
                        enum plan_tier tier, struct plan_strings *warnings)
{
    clear_shortcuts(lower, upper, tier, warnings);
    for (enum plan_option id = 0; id < PLAN_OPTION_COUNT; id++) {
        if (!plan_is_set(upper, id))
            continue;
        /* The flags that count were chosen before any layer was merged (plan_build). */
        if (id == PLAN_DNS) {
            merge_dns(&lower->dns, &upper->dns);
        } else if (id == PLAN_TAGS && has_feature(lower, "merge-run-tags")) {
            merge_tags(lower, upper);
        } else if (id == PLAN_THRESHOLDS && tier == PLAN_TIER_CLI) {
            plan_thresholds_join(&lower->thresholds, &upper->thresholds, lower->arena);
        } else if (id != PLAN_FEATURES || tier != PLAN_TIER_SCRIPT) {
            memcpy(plan_field(lower, id), plan_field_const(upper, id),
                   plan_types[plan_option_rows[id].type].size);
        }
        plan_mark(lower, id);
    }
}
