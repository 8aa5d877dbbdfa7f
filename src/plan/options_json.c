/*
 * Options from JSON: what a script exports, and the configuration file. A null is as good as
 * nothing; a field of a wrong type stops everything, because a test that runs with other settings
 * than were meant measures something else.
 */
#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "base/duration.h"
#include "base/mem.h"
#include "metric/systag.h"
#include "plan/options_priv.h"

enum {
    BRIEF_BYTES = 60, /* of a value that is shown in a message */
};

static struct str json_text(json_t *value)
{
    return str_from(json_string_value(value), json_string_length(value));
}

const char *plan_json_brief(json_t *value, struct arena *arena)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    struct str brief = str_of(text ? text : "?");
    const char *copy = brief.n > BRIEF_BYTES ? arena_printf(arena, "%.*s…", BRIEF_BYTES, brief.p)
                                             : plan_copy(arena, brief);

    free(text);
    return copy;
}

/* --- values of C types --- */

int plan_json_to_int(json_t *value, int64_t *ret_n)
{
    if (json_is_string(value))
        return str_i64(json_text(value), ret_n) ? 0 : PLAN_E_TYPE;
    if (json_is_integer(value)) {
        *ret_n = json_integer_value(value);
        return 0;
    }
    double n = json_real_value(value);

    if (!json_is_real(value) || trunc(n) != n || fabs(n) > 0x1p53)
        return PLAN_E_TYPE;
    *ret_n = (int64_t)n;
    return 0;
}

int plan_json_to_number(json_t *value, double *ret_n)
{
    if (json_is_string(value))
        return str_f64(json_text(value), ret_n) ? 0 : PLAN_E_TYPE;
    if (!json_is_number(value))
        return PLAN_E_TYPE;
    *ret_n = json_number_value(value);
    return 0;
}

int plan_json_to_duration(json_t *value, span_ns *ret_span)
{
    int r = PLAN_E_TYPE;

    if (json_is_string(value)) {
        r = duration_parse(json_text(value), ret_span);
    } else if (json_is_number(value)) {
        r = duration_from_ms(json_number_value(value), ret_span);
    }
    return r ? PLAN_E_TYPE : 0;
}

int plan_json_to_string(json_t *value, struct arena *arena, const char **ret_text)
{
    if (!json_is_string(value))
        return PLAN_E_TYPE;
    *ret_text = plan_copy(arena, json_text(value));
    return 0;
}

int plan_json_to_map(json_t *value, struct arena *arena, struct plan_map *ret_map)
{
    struct plan_map map = {0};
    const char *key = NULL;
    json_t *item = NULL;

    if (!json_is_object(value))
        return PLAN_E_TYPE;
    json_object_foreach(value, key, item)
    {
        if (!json_is_string(item)) {
            return fault(-EINVAL, "the value of '%s' must be a string, not %s", key,
                         plan_json_brief(item, arena));
        }
        plan_push(arena, &map) =
            (struct plan_pair){plan_copy(arena, str_of(key)), plan_copy(arena, json_text(item))};
    }
    *ret_map = map;
    return 0;
}

/* One stage; a part that is not there is not set, which is for others to judge. */
static int to_stage(json_t *value, struct arena *arena, struct plan_stage *ret_stage)
{
    struct plan_stage stage = {0};
    const char *key = NULL;
    json_t *item = NULL;

    if (!json_is_object(value))
        return PLAN_E_TYPE;
    json_object_foreach(value, key, item)
    {
        int r = 0;

        if (json_is_null(item))
            continue;
        if (str_is(STR("duration"), key)) {
            r = plan_json_to_duration(item, &stage.duration);
            stage.has_duration = true;
        } else if (str_is(STR("target"), key)) {
            r = plan_json_to_int(item, &stage.target);
            stage.has_target = true;
        } else {
            return fault(-EINVAL, "a stage has an unknown field '%s'", key);
        }
        if (r)
            return fault(-EINVAL, "invalid %s of a stage: %s", key, plan_json_brief(item, arena));
    }
    *ret_stage = stage;
    return 0;
}

int plan_json_to_stages(json_t *value, struct arena *arena, struct plan_stages *ret_stages)
{
    struct plan_stages stages = {0};

    if (!json_is_array(value))
        return PLAN_E_TYPE;
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct plan_stage stage;
        int r = to_stage(json_array_get(value, i), arena, &stage);

        if (r)
            return r;
        plan_push(arena, &stages) = stage;
    }
    *ret_stages = stages;
    return 0;
}

/* --- readers, one for each type of option --- */

int plan_json_bool(struct plan_slot *slot, json_t *value)
{
    if (!json_is_boolean(value))
        return PLAN_E_TYPE;
    *(bool *)slot->field = json_is_true(value);
    return 0;
}

int plan_json_int(struct plan_slot *slot, json_t *value)
{
    return plan_json_to_int(value, slot->field);
}

int plan_json_number(struct plan_slot *slot, json_t *value)
{
    return plan_json_to_number(value, slot->field);
}

