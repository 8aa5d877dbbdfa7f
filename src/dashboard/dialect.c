/*
 * From what a query says to what it is called. Metrics are looked for where boards may have them:
 * the board's own, ours by the metric table, facts of the run by the vocabulary's; or, with
 * another vocabulary, among its entries. Tags get the name they have in the dialect: what we call
 * `name` is `name_` in Graphite, where `name` is the metric's.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "base/json_out.h"
#include "dashboard/dialect_priv.h"

static const struct dialect_ops *const dialects[DIALECT_COUNT] = {
    [DIALECT_PROMETHEUS] = &dialect_prometheus_ops,
    [DIALECT_INFLUXQL] = &dialect_influxql_ops,
    [DIALECT_FLUX] = &dialect_flux_ops,
    [DIALECT_GRAPHITE] = &dialect_graphite_ops,
};

const char *const dialect_names[] = {
    [DIALECT_PROMETHEUS] = "prometheus", [DIALECT_INFLUXQL] = "influxql", [DIALECT_FLUX] = "flux",
    [DIALECT_GRAPHITE] = "graphite",     [DIALECT_COUNT] = NULL,
};

const char *dialect_name(enum dialect d)
{
    return dialect_names[d];
}

int dialect_parse(struct str name, enum dialect *ret_dialect)
{
    for (enum dialect d = 0; d < DIALECT_COUNT; d++) {
        if (str_is(name, dialect_names[d])) {
            *ret_dialect = d;
            return 0;
        }
    }
    return fault(FAULT_EXIT(104),
                 "there are no dashboards for '%.*s': it is prometheus, influxql, flux or graphite",
                 STR_ARG(name));
}

int dialect_refuse(const struct asking *q, const char *why)
{
    return fault(-EINVAL, "dashboard %s, for %s: %s: %s", q->board->name, dialect_name(q->dialect),
                 q->said->metric ? q->said->metric : "a query", why);
}

/* ---- words ---- */

const char *dialect_list(struct arena *words, const char *const *items, size_t n, const char *form,
                         const char *between)
{
    struct buf text = {0};

    for (size_t i = 0; i < n; i++) {
        const char *item = dialect_replace(words, form, "%s", items[i]);

        buf_printf(&text, "%s%s", i ? between : "", item);
    }
    struct str kept = arena_str(words, buf_str(&text));

    buf_fini(&text);
    return kept.p;
}

const char *dialect_number(struct arena *words, double value)
{
    char text[JSON_NUMBER_BYTES];

    json_number(value, text);
    return arena_str(words, str_of(text)).p;
}

const char *dialect_replace(struct arena *words, const char *text, const char *what,
                            const char *with)
{
    struct buf out = {0};
    struct str rest = str_of(text), needle = str_of(what);

    for (size_t at; (at = str_find_str(rest, needle)) < rest.n;) {
        buf_put(&out, rest.p, at);
        buf_puts(&out, with);
        rest = str_from_index(rest, at + needle.n);
    }
    buf_putstr(&out, rest);
    struct str kept = arena_str(words, buf_str(&out));

    buf_fini(&out);
    return kept.p;
}

/* ---- tags ---- */

static const char *tag_in(const struct asking *q, struct str tag)
{
    if (q->dialect == DIALECT_GRAPHITE && str_is(tag, "name"))
        return "name_";
    return arena_str(q->words, tag).p;
}

const char *dialect_legend(const struct asking *q, const char *before, const char *after)
{
    struct buf out = {0};
    struct str rest = str_of(q->said->legend), part;

    while (str_split(&rest, '{', &part)) {
        size_t end = str_find(part, '}');

        if (end < part.n) {
            buf_printf(&out, "%s%s%s", before, tag_in(q, str_from(part.p, end)), after);
            part = str_from_index(part, end + 1);
        }
        buf_putstr(&out, part);
    }
    struct str kept = arena_str(q->words, buf_str(&out));

    buf_fini(&out);
    return kept.p;
}

static int read_by(struct asking *q)
{
    struct str rest = str_of(q->said->by), part;

    while (rest.n && str_split(&rest, ',', &part)) {
        if (q->n_by == QUERY_TAGS_MAX)
            return dialect_refuse(q, "more tags in `by` than there is room for");
        q->by[q->n_by++] = tag_in(q, str_trim(part));
    }
    return 0;
}

/* ---- filters ---- */

/* The variable as the dialect has it, or one that only others have. */
static const struct board_variable *variable_of(const struct asking *q, struct str name)
{
    const struct board *b = q->board;
    const struct board_variable *elsewhere = NULL;

    for (size_t i = 0; i < b->n_variables; i++) {
        const struct board_variable *v = &b->variables[i];

        if (str_is(name, v->name) && dialect_in(v->only, q->dialect))
            return v;
        if (str_is(name, v->name))
            elsewhere = v;
    }
    return elsewhere;
}

