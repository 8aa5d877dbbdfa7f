#include "cli/locust_front.h"

#include <errno.h>
#include <jansson.h>

static const char *text_of(json_t *o, const char *key, struct arena *arena)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? arena_str(arena, str_of(text)).p : NULL;
}

static bool flag_of(json_t *o, const char *key)
{
    return json_is_true(json_object_get(o, key));
}

/* Within an exit code, or a number of processes. */
static int number_of(json_t *o, const char *key, int otherwise)
{
    json_t *value = json_object_get(o, key);
    json_int_t n = json_integer_value(value);

    return json_is_integer(value) && n >= -1000 && n <= 1000 ? (int)n : otherwise;
}

/* What is none is left out. */
static void read_quantiles(json_t *list, struct locust_front *front)
{
    for (size_t i = 0; i < json_array_size(list) && i < LOCUST_FRONT_QUANTILES_MAX; i++) {
        json_t *item = json_array_get(list, i);
        double q = json_number_value(item);

        if (json_is_number(item) && q >= 0 && q <= 1)
            front->quantiles[front->n_quantiles++] = q;
    }
}

int locust_front_read(const char *json, struct arena *arena, struct locust_front *ret)
{
    json_error_t error;
    json_t *o = json_loads(json, 0, &error);

    if (!json_is_object(o)) {
        json_decref(o);
        return fault(-EINVAL, "the script's options are no JSON object: %s", error.text);
    }
    *ret = (struct locust_front){
        .csv = text_of(o, "csv", arena),
        .csv_full_history = flag_of(o, "csv_full_history"),
        .html = text_of(o, "html", arena),
        .json = flag_of(o, "json"),
        .json_file = text_of(o, "json_file", arena),
        .headless = flag_of(o, "headless"),
        .print_stats = flag_of(o, "print_stats"),
        .only_summary = flag_of(o, "only_summary"),
        .reset_stats = flag_of(o, "reset_stats"),
        .has_error_code = json_is_integer(json_object_get(o, "exit_code_on_error")),
        .error_code = number_of(o, "exit_code_on_error", 1),
        .processes = number_of(o, "processes", 0),
    };
    read_quantiles(json_object_get(o, "percentiles"), ret);
    json_decref(o);
    return 0;
}
