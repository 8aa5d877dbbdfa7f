#include "web/web_locust_swarm.h"

#include <errno.h>
#include <math.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "web/web_api.h"
#include "web/web_form.h"

enum {
    SPAN_MAX = 1000000000, /* seconds */
};

static int bad_span(void)
{
    return fault(-EINVAL, "Valid run_time formats are : 20, 20s, 3m, 2h, 1h20m, 3h30m10s, etc.");
}

/* Digits at the beginning, as a number; false when there are none, or too many. */
static bool take_number(struct str *text, uint64_t *ret_n)
{
    size_t n = 0;

    while (n < text->n && ascii_digit(text->p[n]))
        n++;
    if (!str_u64(str_from(text->p, n), ret_n) || *ret_n > SPAN_MAX)
        return false;
    *text = str_from_index(*text, n);
    return true;
}

int web_swarm_span(struct str text, uint64_t *ret_seconds)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'h', 3600}, {'m', 60}, {'s', 1}};
    uint64_t total = 0, n;
    size_t next = 0;

    text = str_trim(text);
    if (!text.n)
        return bad_span();
    while (text.n) {
        if (!take_number(&text, &n))
            return bad_span();
        char unit = text.n ? text.p[0] : 's';

        while (next < countof(units) && units[next].unit != unit)
            next++;
        if (next == countof(units))
            return bad_span();
        total += n * units[next++].seconds;
        text = str_from_index(text, 1);
    }
    *ret_seconds = total;
    return 0;
}

/* ---- the fields ---- */

static int read_users(struct str value, struct web_swarm *s)
{
    int64_t n;

    if (!str_i64(str_trim(value), &n)) {
        return fault(-EINVAL, "Invalid user_count value: '%.*s' (must be an integer)",
                     STR_ARG(value));
    }
    if (n > WEB_SWARM_USERS_MAX) {
        return fault(-EINVAL, "Invalid user_count value: '%.*s' (at most %d)", STR_ARG(value),
                     WEB_SWARM_USERS_MAX);
    }
    s->has_users = n >= 0;
    s->users = n >= 0 ? (uint64_t)n : 0;
    return 0;
}

static int read_rate(struct str value, struct web_swarm *s)
{
    double rate;

    if (!str_f64(str_trim(value), &rate)) {
        return fault(-EINVAL, "Invalid spawn_rate value: '%.*s' (must be a number)",
                     STR_ARG(value));
    }
    s->has_rate = isfinite(rate) && rate > 0;
    s->rate = rate;
    return 0;
}

static struct str without_brackets(struct arena *arena, struct str text)
{
    struct str clean = arena_str(arena, text);
    char *to = arena_alloc(arena, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < clean.n; i++) {
        if (clean.p[i] != '<' && clean.p[i] != '>')
            to[n++] = clean.p[i];
    }
    to[n] = '\0';
    return str_from(to, n);
}

static int read_field(struct arena *arena, struct web_field *f, struct web_swarm *s)
{
    if (str_is(f->name, "user_count"))
        return read_users(f->value, s);
    if (str_is(f->name, "spawn_rate"))
        return read_rate(f->value, s);
    if (str_is(f->name, "run_time"))
        return f->value.n ? web_swarm_span(f->value, &s->run_time) : 0;
    if (str_is(f->name, "host"))
        s->host = f->value = without_brackets(arena, f->value);
    if (str_is(f->name, "user_classes") && f->value.n)
        s->classes[s->n_classes++] = f->value;
    return 0;
}

static struct str as_json(struct arena *arena, const struct web_form *form)
{
    scoped(buf_fini) struct buf text = {0};
    struct json_out j = JSON_OUT(&text, 0);

    json_open_array(&j);
    for (size_t i = 0; i < form->n; i++) {
        json_open_array(&j);
        json_put_str(&j, form->fields[i].name);
        json_put_str(&j, form->fields[i].value);
        json_close(&j);
    }
    json_close(&j);
    return arena_str(arena, buf_str(&text));
}

int web_swarm_read(struct arena *arena, struct str body, enum web_swarm_needs needs,
                   struct web_swarm *ret_swarm)
{
    struct web_swarm s = {0};
    struct web_form form;

    TRY(web_form_read(arena, body, &form));
    s.classes = arena_new_n(arena, struct str, form.n + 1);
    for (size_t i = 0; i < form.n; i++)
        TRY(read_field(arena, &form.fields[i], &s));
    if (needs == WEB_SWARM_NEEDS_USERS && !(s.has_users && s.has_rate))
        return fault(-EINVAL, "Missing user_count or spawn_rate from /swarm request");
    s.fields = as_json(arena, &form);
    *ret_swarm = s;
    return 0;
}

/* ---- answers ---- */

static void begin_answer(struct json_out *j, bool is_done, const char *message, const char *host,
                         struct web_answer *a)
{
    a->status = 200;
    a->content_type = "application/json";
    json_open_object(j);
    json_key(j, "success");
    json_put_bool(j, is_done);
    json_key(j, "message");
    json_put_cstr(j, message);
    json_key(j, "host");
    json_put_cstr(j, host && host[0] ? host : NULL);
}

void web_swarm_answer(const struct web_swarm *swarm, const struct web_swarm_answer *about,
                      struct web_answer *a)
{
    scoped(buf_fini) struct buf message = {0};
    struct json_out j = JSON_OUT(&a->body, 0);

    buf_puts(&message, "Swarming started");
    if (about->shape)
        buf_printf(&message, " using shape class '%s'", about->shape);
    begin_answer(&j, true, buf_cstr(&message), about->host, a);
    if (swarm->run_time && !about->shape) {
        json_key(&j, "run_time");
        json_put_u64(&j, swarm->run_time);
    }
    if (about->has_picker && !about->shape) {
        json_key(&j, "user_classes");
        json_open_array(&j);
        for (size_t i = 0; i < swarm->n_classes; i++)
            json_put_str(&j, swarm->classes[i]);
        for (size_t i = 0; i < about->n_classes && !swarm->n_classes; i++)
            json_put_cstr(&j, about->classes[i]);
        json_close(&j);
    }
    json_close(&j);
}

void web_swarm_refuse(const char *why, const char *host, struct web_answer *a)
{
    struct json_out j = JSON_OUT(&a->body, 0);

    begin_answer(&j, false, why, host, a);
    json_close(&j);
}
