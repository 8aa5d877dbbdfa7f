/*
 * K6_WEB_DASHBOARD=true or -o web-dashboard is k6's switch; its HOST, PORT, OPEN and EXPORT count
 * only with it. A port below 0 there means: no server, only the export.
 */
#include "cli/ui_options.h"

#include <string.h>

#include "base/str.h"
#include "cli/loadtest.h"

#define K6_HOST "localhost"
#define K6_PORT 5665
#define OUTPUT  "web-dashboard"

static bool is_yes(const char *value)
{
    return value && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

static bool is_no(const char *value)
{
    return !value || !value[0] || strcmp(value, "false") == 0 || strcmp(value, "0") == 0;
}

static const char *given(const char *value)
{
    return value && value[0] ? value : NULL;
}

bool ui_options_is_output(const char *spec)
{
    struct str rest = str_of(spec), name;

    return str_split(&rest, '=', &name) && str_is(name, OUTPUT);
}

/* What k6's dashboard is told, by an output's parameters first and then by variables. */
struct k6_source {
    struct str params; /* "port=0&open=true" */
    ui_env_fn *env;
    void *arg;
    struct arena *arena;
};

/* By its name in an output, which in capitals ends the variable's name. NULL: it is not given. */
static const char *setting(const struct k6_source *from, const char *name, const char *variable)
{
    struct str rest = from->params, value, key;

    while (str_split(&rest, '&', &value)) {
        if (str_split(&value, '=', &key) && str_is(key, name))
            return value.n ? arena_str(from->arena, value).p : "true";
    }
    return given(from->env(from->arg, variable));
}

/* As k6's dashboard has it; what is not given there is k6's default. */
static int read_k6(const struct k6_source *from, struct ui_options *o)
{
    const char *host = setting(from, "host", "K6_WEB_DASHBOARD_HOST");
    const char *text = setting(from, "port", "K6_WEB_DASHBOARD_PORT");
    int64_t port = K6_PORT;

    if (text && (!str_i64(str_of(text), &port) || port > 65535)) {
        return fault(FAULT_EXIT(104), "K6_WEB_DASHBOARD_PORT '%s' is no port, nor -1 for none",
                     text);
    }
    host = host ? host : K6_HOST;
    o->serves = port >= 0;
    o->address =
        arena_printf(from->arena, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, (int)port);
    o->option = "K6_WEB_DASHBOARD_HOST";
    o->opens = is_yes(setting(from, "open", "K6_WEB_DASHBOARD_OPEN"));
    o->export_file = setting(from, "export", "K6_WEB_DASHBOARD_EXPORT");
    return 0;
}

/* The output's parameters; whether it was given. */
static bool find_output(const struct plan_strings *outs, struct str *ret_params)
{
    *ret_params = (struct str){0};
    for (size_t i = 0; outs && i < outs->n; i++) {
        if (!ui_options_is_output(outs->items[i]))
            continue;
        struct str name;

        *ret_params = str_of(outs->items[i]);
        return str_split(ret_params, '=', &name);
    }
    return false;
}

int ui_options_read(const struct loadtest_own *own, const struct plan_strings *outs, ui_env_fn *env,
                    void *arg, struct arena *arena, struct ui_options *ret_options)
{
    struct ui_options o = {.option = "--ui"};
    struct k6_source from = {.env = env, .arg = arg, .arena = arena};

    if (find_output(outs, &from.params) || is_yes(env(arg, "K6_WEB_DASHBOARD")))
        TRY(read_k6(&from, &o));
    if (own->ui || own->open) {
        o.serves = own->open || !is_no(own->ui);
        o.address = is_yes(own->ui) || is_no(own->ui) ? NULL : own->ui;
        o.option = "--ui";
        o.opens |= own->open;
    }
    *ret_options = o;
    return 0;
}
