#include "cli/find_options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/duration.h"
#include "cli/find_probe.h"
#include "run/objective.h"

#define AT(field) offsetof(struct find_options, field)

static const struct opt_row own_rows[] = {
    {.name = "slo",
     .type = OPT_LIST,
     .offset = AT(slo),
     .value_name = "EXPR",
     .group = "Search",
     .help = "what must hold, as 'http_req_duration p(99)<200'; several with commas or by "
             "repeating it"},
    {.name = "start-rate",
     .type = OPT_NUMBER,
     .offset = AT(start_rate),
     .min = 0.01,
     .max = 1000000,
     .value_name = "N",
     .group = "Search",
     .help = "iterations a second to begin with (10); it doubles from there"},
    {.name = "max-rate",
     .type = OPT_NUMBER,
     .offset = AT(max_rate),
     .min = 0.01,
     .max = 1000000,
     .value_name = "N",
     .group = "Search",
     .help = "never go beyond this rate (1000000)"},
    {.name = "precision",
     .type = OPT_NUMBER,
     .offset = AT(precision_percent),
     .min = 0.1,
     .max = 50,
     .value_name = "PERCENT",
     .group = "Search",
     .help = "how near to the limit to get (2)"},
    {.name = "confirm",
     .type = OPT_INT,
     .offset = AT(confirmations),
     .min = 1,
     .max = 20,
     .value_name = "N",
     .group = "Search",
     .help = "fresh probes in a row that must hold at the answer (3)"},
    {.name = "max-probes",
     .type = OPT_INT,
     .offset = AT(max_probes),
     .min = 3,
     .max = 150,
     .value_name = "N",
     .group = "Search",
     .help = "give up after so many (60)"},
    {.name = "probe",
     .type = OPT_STRING,
     .offset = AT(length_text),
     .value_name = "DURATION",
     .group = "Probes",
     .help = "how long a rate is judged (10s)"},
    {.name = "warmup",
     .type = OPT_STRING,
     .offset = AT(warmup_text),
     .value_name = "DURATION",
     .group = "Probes",
     .help = "at the rate before that, not judged (2s)"},
    {.name = "drain",
     .type = OPT_STRING,
     .offset = AT(drain_text),
     .value_name = "DURATION",
     .group = "Probes",
     .help = "how long the last answers may take (30s)"},
    {.name = "max-vus",
     .type = OPT_INT,
     .offset = AT(max_vus),
     .min = 1,
     .max = 1000000,
     .value_name = "N",
     .group = "Probes",
     .help = "users at one time at most (20000, or as many as there are descriptors)"},
    {.name = "scenario",
     .type = OPT_STRING,
     .offset = AT(scenario),
     .value_name = "NAME",
     .group = "Probes",
     .help = "of a script with several: whose function, environment and tags to use"},
    {.name = "json",
     .type = OPT_STRING,
     .offset = AT(json),
     .value_name = "FILE|-",
     .hint = OPT_HINT_FILE,
     .group = "Results",
     .help = "write the answer and all probes as JSON; with -, to standard output, and the rest to "
             "standard error"},
};

/* Options of a run that say how much load there is, or what only a single run has. */
static const char *const not_for_find[] = {
    "scenario",
    "dry-run",
    "vus",
    "duration",
    "iterations",
    "stage",
    "rate",
    "max-vus",
    "arrival",
    "when-busy",
    "paused",
    "linger",
    "address",
    "address-token",
    "ui",
    "open",
    "ui-token",
    "execution-segment",
    "execution-segment-sequence",
    "no-thresholds",
    "workers",
    "lost-worker",
    "out",
    "vocab",
    "drain-timeout",
    "spool-dir",
    "spool-max",
    "run-id",
    "store",
    "no-store",
    "store-runs",
    "store-age",
    "store-size",
    "label",
    "summary-mode",
    "summary-export",
    "summary-trend-stats",
    "summary-time-unit",
    "no-summary",
    "new-machine-readable-summary",
    "traces-output",
    "fail-on-invalid",
    "corrected",
    "report",
    "save-baseline",
    "capture",
    "capture-body",
    "har",
};

static const struct opt_example examples[] = {
    {"brunt find script.js --slo 'http_req_duration p(99)<200'", "how many iterations a second"},
    {"brunt find http://127.0.0.1:8080/ --slo 'http_req_duration p(95)<50, http_req_failed "
     "rate<0.01'",
     "two objectives, one URL"},
    {"brunt find script.js --slo 'http_req_duration p(99)<200' --max-rate 500",
     "is it good for 500?"},
    {"brunt find script.js --slo 'checks rate>0.99' --json found.json", "for a program to read"},
};

