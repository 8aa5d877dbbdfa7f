/*
 * K6_WEB_DASHBOARD=true is k6's switch; its HOST, PORT, OPEN and EXPORT count only with it. A port
 * below 0 there means: no server, only the export.
 */
#include "cli/ui_options.h"

#include <string.h>

#include "base/str.h"
#include "cli/loadtest.h"

#define K6_HOST "localhost"
#define K6_PORT 5665

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

/* As k6's dashboard has it; what is not given there is k6's default. */
static int read_k6(ui_env_fn *env, void *arg, struct arena *arena, struct ui_options *o)
{
    const char *host = given(env(arg, "K6_WEB_DASHBOARD_HOST"));
    const char *text = given(env(arg, "K6_WEB_DASHBOARD_PORT"));
    int64_t port = K6_PORT;

    if (text && (!str_i64(str_of(text), &port) || port > 65535)) {
        return fault(FAULT_EXIT(104), "K6_WEB_DASHBOARD_PORT '%s' is no port, nor -1 for none",
                     text);
    }
    host = host ? host : K6_HOST;
    o->serves = port >= 0;
    o->address = arena_printf(arena, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, (int)port);
    o->option = "K6_WEB_DASHBOARD_HOST";
    o->opens = is_yes(env(arg, "K6_WEB_DASHBOARD_OPEN"));
    o->export_file = given(env(arg, "K6_WEB_DASHBOARD_EXPORT"));
    return 0;
}

int ui_options_read(const struct loadtest_own *own, ui_env_fn *env, void *arg, struct arena *arena,
                    struct ui_options *ret_options)
{
    struct ui_options o = {.option = "--ui"};

    if (is_yes(env(arg, "K6_WEB_DASHBOARD")))
        TRY(read_k6(env, arg, arena, &o));
    if (own->ui || own->open) {
        o.serves = own->open || !is_no(own->ui);
        o.address = is_yes(own->ui) || is_no(own->ui) ? NULL : own->ui;
        o.option = "--ui";
        o.opens |= own->open;
    }
    *ret_options = o;
    return 0;
}