static int add_filter(struct asking *q, struct filter f)
{
    if (q->n_filters == QUERY_FILTERS_MAX)
        return dialect_refuse(q, "more filters than there is room for");
    q->filters[q->n_filters++] = f;
    return 0;
}

static int add_variable(struct asking *q, struct str name)
{
    const struct board_variable *v = variable_of(q, name);

    if (!v)
        return dialect_refuse(q, "`where` names a variable that the board does not have");
    if (!dialect_in(v->only, q->dialect))
        return 0;
    return add_filter(q, (struct filter){
                             .tag = tag_in(q, str_of(v->tag)),
                             .op = v->one ? FILTER_IS : FILTER_LIKE,
                             .value = v->name,
                             .is_variable = true,
                         });
}

static int add_match(struct asking *q, struct str item)
{
    static const struct {
        const char *sign;
        enum filter_op op;
    } signs[] = {{"!=", FILTER_NOT}, {"!~", FILTER_UNLIKE}, {"=~", FILTER_LIKE}, {"=", FILTER_IS}};

    for (size_t i = 0; i < countof(signs); i++) {
        size_t at = str_find_str(item, str_of(signs[i].sign));

        if (at < item.n) {
            struct str value = str_from_index(item, at + strlen(signs[i].sign));

            return add_filter(q, (struct filter){
                                     .tag = tag_in(q, str_from(item.p, at)),
                                     .op = signs[i].op,
                                     .value = arena_str(q->words, value).p,
                                 });
        }
    }
    return dialect_refuse(q, "`match` is tag=value, with commas between");
}

static int read_filters(struct asking *q)
{
    struct str rest, part;

    if (q->dialect == DIALECT_PROMETHEUS && !q->board->no_target) {
        TRY(add_filter(q, (struct filter){"job", FILTER_LIKE, "job", true, true}));
        TRY(add_filter(q, (struct filter){"instance", FILTER_LIKE, "instance", true, true}));
    }
    rest = str_of(q->said->where);
    while (rest.n && str_split(&rest, ',', &part))
        TRY(add_variable(q, str_trim(part)));
    rest = str_of(q->said->match);
    while (rest.n && str_split(&rest, ',', &part))
        TRY(add_match(q, str_trim(part)));
    return 0;
}

/* ---- metrics ---- */

/* A vocabulary's entry of that name. */
struct entry_search {
    const char *name;
    struct arena *words;
    struct measured *found;
};

static enum metric_type type_of_entry(const struct vocab_entry *e)
{
    return strcmp(e->type, "counter") == 0 ? METRIC_COUNTER
           : strcmp(e->type, "gauge") == 0 ? METRIC_GAUGE
                                           : METRIC_TREND;
}

static void see_entry(void *arg, const struct vocab_entry *e)
{
    struct entry_search *s = arg;

    if (s->found->name || strcmp(e->name, s->name) != 0)
        return;
    s->found->name = arena_str(s->words, str_of(e->name)).p;
    s->found->type = type_of_entry(e);
}

/*
 * Runs give InfluxDB our metrics and nothing else, the bridge what a Locust tells: numbers, and no
 * distribution.
 */
static bool is_told(const struct asking *q, enum vocab_id vocab, enum metric_type type)
{
    if (q->dialect != DIALECT_INFLUXQL && q->dialect != DIALECT_FLUX)
        return true;
    return vocab == VOCAB_LOCUST && type != METRIC_TREND;
}

/* Prometheus' names have no dots. */
static const char *entry_in(const struct asking *q, const char *name)
{
    return q->dialect == DIALECT_PROMETHEUS ? dialect_replace(q->words, name, ".", "_") : name;
}

static bool find_entry(const struct asking *q, enum vocab_id vocab, const char *name,
                       struct measured *ret)
{
    struct entry_search s = {name, q->words, ret};

    vocab_entries(vocab, see_entry, &s);
    if (!ret->name || !is_told(q, vocab, ret->type)) {
        ret->name = NULL;
        return false;
    }
    ret->name = entry_in(q, ret->name);
    return true;
}

static const char *our_name(const struct asking *q, const struct metric *m,
                            enum vocab_counter_of part)
{
    struct buf out = {0};

    if (q->dialect == DIALECT_INFLUXQL || q->dialect == DIALECT_FLUX)
        return arena_str(q->words, str_of(m->name)).p;
    vocab_brunt_name(m, part, &out);
    struct str kept = arena_str(q->words, buf_str(&out));

    buf_fini(&out);
    return kept.p;
}

static void measure(const struct asking *q, const struct metric *m, struct measured *ret)
{
    *ret = (struct measured){
        .name = our_name(q, m, VOCAB_HITS),
        .samples = m->type == METRIC_RATE ? our_name(q, m, VOCAB_SAMPLES) : NULL,
        .type = m->type,
    };
}

