/* Options back to JSON, under the names that scripts know. */
#include <stdlib.h>

#include "base/duration.h"
#include "metric/systag.h"
#include "plan/options_priv.h"

void plan_show_bool(const void *field, struct json_out *j)
{
    json_put_bool(j, *(const bool *)field);
}

void plan_show_int(const void *field, struct json_out *j)
{
    json_put_int(j, *(const int64_t *)field);
}

void plan_show_number(const void *field, struct json_out *j)
{
    json_put_f64(j, *(const double *)field);
}

void plan_duration_show(span_ns span, struct json_out *j)
{
    char text[DURATION_TEXT_BYTES];

    json_put_cstr(j, duration_format(span, text));
}

void plan_show_duration(const void *field, struct json_out *j)
{
    plan_duration_show(*(const span_ns *)field, j);
}

void plan_show_string(const void *field, struct json_out *j)
{
    json_put_cstr(j, *(const char *const *)field);
}

void plan_show_any(const void *field, struct json_out *j)
{
    json_put_raw(j, str_of(*(const char *const *)field));
}

void plan_show_list(const void *field, struct json_out *j)
{
    const struct plan_strings *list = field;

    json_open_array(j);
    for (size_t i = 0; i < list->n; i++)
        json_put_cstr(j, list->items[i]);
    json_close(j);
}

void plan_show_repeat(const void *field, struct json_out *j)
{
    plan_show_list(field, j);
}

void plan_map_show(const struct plan_map *map, struct json_out *j)
{
    json_open_object(j);
    for (size_t i = 0; i < map->n; i++) {
        json_key(j, map->items[i].name);
        json_put_cstr(j, map->items[i].value);
    }
    json_close(j);
}

void plan_show_map(const void *field, struct json_out *j)
{
    plan_map_show(field, j);
}

void plan_stages_show(const struct plan_stages *stages, struct json_out *j)
{
    json_open_array(j);
    for (size_t i = 0; i < stages->n; i++) {
        const struct plan_stage *stage = &stages->items[i];

        json_open_object(j);
        json_key(j, "duration");
        if (stage->has_duration) {
            plan_duration_show(stage->duration, j);
        } else {
            json_put_null(j);
        }
        json_key(j, "target");
        if (stage->has_target) {
            json_put_int(j, stage->target);
        } else {
            json_put_null(j);
        }
        json_close(j);
    }
    json_close(j);
}

void plan_show_stages(const void *field, struct json_out *j)
{
    plan_stages_show(field, j);
}

void plan_show_dns(const void *field, struct json_out *j)
{
    static const char *const selects[] = {"first", "random", "roundRobin"};
    static const char *const policies[] = {"preferIPv4", "preferIPv6", "onlyIPv4", "onlyIPv6",
                                           "any"};
    const struct plan_dns *dns = field;

    json_open_object(j);
    json_key(j, "ttl");
    json_put_cstr(j, dns->has_ttl ? dns->ttl_text : NULL);
    json_key(j, "select");
    json_put_cstr(j, dns->has_select ? selects[dns->select] : NULL);
    json_key(j, "policy");
    json_put_cstr(j, dns->has_policy ? policies[dns->policy] : NULL);
    json_close(j);
}

static const char *tls_version_name(enum plan_tls_version version)
{
    static const char *const names[] = {"tls1.0", "tls1.1", "tls1.2", "tls1.3"};

    return version == PLAN_TLS_ANY ? "" : names[version - PLAN_TLS_1_0];
}

void plan_show_tls_version(const void *field, struct json_out *j)
{
    const struct plan_tls_versions *v = field;

    json_open_object(j);
    json_key(j, "min");
    json_put_cstr(j, tls_version_name(v->min));
    json_key(j, "max");
    json_put_cstr(j, tls_version_name(v->max));
    json_close(j);
}

/* What is secret in a certificate's entry never leaves the process. */
void plan_show_tls_auth(const void *field, struct json_out *j)
{
    const struct plan_tls_auths *auths = field;

    json_open_array(j);
    for (size_t i = 0; i < auths->n; i++) {
        const struct plan_tls_auth *auth = &auths->items[i];

        json_open_object(j);
        json_key(j, "cert");
        json_put_cstr(j, auth->cert);
        json_key(j, "key");
        json_put_cstr(j, "***");
        json_key(j, "password");
        json_put_cstr(j, auth->password ? "***" : NULL);
        json_key(j, "domains");
        plan_show_list(&auth->domains, j);
        json_close(j);
    }
    json_close(j);
}

static void show_threshold(const struct plan_threshold *t, struct json_out *j)
{
    if (!t->long_form) {
        json_put_cstr(j, t->source);
        return;
    }
    json_open_object(j);
    json_key(j, "threshold");
    json_put_cstr(j, t->source);
    json_key(j, "abortOnFail");
    json_put_bool(j, t->abort_on_fail);
    json_key(j, "delayAbortEval");
    if (t->has_delay) {
        plan_duration_show(t->delay_abort_eval, j);
    } else {
        json_put_null(j);
    }
    if (t->window) {
        json_key(j, "window");
        plan_duration_show(t->window, j);
    }
    if (t->after) {
        json_key(j, "after");
        plan_duration_show(t->after, j);
    }
    if (t->min_samples) {
        json_key(j, "min_samples");
        json_put_u64(j, (uint64_t)t->min_samples);
    }
    json_close(j);
}