int plan_json_duration(struct plan_slot *slot, json_t *value)
{
    return plan_json_to_duration(value, slot->field);
}

int plan_json_string(struct plan_slot *slot, json_t *value)
{
    return plan_json_to_string(value, slot->o->arena, slot->field);
}

int plan_json_any(struct plan_slot *slot, json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    if (!text)
        return PLAN_E_TYPE;
    *(const char **)slot->field = plan_copy(slot->o->arena, str_of(text));
    free(text);
    return 0;
}

int plan_json_list(struct plan_slot *slot, json_t *value)
{
    if (!json_is_array(value))
        return PLAN_E_TYPE;
    *(struct plan_strings *)slot->field = (struct plan_strings){0};
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *item = json_array_get(value, i);

        if (!json_is_string(item))
            return PLAN_E_TYPE;
        TRY(plan_list_add(slot, json_text(item)));
    }
    return 0;
}

int plan_json_repeat(struct plan_slot *slot, json_t *value)
{
    if (!json_is_string(value))
        return plan_json_list(slot, value);
    *(struct plan_strings *)slot->field = (struct plan_strings){0};
    return plan_list_add(slot, json_text(value));
}

int plan_json_map(struct plan_slot *slot, json_t *value)
{
    return plan_json_to_map(value, slot->o->arena, slot->field);
}

/* Stages that last for no time said are dropped here; those of scenarios are an error. */
int plan_json_stages(struct plan_slot *slot, json_t *value)
{
    struct plan_stages all = {0};
    struct plan_stages *kept = slot->field;
    int r = plan_json_to_stages(value, slot->o->arena, &all);

    if (r)
        return r;
    *kept = (struct plan_stages){0};
    for (size_t i = 0; i < all.n; i++) {
        if (all.items[i].has_duration)
            plan_push(slot->o->arena, kept) = all.items[i];
    }
    return 0;
}

int plan_json_segment(struct plan_slot *slot, json_t *value)
{
    return json_is_string(value) ? plan_text_segment(slot, json_text(value)) : PLAN_E_TYPE;
}

int plan_json_sequence(struct plan_slot *slot, json_t *value)
{
    return json_is_string(value) ? plan_text_sequence(slot, json_text(value)) : PLAN_E_TYPE;
}

int plan_json_system_tags(struct plan_slot *slot, json_t *value)
{
    uint32_t bits = 0;

    if (!json_is_array(value))
        return PLAN_E_TYPE;
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *item = json_array_get(value, i);

        if (!json_is_string(item))
            return PLAN_E_TYPE;
        bits |= systag_find(json_text(item));
    }
    /* An empty list leaves the default as it is. */
    if (!json_array_size(value))
        return PLAN_E_UNSET;
    *(uint32_t *)slot->field = bits;
    return 0;
}

int plan_json_dns(struct plan_slot *slot, json_t *value)
{
    const char *key = NULL;
    json_t *item = NULL;

    if (!json_is_object(value))
        return PLAN_E_TYPE;
    json_object_foreach(value, key, item)
    {
        if (json_is_null(item))
            continue;
        scoped(freep) char *number =
            json_is_number(item) ? json_dumps(item, JSON_ENCODE_ANY) : NULL;

        if (!json_is_string(item) && !number)
            return PLAN_E_TYPE;
        TRY(plan_dns_member(slot->field, slot->o->arena, str_of(key),
                            number ? str_of(number) : json_text(item)));
    }
    return 0;
}

int plan_json_tls_version(struct plan_slot *slot, json_t *value)
{
    struct plan_tls_versions *v = slot->field;
    json_t *min = json_is_object(value) ? json_object_get(value, "min") : value;
    json_t *max = json_is_object(value) ? json_object_get(value, "max") : value;

    *v = (struct plan_tls_versions){0};
    if (!json_is_object(value) && !json_is_string(value))
        return PLAN_E_TYPE;
    if ((min && !json_is_string(min)) || (max && !json_is_string(max)))
        return PLAN_E_TYPE;
    if (min)
        TRY(plan_tls_version_parse(json_text(min), &v->min));
    if (max)
        TRY(plan_tls_version_parse(json_text(max), &v->max));
    return 0;
}

static int to_tls_auth(struct plan_slot *slot, json_t *value, struct plan_tls_auth *ret_auth)
{
    struct arena *arena = slot->o->arena;
    struct plan_tls_auth auth = {0};
    json_t *password = json_object_get(value, "password");
    json_t *domains = json_object_get(value, "domains");

    if (plan_json_to_string(json_object_get(value, "cert"), arena, &auth.cert) ||
        plan_json_to_string(json_object_get(value, "key"), arena, &auth.key))
        return PLAN_E_TYPE;
    if (password && !json_is_null(password) && plan_json_to_string(password, arena, &auth.password))
        return PLAN_E_TYPE;
    for (size_t i = 0; i < json_array_size(domains); i++) {
        json_t *domain = json_array_get(domains, i);

        if (!json_is_string(domain))
            return PLAN_E_TYPE;
        plan_push(arena, &auth.domains) = plan_copy(arena, json_text(domain));
    }
    if (auth.domains.n && slot->warnings) {
        plan_strings_add(slot->warnings, arena,
                         "tlsAuth.domains option could be removed in the next releases, it's "
                         "recommended to leave it empty and let k6 automatically detect from the "
                         "provided certificate. It follows the Go's NameToCertificate deprecation");
    }
    *ret_auth = auth;
    return 0;
}