static bool find_own(const struct asking *q, const char *name, struct measured *ret)
{
    for (size_t i = 0; i < q->board->n_metrics; i++) {
        const struct board_metric *own = &q->board->metrics[i];
        struct metric m = {own->name, "", METRIC_N_BUILTIN, own->type, own->contains};

        if (strcmp(own->name, name) == 0) {
            measure(q, &m, ret);
            return true;
        }
    }
    return false;
}

static bool find_builtin(const struct asking *q, const char *name, struct measured *ret)
{
    struct metric_registry *registry = metric_registry_new();
    const struct metric *m = metric_find(registry, str_of(name));

    if (m)
        measure(q, m, ret);
    metric_registry_free(registry);
    return m != NULL;
}

static bool find_metric(const struct asking *q, enum vocab_id vocab, const char *name,
                        struct measured *ret)
{
    if (vocab != VOCAB_BRUNT)
        return find_entry(q, vocab, name, ret);
    return find_own(q, name, ret) || find_builtin(q, name, ret) ||
           find_entry(q, vocab, arena_printf(q->words, "brunt_%s", name), ret);
}

const char *dialect_metric(const struct asking *q, struct str word)
{
    struct measured m = {0};
    bool is_samples = str_ends(word, STR(".samples"));
    struct str name = word;

    if (is_samples || str_ends(word, STR(".hits")))
        name.n -= is_samples ? strlen(".samples") : strlen(".hits");
    if (!find_metric(q, q->said->vocab, arena_str(q->words, name).p, &m))
        return NULL;
    return is_samples ? m.samples : m.name;
}

/* ---- the whole ---- */

/* What can be asked of a metric of a type: bits 1 << enum metric_type. */
static const unsigned can_say[] = {
    [ASK_VALUE] = 1 << METRIC_GAUGE,
    [ASK_RATE] = 1 << METRIC_COUNTER | 1 << METRIC_RATE | 1 << METRIC_TREND,
    [ASK_TOTAL] = 1 << METRIC_COUNTER | 1 << METRIC_RATE | 1 << METRIC_TREND,
    [ASK_SHARE] = 1 << METRIC_RATE,
    [ASK_QUANTILE] = 1 << METRIC_TREND,
    [ASK_MEAN] = 1 << METRIC_TREND,
    [ASK_MIN] = 1 << METRIC_TREND,
    [ASK_MAX] = 1 << METRIC_TREND,
    [ASK_SPREAD] = 1 << METRIC_TREND,
};

static int find_both(struct asking *q)
{
    const struct board_query *said = q->said;

    if (!said->metric)
        return said->text[q->dialect] ? 0 : dialect_refuse(q, "it names no metric");
    if (!find_metric(q, said->vocab, said->metric, &q->metric) && !said->text[q->dialect])
        return dialect_refuse(q, "there is no such metric there");
    if (said->per && !find_metric(q, said->vocab, said->per, &q->per))
        return dialect_refuse(q, "there is no metric to divide by");
    return 0;
}

/* Of variables only the name is wanted, and texts know what they ask. */
static int check_types(const struct asking *q)
{
    unsigned can = can_say[q->said->ask];

    if (!(can >> q->metric.type & 1))
        return dialect_refuse(q, "a metric of its type cannot be asked that");
    if (q->per.name && !(can >> q->per.type & 1))
        return dialect_refuse(q, "what it is divided by cannot be asked that");
    return 0;
}

int dialect_open(struct asking *q)
{
    TRY(find_both(q));
    TRY(read_by(q));
    return read_filters(q);
}

/* @word@ is a metric's name there, @filter@ the filters. */
static int fill_in(struct asking *q, struct buf *out)
{
    struct str rest = str_of(q->said->text[q->dialect]), part;
    bool inside = false;

    while (str_split(&rest, '@', &part)) {
        if (!inside) {
            buf_putstr(out, part);
        } else if (str_is(part, "filter")) {
            buf_puts(out, dialects[q->dialect]->filters(q));
        } else if (str_is(part, "target") && dialects[q->dialect]->targets) {
            buf_puts(out, dialects[q->dialect]->targets(q));
        } else {
            const char *name = dialect_metric(q, part);

            if (!name)
                return dialect_refuse(q, "its text names what there isn't");
            buf_puts(out, name);
        }
        inside = !inside;
    }
    return 0;
}

static int put_query(struct asking *q, struct buf *out)
{
    const char *text;

    TRY(dialect_open(q));
    if (q->said->text[q->dialect])
        return fill_in(q, out);
    TRY(check_types(q));
    TRY(dialects[q->dialect]->compose(q, &text));
    buf_puts(out, text);
    return 0;
}

int board_query_text(const struct board *b, const struct board_query *said, enum dialect dialect,
                     struct buf *out)
{
    struct arena words = {0};
    struct asking q = {.board = b, .said = said, .dialect = dialect, .words = &words};
    int r = put_query(&q, out);

    arena_fini(&words);
    return r;
}