void plan_show_thresholds(const void *field, struct json_out *j)
{
    const struct plan_thresholds *all = field;

    json_open_object(j);
    for (size_t i = 0; i < all->n; i++) {
        json_key(j, all->items[i].metric);
        json_open_array(j);
        for (size_t k = 0; k < all->items[i].n; k++)
            show_threshold(&all->items[i].items[k], j);
        json_close(j);
    }
    json_close(j);
}

static int compare_names(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

void plan_show_system_tags(const void *field, struct json_out *j)
{
    uint32_t bits = *(const uint32_t *)field;
    struct str names[SYSTAG_COUNT];
    size_t n = 0;

    for (int bit = 0; bit < SYSTAG_COUNT; bit++) {
        if (bits >> bit & 1)
            names[n++] = systag_name((enum systag)(1 << bit));
    }
    qsort(names, n, sizeof(names[0]), compare_names);
    json_open_array(j);
    for (size_t i = 0; i < n; i++)
        json_put_str(j, names[i]);
    json_close(j);
}

/* --- scenarios --- */

static void show_scenario_field(const struct plan_scenario *s, enum plan_field field,
                                struct json_out *j)
{
    const struct plan_field_row *row = &plan_field_rows[field];

    if (!plan_executor_has(s->executor, field))
        return;
    if (field == PLAN_F_OPTIONS && !plan_scenario_has(s, field))
        return;
    json_key(j, row->json);
    if (plan_scenario_has(s, field)) {
        plan_types[row->type].show((const char *)s + row->offset, j);
    } else {
        json_put_null(j);
    }
}

void plan_show_scenarios(const void *field, struct json_out *j)
{
    const struct plan_scenarios *all = field;

    json_open_object(j);
    for (size_t i = 0; i < all->n; i++) {
        const struct plan_scenario *s = &all->items[i];

        json_key(j, s->name);
        json_open_object(j);
        json_key(j, "executor");
        json_put_cstr(j, plan_executor_name(s->executor));
        for (enum plan_field f = 0; f < PLAN_F_COUNT; f++)
            show_scenario_field(s, f, j);
        json_close(j);
    }
    json_close(j);
}

/* --- the whole --- */

static bool is_shortcut(enum plan_option id)
{
    return id == PLAN_VUS || id == PLAN_ITERATIONS || id == PLAN_DURATION || id == PLAN_STAGES;
}

/* Whether a form shows the option's value though nobody set it. */
static bool shows_default(enum plan_option id, enum plan_json_form form)
{
    return form != PLAN_JSON_INSPECT && (id == PLAN_SUMMARY_TREND_STATS || id == PLAN_SYSTEM_TAGS);
}

static bool is_shown(const struct plan_options *o, enum plan_option id, enum plan_json_form form)
{
    enum plan_option_scope scope = plan_option_rows[id].scope;
    bool set = plan_is_set(o, id) || shows_default(id, form);

    if (form == PLAN_JSON_EXEC && is_shortcut(id))
        return false;
    if (scope == PLAN_SCOPE_OURS || form == PLAN_JSON_SET)
        return set && (scope == PLAN_SCOPE_OURS || scope == PLAN_SCOPE_SCRIPT);
    if (id == PLAN_CLOUD && form == PLAN_JSON_INSPECT)
        return set;
    return scope == PLAN_SCOPE_SCRIPT;
}

static void show_option(const struct plan_options *o, enum plan_option id, const char *name,
                        enum plan_json_form form, struct json_out *j)
{
    const struct plan_option_row *row = &plan_option_rows[id];

    json_key(j, name);
    /* An object of nulls, as `dns` has always been shown. */
    if (plan_is_set(o, id) || shows_default(id, form) || id == PLAN_DNS) {
        plan_types[row->type].show(plan_field_const(o, id), j);
    } else {
        json_put_null(j);
    }
}

void plan_options_members(const struct plan_options *o, enum plan_json_form form,
                          struct json_out *j)
{
    for (enum plan_option id = 0; id < PLAN_OPTION_COUNT; id++) {
        if (is_shown(o, id, form))
            show_option(o, id, plan_option_rows[id].json, form, j);
    }
    if (form == PLAN_JSON_EXEC) {
        show_option(o, PLAN_CONSOLE_OUTPUT, "consoleOutput", form, j);
        show_option(o, PLAN_LOCAL_IPS, "localIPs", form, j);
    }
}

void plan_options_json(const struct plan_options *o, enum plan_json_form form, int indent,
                       struct buf *out)
{
    struct json_out j = JSON_OUT(out, indent);

    json_open_object(&j);
    plan_options_members(o, form, &j);
    json_close(&j);
}
