/* /api/compare and /api/trend: what report/comparison.h says of the runs that a query names. */
#include <errno.h>

#include "report/comparison.h"
#include "web/web_site_priv.h"

/* The run that a query's parameter names. */
static int query_run(struct web_call *c, const char *name, int64_t *ret_key)
{
    struct str text;

    if (!web_query_get(c->arena, c->query, name, &text) || !text.n)
        return fault(-EINVAL, "'%s' must name a run", name);
    TRY(web_run_key(c, text, ret_key));
    return 0;
}

static int read_options(struct web_call *c, struct comparison_options *ret_options)
{
    struct str text;

    *ret_options = (struct comparison_options){0};
    if (!web_query_get(c->arena, c->query, "threshold", &text) || !text.n)
        return 0;
    if (!str_f64(text, &ret_options->threshold_pct) || !(ret_options->threshold_pct > 0) ||
        ret_options->threshold_pct > 1000)
        return fault(-EINVAL, "'threshold' must be percent, above 0 and up to 1000");
    return 0;
}

int web_compare_get(struct web_call *c)
{
    struct comparison_options options;
    int64_t current = 0, baseline = 0;

    TRY(read_options(c, &options));
    TRY(query_run(c, "current", &current));
    TRY(query_run(c, "baseline", &baseline));
    int r = comparison_put(c->store, current, baseline, &options, &c->answer->body);

    return r > 0 ? fault(-ENOENT, "one of the runs is not there any more") : r;
}

int web_trend_get(struct web_call *c)
{
    struct str script = {0}, metric = STR("http_req_duration"), stat = {0};

    if (!web_query_get(c->arena, c->query, "script", &script) || !script.n)
        return fault(-EINVAL, "'script' must name a script");
    ignored(web_query_get(c->arena, c->query, "metric", &metric));
    ignored(web_query_get(c->arena, c->query, "stat", &stat));
    int r = trend_put(c->store, script, metric, stat, &c->answer->body);

    return r > 0 ? fault(-ENOENT, "no run of this script has this metric") : r;
}
