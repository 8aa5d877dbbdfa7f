/*
 * Any bytes as the JSON members of a stored run (stores can be imported), in all reports that are
 * written of them. Lines of the input are one member each: thresholds, verdict, scenarios, outputs,
 * labels, options, a name.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "report/report.h"
#include "report/report_junit.h"
#include "report/report_md.h"
#include "report/report_show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct str next_line(struct str *rest)
{
    struct str line = {.p = ""};

    if (rest->n)
        str_split(rest, '\n', &line);
    return line;
}

static struct store_run run_of(struct str text)
{
    return (struct store_run){
        .id = STR("r"),
        .duration = NS_PER_S,
        .thresholds_json = next_line(&text),
        .verdict_json = next_line(&text),
        .scenarios_json = next_line(&text),
        .outputs_json = next_line(&text),
        .labels_json = next_line(&text),
        .options_json = next_line(&text),
        .name = text,
        .note = text,
    };
}

/* A little of what thresholds may be on, under the name that came. */
static void measure(struct snapshot *s, struct str name)
{
    struct tag tags[] = {{STR("check"), name}, {STR("error_code"), name}, {STR("name"), name}};

    snapshot_tick_begin(s);
    snapshot_sample(s, M_HTTP_REQS, tags, 3, 1, 1);
    snapshot_sample(s, M_HTTP_REQ_DURATION, tags, 3, 1.5, 1);
    snapshot_sample(s, M_CHECKS, tags, 3, 0, 1);
    snapshot_tick_end(s, 2);
}

static void write_all(const struct report *r)
{
    struct report_show_style style = {.columns = 80};
    struct buf out = {0};

    report_junit_put(r, &out);
    for (size_t i = 0; i < out.len; i++)
        assert((unsigned char)out.data[i] >= ' ' || out.data[i] == '\n');
    report_md_put(r, &(struct report_md_baseline){.report = r}, &out);
    report_show_header(r, &style, &out);
    report_show_summary(r, &style, &out);
    report_show_verdict(r, &style, &out);
    report_show_outputs(r, &style, &out);
    report_show_lists(r, &style, &out);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct metric_registry *registry = metric_registry_new();
    struct snapshot *snapshot = snapshot_new(&(struct snapshot_config){.registry = registry});
    struct store_run run = run_of(str_from((const char *)data, n));

    measure(snapshot, run.name);
    struct report *r = report_new(&run, snapshot);

    write_all(r);
    report_free(r);
    snapshot_free(snapshot);
    metric_registry_free(registry);
    return 0;
}
