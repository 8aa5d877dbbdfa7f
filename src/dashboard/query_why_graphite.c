/*
 * Series by tags are looked for with one expression more at a time, those by path with one node
 * more. What is found but has no points is outside of the time range.
 */
#include "dashboard/query_scan.h"
#include "dashboard/query_why_priv.h"

static bool found(struct why *w, const char *at, const char *name, const struct str *values,
                  size_t n)
{
    scoped(buf_fini) struct buf path = {0};
    struct why_list list = {0};

    buf_puts(&path, at);
    for (size_t i = 0; i < n; i++)
        query_put_param(&path, name, values[i]);
    int r = query_ask_list(w->servers, QUERY_GRAPHITE, QUERY_LIST_NAMES, buf_str(&path),
                           (struct str){0}, why_list_add, &list);

    why_list_fini(&list);
    return r == 0 && list.n > 0;
}

static void say_tag(struct why *w, const struct scan_series *s, size_t culprit)
{
    scoped(buf_fini) struct buf path = {0};
    struct why_list values = {0};
    struct str tag = s->tags[culprit];

    tag.n = 0;
    while (tag.n < s->tags[culprit].n && !strchr("=!~", s->tags[culprit].p[tag.n]))
        tag.n++;
    buf_puts(w->out, "no series has ");
    for (size_t i = 0; i <= culprit; i++) {
        buf_puts(w->out, i ? ", " : "");
        why_put(w->out, s->tags[i]);
    }
    buf_puts(&path, "/tags/autoComplete/values");
    query_put_param(&path, "tag", tag);
    for (size_t i = 0; i < culprit; i++)
        query_put_param(&path, "expr", s->tags[i]);
    int r = query_ask_list(w->servers, QUERY_GRAPHITE, QUERY_LIST_NAMES, buf_str(&path),
                           (struct str){0}, why_list_add, &values);

    if (r == 0 && values.n) {
        buf_printf(w->out, "; %.*s is ", STR_ARG(tag));
        why_list_put(&values, w->out);
    }
    why_list_fini(&values);
}

static bool blame_tags(struct why *w, const struct scan_series *s)
{
    for (size_t i = 0; i < s->n_tags; i++) {
        if (!found(w, "/tags/findSeries", "expr", s->tags, i + 1)) {
            say_tag(w, s, i);
            return true;
        }
    }
    return false;
}

static bool blame_path(struct why *w, struct str path)
{
    for (size_t n = 0; n < path.n; n++) {
        n += str_find(str_from_index(path, n), '.');
        struct str head = str_from(path.p, n < path.n ? n : path.n);

        if (!found(w, "/metrics/find", "query", &head, 1)) {
            buf_puts(w->out, "there is nothing at ");
            why_put(w->out, head);
            return true;
        }
    }
    return false;
}

void why_graphite(struct why *w, struct str text)
{
    struct scan_series s;
    size_t at = 0;
    int n = 0;

    for (; n < WHY_PARTS_MAX && scan_graphite(text, &at, &s); n++) {
        if (s.n_tags ? blame_tags(w, &s) : blame_path(w, s.path))
            return;
    }
    if (n)
        buf_puts(w->out, "its series are there, but have no points in this time range");
}
