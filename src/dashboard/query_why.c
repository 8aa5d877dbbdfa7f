/* Chooses the language; what they share. */
#include "dashboard/query_why.h"

#include "dashboard/query_why_priv.h"

void why_put(struct buf *out, struct str part)
{
    bool was_space = true;
    size_t n = 0;

    part = str_trim(part);
    for (size_t i = 0; i < part.n && n < WHY_TEXT_BYTES; i++) {
        bool is_space = ascii_space(part.p[i]);

        if (!is_space || !was_space) {
            buf_putc(out, is_space ? ' ' : part.p[i]);
            n++;
        }
        was_space = is_space;
    }
    if (n == WHY_TEXT_BYTES)
        buf_puts(out, "...");
}

void why_list_add(void *arg, struct str value)
{
    struct why_list *l = arg;

    l->found = l->found || (l->look.n && str_eq(l->look, value));
    if (l->prefix.n && !str_starts(value, l->prefix))
        return;
    if (l->n++ >= WHY_VALUES)
        return;
    buf_puts(&l->names, l->names.len ? ", " : "");
    value.n = value.n < WHY_VALUE_BYTES ? value.n : WHY_VALUE_BYTES;
    buf_putstr(&l->names, value);
}

void why_list_fini(struct why_list *l)
{
    buf_fini(&l->names);
}

void why_list_put(const struct why_list *l, struct buf *out)
{
    buf_putstr(out, buf_str(&l->names));
    if (l->n > WHY_VALUES)
        buf_printf(out, " and %zu more", l->n - WHY_VALUES);
}

void query_why(struct query_servers *s, enum query_kind kind, struct str text,
               const struct query_span *span, const struct query_answer *answer, struct buf *out)
{
    static void (*const languages[QUERY_N_KINDS])(struct why *, struct str) = {
        [QUERY_PROMETHEUS] = why_prometheus,
        [QUERY_INFLUXQL] = why_influxql,
        [QUERY_FLUX] = why_flux,
        [QUERY_GRAPHITE] = why_graphite,
    };
    struct why w = {.servers = s, .span = span, .answer = answer, .out = out};
    size_t before = out->len;

    if (kind < QUERY_N_KINDS)
        languages[kind](&w, text);
    if (out->len > before)
        return;
    if (answer->n_not_numbers)
        buf_printf(out, "%zu series, but no number in them: NaN or null everywhere",
                   answer->n_series);
    else
        buf_puts(out, "what it asks for is there, but together it gives nothing");
}
