/* What a run is called, by a table of places where that may be said. */
#include "cli/run_about.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "cli/ui_options.h"
#include "sink/connection.h"

#define AT(field) offsetof(struct vocab_run, field)

static const struct fact {
    const char *key; /* in the configuration's "leapwork" */
    const char *env;
    size_t offset;
} facts[] = {
    {"companyId", "BRUNT_COMPANY_ID", AT(company_id)},
    {"companyName", "BRUNT_COMPANY_NAME", AT(company_name)},
    {"projectId", "BRUNT_PROJECT_ID", AT(project_id)},
    {"projectName", "BRUNT_PROJECT_NAME", AT(project_name)},
    {"timelineAssetId", "BRUNT_TIMELINE_ASSET_ID", AT(timeline_asset_id)},
    {"timelineName", "BRUNT_TIMELINE_NAME", AT(timeline_name)},
    {"geoLocation", "BRUNT_GEO_LOCATION", AT(geo_location)},
};

static struct str *place(struct run_about *about, const struct fact *fact)
{
    return (struct str *)((char *)&about->run + fact->offset);
}

static const struct fact *find(const char *key)
{
    for (size_t i = 0; i < countof(facts); i++) {
        if (strcmp(facts[i].key, key) == 0)
            return &facts[i];
    }
    return NULL;
}

static int read_object(struct run_about *about, json_t *root)
{
    const char *key;
    json_t *value;

    if (!json_is_object(root))
        return fault(FAULT_EXIT(104), "\"leapwork\" of the configuration is no object");
    json_object_foreach(root, key, value)
    {
        const struct fact *fact = find(key);

        if (!fact) {
            return fault(FAULT_EXIT(104),
                         "\"leapwork\" of the configuration: there is no setting "
                         "\"%s\"",
                         key);
        }
        if (!json_is_string(value)) {
            return fault(FAULT_EXIT(104), "\"leapwork\" of the configuration: %s is no string",
                         key);
        }
        *place(about, fact) =
            arena_str(&about->arena, str_from(json_string_value(value), json_string_length(value)));
    }
    return 0;
}

static int read_json(struct run_about *about, const char *text)
{
    json_t *root = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    int r = text ? read_object(about, root) : 0;

    json_decref(root);
    return r;
}

/* "shop.js" of "tests/shop.js"; a URL stays what it is. */
static struct str short_name(const char *operand)
{
    const char *slash = strstr(operand, "://") ? NULL : strrchr(operand, '/');

    return str_of(slash ? slash + 1 : operand);
}

/* Leapwork's form: the timeline's name and the start, as ddMMyyyyHHmmss in UTC. */
static void make_run_name(struct run_about *about, wall_ns started)
{
    struct str name = about->run.timeline_name;
    time_t seconds = (time_t)(started / NS_PER_S);
    struct tm tm;
    char text[24];

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%d%m%Y%H%M%S", &tm);
    name.n = name.n < 250 ? name.n : 250;
    about->run.run_name = str_of(arena_printf(&about->arena, "%.*s_%s", STR_ARG(name), text));
}

int run_about_read(struct run_about *about, const struct run_about_source *from)
{
    about->run = (struct vocab_run){
        .run_id = str_of(from->run_id),
        .run_status = STR("running"),
        .timeline_name = short_name(from->script),
    };
    TRY(read_json(about, from->json));
    for (size_t i = 0; i < countof(facts); i++) {
        const char *value = from->env(from->arg, facts[i].env);

        if (value && value[0])
            *place(about, &facts[i]) = str_of(value);
    }
    make_run_name(about, from->started);
    return 0;
}

void run_about_fini(struct run_about *about)
{
    arena_fini(&about->arena);
}

/* ---- publication ---- */

void output_list_add(struct plan_strings *list, struct arena *arena, const char *spec)
{
    if (list->n == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 8;
        const char **items = arena_new_n(arena, const char *, cap);

        if (list->n)
            memcpy(items, list->items, list->n * sizeof(items[0]));
        list->items = items;
        list->cap = cap;
    }
    list->items[list->n++] = spec;
}

static int load(const struct run_publication *from, struct connections *list)
{
    if (from->inline_list) {
        return connections_parse(list, str_of(from->inline_list),
                                 "\"connections\" of the configuration");
    }
    const char *path = connections_path(list, from->env, from->arg);

    return path ? connections_load(list, path) : 0;
}

/* Whether an output is for that connection already, whatever its settings. */
static bool is_named(const struct plan_strings *specs, const char *name)
{
    for (size_t i = 0; i < specs->n; i++) {
        struct str spec = str_of(specs->items[i]);

        spec.n = str_find(spec, '?');
        if (str_starts(spec, STR("leapwork=")) && str_is(str_from_index(spec, 9), name))
            return true;
    }
    return false;
}

static void add_enabled(const struct run_publication *from, const struct connections *list,
                        struct arena *arena, struct plan_strings *specs)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct connection *one = &list->items[i];

        if (!one->enabled || is_named(specs, one->name))
            continue;
        if (connection_check(one)) {
            from->warn(from->arg, arena_printf(arena, "the run is not published to \"%s\": %s",
                                               one->name, fault_text()));
            fault_clear();
            continue;
        }
        output_list_add(specs, arena, arena_printf(arena, "leapwork=%s", one->name));
    }
}

void run_publication_outputs(const struct run_publication *from, struct arena *arena,
                             struct plan_strings *ret_specs)
{
    struct connections list = {0};
    bool wants_all = from->automatic;
    const char *bare = NULL;

    *ret_specs = (struct plan_strings){0};
    for (size_t i = 0; i < from->asked->n; i++) {
        if (strcmp(from->asked->items[i], "leapwork") == 0) {
            bare = from->asked->items[i];
        } else if (!ui_options_is_output(from->asked->items[i])) {
            output_list_add(ret_specs, arena, from->asked->items[i]);
        }
    }
    size_t n = ret_specs->n;

    wants_all |= bare != NULL;
    if (wants_all && load(from, &list)) {
        from->warn(from->arg, arena_printf(arena, "the run is not published: %s", fault_text()));
        fault_clear();
    } else if (wants_all) {
        add_enabled(from, &list, arena, ret_specs);
    }
    /* It says itself what it lacks, or takes what variables say. */
    if (bare && ret_specs->n == n)
        output_list_add(ret_specs, arena, bare);
    connections_fini(&list);
}
