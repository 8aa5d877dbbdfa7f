/*
 * Any bytes as a query of a dashboard, in the language that the first byte chooses: whatever comes,
 * there is an answer; an error lies within the query and says something; and all that is told of
 * the query lies within it.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dashboard/flux_check.h"
#include "dashboard/graphite_check.h"
#include "dashboard/influxql_check.h"
#include "dashboard/promql_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct str query;

static void within(struct str s)
{
    assert(s.n == 0 || (s.p >= query.p && s.p + s.n <= query.p + query.n));
}

static void see_name(void *arg UNUSED, struct str name)
{
    within(name);
}

static void see_selector(void *arg UNUSED, const struct promql_selector *s)
{
    within(s->name);
    within(s->range);
    within(s->call);
    assert(s->n_matchers <= PROMQL_MATCHERS_MAX);
    for (size_t i = 0; i < s->n_matchers; i++) {
        within(s->matchers[i].label);
        within(s->matchers[i].value);
    }
}

static int check(uint8_t language, struct query_error *e)
{
    struct influxql_facts facts;

    switch (language % 4) {
    case 0:
        return promql_check(query, see_selector, NULL, e);
    case 1:
        return flux_check(query, see_name, NULL, e);
    case 2:
        return influxql_check(query, see_name, NULL, &facts, e);
    default:
        return graphite_check(query, e);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct query_error e = {0};

    if (n == 0)
        return 0;
    query = str_from((const char *)data + 1, n - 1);
    int r = check(data[0], &e);

    assert(r == 0 || r == QUERY_E_SYNTAX);
    assert(r == 0 || (e.text[0] && memchr(e.text, 0, sizeof(e.text)) && e.at <= query.n));
    return 0;
}
