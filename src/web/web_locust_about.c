#include "web/web_locust_about.h"

#include <errno.h>
#include <jansson.h>

#include "base/buf.h"

enum {
    QUANTILES_MAX = 50,
};

static struct str dumped(struct arena *arena, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    struct str kept = arena_str(arena, str_of(text ? text : "null"));

    free(text);
    return kept;
}

/* The members that the page reads, as one object. */
static struct str page_of(struct arena *arena, const json_t *root)
{
    static const char *const keys[] = {"host",  "locustfile", "shape",    "classes", "has_picker",
                                       "users", "spawn_rate", "run_time", "fields"};
    scoped(buf_fini) struct buf text = {0};

    for (size_t i = 0; i < countof(keys); i++) {
        buf_printf(&text, "%s\"%s\":", i ? "," : "{", keys[i]);
        buf_putstr(&text, dumped(arena, json_object_get(root, keys[i])));
    }
    buf_putc(&text, '}');
    return arena_str(arena, buf_str(&text));
}

static const char *text_of(struct arena *arena, const json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));

    return text ? arena_str(arena, str_of(text)).p : NULL;
}

static double number_of(const json_t *root, const char *key, double otherwise)
{
    const json_t *value = json_object_get(root, key);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}

/* Those between 0 and 1; what else a script has put there is left out. */
static struct locust_quantiles quantiles_of(struct arena *arena, const json_t *root,
                                            const char *key)
{
    const json_t *list = json_object_get(root, key), *value;
    double *q = arena_new_n(arena, double, QUANTILES_MAX);
    size_t i, n = 0;

    json_array_foreach(list, i, value)
    {
        double one = json_number_value(value);

        if (n < QUANTILES_MAX && json_is_number(value) && one >= 0 && one <= 1)
            q[n++] = one;
    }
    return (struct locust_quantiles){q, n};
}

static void read_classes(struct arena *arena, const json_t *root, struct web_locust_about *about)
{
    const json_t *list = json_object_get(root, "classes"), *value;
    size_t i;

    about->classes = arena_new_n(arena, const char *, json_array_size(list) + 1);
    json_array_foreach(list, i, value)
    {
        if (json_is_string(value)) {
            about->classes[about->n_classes++] =
                arena_str(arena, str_of(json_string_value(value))).p;
        }
    }
}

static void fill(struct arena *arena, const json_t *root, struct web_locust_about *about)
{
    const char *web_host = text_of(arena, root, "web_host");
    const char *base_path = text_of(arena, root, "base_path");

    *about = (struct web_locust_about){
        .host = text_of(arena, root, "host"),
        .locustfile = text_of(arena, root, "locustfile"),
        .shape = text_of(arena, root, "shape"),
        .has_picker = json_is_true(json_object_get(root, "has_picker")),
        .tasks = dumped(arena, json_object_get(root, "tasks")),
        .report = quantiles_of(arena, root, "report"),
        .statistics = quantiles_of(arena, root, "statistics"),
        .chart = quantiles_of(arena, root, "chart"),
        .web_host = web_host ? web_host : "",
        .port = (int)number_of(root, "web_port", 8089),
        .has_port = json_is_true(json_object_get(root, "has_port")),
        .base_path = base_path ? base_path : "",
        .is_headless = json_is_true(json_object_get(root, "headless")),
        .autostart = json_is_true(json_object_get(root, "autostart")),
        .autoquit = number_of(root, "autoquit", -1),
        .users = (int64_t)number_of(root, "users", -1),
        .spawn_rate = number_of(root, "spawn_rate", -1),
        .page = page_of(arena, root),
    };
    read_classes(arena, root, about);
}

int web_locust_about_read(struct arena *arena, const char *json, struct web_locust_about *ret_about)
{
    json_error_t error;
    json_t *root = json_loads(json, 0, &error);
    int r = json_is_object(root) ? 0
                                 : fault(-EINVAL,
                                         "what the script says of itself is no "
                                         "object: %s",
                                         error.text);

    if (r == 0)
        fill(arena, root, ret_about);
    json_decref(root);
    return r;
}

static bool has_class(const struct web_locust_about *about, const char *name)
{
    for (size_t i = 0; name && i < about->n_classes; i++) {
        if (strcmp(about->classes[i], name) == 0)
            return true;
    }
    return false;
}

int web_locust_user_check(const struct web_locust_about *about, struct str body)
{
    json_error_t error;
    json_t *root = json_loadb(body.p ? body.p : "", body.n, JSON_REJECT_DUPLICATES, &error);
    const char *name = json_string_value(json_object_get(root, "user_class_name"));
    int r = 0;

    if (!json_is_object(root))
        r = fault(-EINVAL,
                  "the body has to be an object: {\"user_class_name\": \"X\", \"weight\": 2}");
    else if (!has_class(about, name))
        r = fault(-EINVAL, "user_class_name: there is no User class '%s'", name ? name : "");
    json_decref(root);
    return r;
}