int plan_json_tls_auth(struct plan_slot *slot, json_t *value)
{
    struct plan_tls_auths *auths = slot->field;

    *auths = (struct plan_tls_auths){0};
    if (!json_is_array(value))
        return PLAN_E_TYPE;
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct plan_tls_auth auth;

        if (to_tls_auth(slot, json_array_get(value, i), &auth))
            return PLAN_E_TYPE;
        plan_push(slot->o->arena, auths) = auth;
    }
    return 0;
}

/* Reads an option that has no text form of its own from JSON in a variable. */
int plan_from_json_text(struct plan_slot *slot, struct str text)
{
    json_t *value = json_loadb(text.p ? text.p : "", text.n, JSON_DECODE_ANY, NULL);
    int r =
        value ? plan_types[plan_option_rows[slot->id].type].from_json(slot, value) : PLAN_E_TYPE;

    json_decref(value);
    return r;
}

int plan_text_scenarios(struct plan_slot *slot, struct str text)
{
    return plan_from_json_text(slot, text);
}

int plan_text_tls_version(struct plan_slot *slot, struct str text)
{
    return plan_from_json_text(slot, text);
}

int plan_text_tls_auth(struct plan_slot *slot, struct str text)
{
    return plan_from_json_text(slot, text);
}

/* --- the whole --- */

static enum plan_option find_json(const char *key, enum plan_tier tier)
{
    enum plan_option id = 0;

    for (; id < PLAN_OPTION_COUNT; id++) {
        const struct plan_option_row *row = &plan_option_rows[id];

        if (row->json && str_is(str_of(key), row->json) &&
            (row->scope != PLAN_SCOPE_CONFIG || tier == PLAN_TIER_CONFIG))
            break;
    }
    return id;
}

static int take_member(struct plan_options *o, enum plan_option id, enum plan_tier tier,
                       json_t *value, struct plan_strings *warnings)
{
    const struct plan_type *type = &plan_types[plan_option_rows[id].type];
    struct plan_slot slot = {
        .o = o, .id = id, .tier = tier, .field = plan_field(o, id), .warnings = warnings};
    const char *name = plan_option_rows[id].json;

    if (json_is_null(value))
        return 0;
    int r = type->from_json(&slot, value);

    if (r == PLAN_E_TYPE) {
        return fault(FAULT_EXIT(104), "invalid value of option '%s': expected %s, got %s", name,
                     type->expected, plan_json_brief(value, o->arena));
    }
    if (r < 0)
        return fault(FAULT_EXIT(104), "invalid value of option '%s': %s", name, fault_text());
    if (r == 0)
        plan_mark(o, id);
    return 0;
}

static int take_object(struct plan_options *o, enum plan_tier tier, json_t *object,
                       struct plan_strings *warnings)
{
    struct buf unknown = {0};
    const char *key = NULL;
    json_t *value = NULL;
    int r = 0;

    json_object_foreach(object, key, value)
    {
        enum plan_option id = find_json(key, tier);

        if (id == PLAN_OPTION_COUNT) {
            buf_printf(&unknown, "%s\"%.100s\"", unknown.len ? ", " : "", key);
            continue;
        }
        r = take_member(o, id, tier, value, warnings);
        if (r)
            break;
    }
    if (r == 0 && unknown.len) {
        plan_push(o->arena, warnings) = arena_printf(
            o->arena, "There were unknown fields in the options %s: %s",
            tier == PLAN_TIER_CONFIG ? "of the configuration file" : "exported in the script",
            buf_cstr(&unknown));
    }
    buf_fini(&unknown);
    return r;
}

int plan_options_from_json(struct plan_options *o, enum plan_tier tier, struct str json,
                           struct plan_strings *warnings)
{
    const char *what = tier == PLAN_TIER_CONFIG ? "the configuration file" : "the script's options";
    json_error_t error;
    json_t *object = json_loadb(json.p ? json.p : "", json.n, JSON_DECODE_ANY, &error);
    int r = 0;

    if (!object) {
        return fault(FAULT_EXIT(104), "cannot parse %s: line %d, column %d: %s", what, error.line,
                     error.column, error.text);
    }
    if (json_is_object(object)) {
        r = take_object(o, tier, object, warnings);
    } else if (!json_is_null(object)) {
        r = fault(FAULT_EXIT(104), "%s must be an object, not %s", what,
                  plan_json_brief(object, o->arena));
    }
    json_decref(object);
    return r;
}
