/*
 * Each chain from() |> ... is asked for with one step more at a time, and one row of the result;
 * the first step after which there is none is named.
 */
#include "dashboard/query_scan.h"
#include "dashboard/query_why_priv.h"

/* Imports come before everything else. */
static void put_imports(struct str text, struct buf *out)
{
    struct str line;

    while (str_split(&text, '\n', &line)) {
        if (str_starts(str_trim(line), STR("import ")))
            buf_printf(out, "%.*s\n", STR_ARG(line));
    }
}

static bool any(struct why *w, struct str text, const struct scan_chain *c, size_t n)
{
    scoped(buf_fini) struct buf out = {0};

    put_imports(text, &out);
    for (size_t i = 0; i < n; i++)
        buf_printf(&out, "%s%.*s", i ? " |> " : "", STR_ARG(c->steps[i]));
    buf_puts(&out, " |> limit(n: 1)");
    return query_ask_any(w->servers, QUERY_FLUX, buf_str(&out), w->span);
}

/* The "x" of a filter that names a measurement, or nothing. */
static struct str measurement(struct str step)
{
    static const char *const signs[] = {"r[\"_measurement\"] == \"", "r._measurement == \""};

    for (size_t i = 0; i < countof(signs); i++) {
        size_t at = str_find_str(step, str_of(signs[i]));

        if (at < step.n && str_find_str(step, STR(" or ")) == step.n) {
            struct str rest = str_from_index(step, at + strlen(signs[i]));

            return str_from(rest.p, str_find(rest, '"'));
        }
    }
    return (struct str){0};
}

static void say_measurements(struct why *w, const struct scan_chain *c)
{
    scoped(buf_fini) struct buf text = {0};
    struct why_list all = {0};

    buf_printf(&text,
               "%.*s |> %.*s |> keep(columns: [\"_measurement\"]) |> group() |> distinct(column: "
               "\"_measurement\")",
               STR_ARG(c->steps[0]), STR_ARG(c->steps[1]));
    int r = query_ask_list(w->servers, QUERY_FLUX, QUERY_LIST_VALUES, (struct str){0},
                           buf_str(&text), why_list_add, &all);

    if (r == 0 && all.n) {
        buf_puts(w->out, "; there is ");
        why_list_put(&all, w->out);
    }
    why_list_fini(&all);
}

static void say_step(struct why *w, const struct scan_chain *c, size_t culprit)
{
    struct str step = c->steps[culprit];
    struct str name = measurement(step);

    if (culprit <= 1) {
        buf_puts(w->out, "the bucket has nothing in this time range: ");
        why_put(w->out, c->steps[0]);
    } else if (culprit == 2 && name.n) {
        buf_printf(w->out, "there is no measurement %.*s in this time range", STR_ARG(name));
        say_measurements(w, c);
    } else {
        bool is_filter = str_starts(step, STR("filter("));

        buf_puts(w->out, is_filter ? "nothing passes " : "nothing is left after ");
        why_put(w->out, step);
    }
}

/* Whether a step of the chain is to blame. from() without range() is refused by the server. */
static bool blame(struct why *w, struct str text, const struct scan_chain *c)
{
    for (size_t i = 1; i < c->n_steps; i++) {
        if (!any(w, text, c, i + 1)) {
            say_step(w, c, i);
            return true;
        }
    }
    return false;
}

void why_flux(struct why *w, struct str text)
{
    struct scan_chain c;
    size_t at = 0;
    int n = 0;

    while (n < 4 && scan_flux(text, &at, &c)) {
        n++;
        if (blame(w, text, &c))
            return;
    }
    if (n > 1)
        buf_puts(w->out, "each of its sources has rows, but what is made of them together has none "
                         "(a join finds no pairs)");
}
