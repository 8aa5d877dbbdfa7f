/*
 * Whether queries ask for names that brunt gives. Rows of a vocabulary that stand for many names,
 * "k6_<trend>_<stat>", are made into a name for each metric of ours; what is left of "<stat>"
 * stands for any word. A variable within a query's name stands for anything.
 */
#include <stdio.h>

#include "base/mem.h"
#include "base/table.h"
#include "dashboard/flux_check.h"
#include "dashboard/influxql_check.h"
#include "dashboard/lint_priv.h"
#include "dashboard/promql_check.h"
#include "metric/metric.h"
#include "vocab/vocab.h"

struct names {
    char **list; /* '*' stands for any letters; owned */
    size_t n, cap;
};

/* ---- what there is ---- */

static void add_name(struct names *names, const char *name)
{
    vec_push(names->list, names->n, names->cap) = xstrdup(name);
}

/* A histogram is three families in Prometheus' text, and a metric for each figure in Graphite. */
static void add_family(struct names *names, const char *name, const char *type)
{
    static const char *const endings[] = {"_bucket", "_sum", "_count", ".*"};

    add_name(names, name);
    for (size_t i = 0; strcmp(type, "histogram") == 0 && i < countof(endings); i++) {
        scoped(freep) char *full = xasprintf("%s%s", name, endings[i]);

        add_name(names, full);
    }
}

/* "<" to ">" replaced; what is left of such is a star. */
static char *filled(const char *pattern, const char *value)
{
    const char *open = strchr(pattern, '<'), *close = open ? strchr(open, '>') : NULL;
    char *text = close ? xasprintf("%.*s%s%s", (int)(open - pattern), pattern, value, close + 1)
                       : xstrdup(pattern);

    for (open = strchr(text, '<'); open; open = strchr(text, '<')) {
        char *more = filled(text, "*");

        free(text);
        text = more;
    }
    return text;
}

static bool stands_for(const char *pattern, enum metric_type type)
{
    scoped(freep) char *word = xasprintf("<%s>", metric_type_name(type));

    return strstr(pattern, word) != NULL;
}

static void add_pattern(struct names *names, const struct vocab_entry *e)
{
    struct metric_registry *reg = metric_registry_new();

    for (uint32_t i = 0; i < metric_count(reg); i++) {
        const struct metric *m = metric_get(reg, i);
        scoped(freep) char *name = filled(e->name, m->name);

        if (stands_for(e->name, m->type))
            add_family(names, name, e->type);
    }
    metric_registry_free(reg);
}

static void add_entry(void *arg, const struct vocab_entry *e)
{
    if (strchr(e->name, '<')) {
        add_pattern(arg, e);
    } else {
        add_family(arg, e->name, e->type);
    }
}

/* Of the vocabularies only Locust's gets there: the bridge writes what it reads. */
static void add_measurements(struct names *names, uint32_t vocabs)
{
    struct metric_registry *reg = metric_registry_new();

    if (vocabs >> VOCAB_LOCUST & 1)
        vocab_entries(VOCAB_LOCUST, add_entry, names);

    for (uint32_t i = 0; i < metric_count(reg); i++) {
        add_name(names, metric_get(reg, i)->name);
    }
    metric_registry_free(reg);
}

static void names_fini(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->list[i]);
    free(names->list);
    *names = (struct names){0};
}

/* ---- what is asked for ---- */

/* Both may have stars. Names are short, so that trying is cheap enough. */
static bool matches(const char *a, struct str b)
{
    if (*a == '*') {
        for (size_t i = 0; i <= b.n; i++) {
            if (matches(a + 1, str_from_index(b, i)))
                return true;
        }
        return false;
    }
    if (b.n && b.p[0] == '*') {
        for (;; a++) {
            if (matches(a, str_from_index(b, 1)))
                return true;
            if (!*a)
                return false;
        }
    }
    if (!*a || !b.n)
        return !*a && !b.n;
    return *a == b.p[0] && matches(a + 1, str_from_index(b, 1));
}

enum {
    NAME_BYTES = 200,
};

/* Variables become stars, several in a row one. */
static struct str starred(struct str name, char text[NAME_BYTES])
{
    struct query_variable v;
    size_t n = 0, stars = 0;

    for (size_t i = 0; i < name.n && n < NAME_BYTES;) {
        bool variable = query_variable_at(name, i, &v);

        if (!variable || n == 0 || text[n - 1] != '*')
            text[n++] = (char)(variable ? '*' : name.p[i]);
        stars += variable;
        i += variable ? v.n : 1;
    }
    /* With many of them trying is no longer cheap, and nothing is said by it. */
    return stars > 3 ? STR("*") : str_from(text, n);
}

static bool is_known(const struct names *names, struct str name)
{
    char text[NAME_BYTES];
    struct str pattern = starred(name, text);

    for (size_t i = 0; i < names->n; i++) {
        if (matches(names->list[i], pattern))
            return true;
    }
    return false;
}

struct visit {
    struct lint *l;
    struct lint_place at;
    const struct names *names;
    struct table said;
};

static char said;

static void check_name(void *arg, struct str name)
{
    struct visit *v = arg;

    if (!name.n || is_known(v->names, name) || table_set(&v->said, name, &said))
        return;
    lint_say(v->l, v->at, "no output of brunt has the name %.*s, unless a script makes it",
             LINT_SHORT(name));
}

static void check_selector(void *arg, const struct promql_selector *s)
{
    check_name(arg, s->name);
}

/* seriesByTag('name=NAME', ...) */
static void check_graphite(struct visit *v, struct str target)
{
    struct str start = STR("name=");
    size_t at = str_find_str(target, start);

    while (at < target.n) {
        char quote = (char)(at ? target.p[at - 1] : '\0');

        target = str_from_index(target, at + start.n);
        if (quote == '\'' || quote == '"')
            check_name(v, str_from(target.p, str_find(target, quote)));
        at = str_find_str(target, start);
    }
}

static void check_query(struct visit *v, const struct lint_target *t)
{
    struct influxql_facts facts;
    struct query_error e;

    if (t->dialect == LINT_PROMQL)
        ignored(promql_check(t->query, check_selector, v, &e));
    if (t->dialect == LINT_FLUX)
        ignored(flux_check(t->query, check_name, v, &e));
    if (t->dialect == LINT_INFLUXQL)
        ignored(influxql_check(t->query, check_name, v, &facts, &e));
    if (t->dialect == LINT_GRAPHITE)
        check_graphite(v, t->query);
}

void lint_rule_target_metrics(struct lint *l)
{
    struct names names = {0}, measurements = {0};

    if (!l->options->vocabs)
        return;
    for (enum vocab_id id = 0; id < VOCAB_COUNT; id++) {
        if (l->options->vocabs >> id & 1)
            vocab_entries(id, add_entry, &names);
    }
    add_measurements(&measurements, l->options->vocabs);
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        const struct lint_panel *p = &l->doc.panels[i];

        for (size_t j = 0; j < p->n_targets; j++) {
            const struct lint_target *t = &p->targets[j];
            bool influx = t->dialect == LINT_FLUX || t->dialect == LINT_INFLUXQL;
            struct visit v = {
                .l = l, .at = AT_TARGET(p, t), .names = influx ? &measurements : &names};

            check_query(&v, t);
            table_fini(&v.said);
        }
    }
    names_fini(&names);
    names_fini(&measurements);
}
