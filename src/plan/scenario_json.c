/* Scenarios from JSON. Unlike options, a scenario has no field that nobody knows. */
#include <errno.h>
#include <jansson.h>

#include "plan/options_priv.h"

static int take_field(struct plan_scenario *s, enum plan_field field, json_t *value,
                      struct arena *arena)
{
    const struct plan_field_row *row = &plan_field_rows[field];
    void *at = (char *)s + row->offset;
    int r = PLAN_E_TYPE;

    switch (row->type) {
    case PLAN_TYPE_INT:
        r = plan_json_to_int(value, at);
        break;
    case PLAN_TYPE_NUMBER:
        r = plan_json_to_number(value, at);
        break;
    case PLAN_TYPE_DURATION:
        r = plan_json_to_duration(value, at);
        break;
    case PLAN_TYPE_STRING:
        r = plan_json_to_string(value, arena, at);
        break;
    case PLAN_TYPE_MAP:
        r = plan_json_to_map(value, arena, at);
        break;
    case PLAN_TYPE_STAGES:
        r = plan_json_to_stages(value, arena, at);
        break;
    default: {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

        if (text)
            *(const char **)at = plan_copy(arena, str_of(text));
        free(text);
        r = text ? 0 : PLAN_E_TYPE;
        break;
    }
    }
    if (r == PLAN_E_TYPE) {
        return fault(-EINVAL, "scenario '%s': invalid %s: expected %s, got %s", s->name, row->json,
                     plan_types[row->type].expected, plan_json_brief(value, arena));
    }
    if (r < 0)
        return fault(-EINVAL, "scenario '%s': invalid %s: %s", s->name, row->json, fault_text());
    s->set |= 1U << field;
    return 0;
}

static enum plan_field find_field(enum plan_executor e, const char *key)
{
    enum plan_field field = 0;

    while (field < PLAN_F_COUNT &&
           !(plan_executor_has(e, field) && str_is(str_of(key), plan_field_rows[field].json)))
        field++;
    return field;
}

static int to_scenario(const char *name, json_t *value, struct arena *arena,
                       struct plan_scenario *ret_scenario)
{
    const char *type = json_string_value(json_object_get(value, "executor"));
    const char *key = NULL;
    json_t *item = NULL;

    if (!json_is_object(value)) {
        return fault(-EINVAL, "scenario '%s' must be an object, not %s", name,
                     plan_json_brief(value, arena));
    }
    if (!type || !*type)
        return fault(-EINVAL, "scenario '%s' doesn't have a specified executor type", name);
    enum plan_executor e = plan_executor_find(str_of(type));

    if (e == PLAN_EXECUTOR_COUNT)
        return fault(-EINVAL, "scenario '%s': unknown executor type '%s'", name, type);
    plan_scenario_init(ret_scenario, plan_copy(arena, str_of(name)), e);
    json_object_foreach(value, key, item)
    {
        enum plan_field field = find_field(e, key);

        if (str_is(str_of(key), "executor"))
            continue;
        if (field == PLAN_F_COUNT) {
            return fault(-EINVAL, "scenario '%s': unknown field \"%s\" for executor %s", name, key,
                         type);
        }
        if (!json_is_null(item))
            TRY(take_field(ret_scenario, field, item, arena));
    }
    plan_scenario_finish(ret_scenario);
    return 0;
}

int plan_json_scenarios(struct plan_slot *slot, json_t *value)
{
    struct plan_scenarios *all = slot->field;
    const char *name = NULL;
    json_t *item = NULL;

    *all = (struct plan_scenarios){0};
    if (!json_is_object(value))
        return PLAN_E_TYPE;
    json_object_foreach(value, name, item)
    {
        TRY(to_scenario(name, item, slot->o->arena, &plan_push(slot->o->arena, all)));
    }
    return 0;
}