static bool is_for_find(const struct opt_row *row)
{
    for (size_t i = 0; i < countof(not_for_find); i++) {
        if (strcmp(row->name, not_for_find[i]) == 0)
            return false;
    }
    return true;
}

const struct opt_table *find_options_table(void)
{
    static struct opt_table table = {
        .name = "brunt find",
        .operands = "SCRIPT|URL",
        .summary = "Find the highest rate of iterations that holds an objective.",
        .about =
            "Runs the test again and again at a constant arrival rate: doubles the rate until the "
            "objective fails, closes in on the limit, then confirms the answer by fresh probes "
            "and shows that the next step up fails. The script's own scenarios and thresholds are "
            "not used; setup() and teardown() run in each probe.\n\n"
            "Exit codes: 0 found, or --max-rate holds; 112 the generator is the limit; 113 not even "
            "the start rate holds; 114 results vary too much for an answer.",
        .examples = examples,
        .n_examples = countof(examples),
        .min_operands = 1,
        .max_operands = 1,
        .operand_hint = OPT_HINT_FILE,
    };
    static struct opt_row *rows;

    if (rows)
        return &table;
    const struct opt_table *of_run = loadtest_table("brunt run");
    static struct opt_row all[256];

    rows = all;
    for (size_t i = 0; i < countof(own_rows); i++)
        rows[table.n_rows++] = own_rows[i];
    for (size_t i = 0; i < of_run->n_rows && table.n_rows < countof(all); i++) {
        if (is_for_find(&of_run->rows[i]))
            rows[table.n_rows++] = of_run->rows[i];
    }
    table.rows = rows;
    return &table;
}

static int read_span(const char *option, const char *text, span_ns least, span_ns *ret_span)
{
    if (!text)
        return 0;
    if (duration_parse_strict(str_of(text), ret_span) || *ret_span < least ||
        *ret_span > 24 * 3600 * NS_PER_S)
        return fault(-EINVAL, "--%s '%s': a duration from %s to 24h is wanted, such as 10s", option,
                     text, least ? "1s" : "0s");
    return 0;
}

static int read_objectives(struct find_options *o)
{
    size_t n;

    if (!o->slo.n_items)
        return fault(-EINVAL, "--slo is missing: what must hold, such as --slo 'http_req_duration "
                              "p(99)<200'");
    for (size_t i = 0; i < o->slo.n_items; i++)
        buf_printf(&o->slo_text, "%s%s", i ? ", " : "", o->slo.items[i]);
    if (objectives_parse(buf_str(&o->slo_text), &o->objectives) < 0)
        return fault(FAULT_EXIT(104), "--slo %s", fault_text());
    ignored(objectives_all(o->objectives, &n));
    if (n > FIND_OBJECTIVES_MAX)
        return fault(FAULT_EXIT(104), "--slo: %zu objectives are more than the %d there can be", n,
                     FIND_OBJECTIVES_MAX);
    return 0;
}

int find_options_read(struct find_options *o)
{
    o->test.own.scenario = o->scenario; /* languages that load one alone need it, too */
    TRY(read_objectives(o));
    TRY(read_span("probe", o->length_text, NS_PER_S, &o->length));
    TRY(read_span("warmup", o->warmup_text, 0, &o->warmup));
    TRY(read_span("drain", o->drain_text, 0, &o->drain));
    if (o->max_rate < o->start_rate)
        return fault(-EINVAL, "--max-rate %g is below --start-rate %g", o->max_rate, o->start_rate);
    o->search = (struct search_config){.start_rate = o->start_rate,
                                       .max_rate = o->max_rate,
                                       .precision = o->precision_percent / 100,
                                       .confirmations = (int)o->confirmations,
                                       .max_probes = (int)o->max_probes};
    return 0;
}

void find_options_init(struct find_options *o)
{
    o->start_rate = 10;
    o->max_rate = 1000000;
    o->precision_percent = 2;
    o->confirmations = 3;
    o->max_probes = 60;
    o->length = 10 * NS_PER_S;
    o->warmup = 2 * NS_PER_S;
    o->drain = 30 * NS_PER_S;
}

void find_options_fini(struct find_options *o)
{
    objectives_free(o->objectives);
    loadtest_close(&o->test);
    opt_list_fini(&o->slo);
    buf_fini(&o->slo_text);
}
