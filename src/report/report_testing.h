#pragma once
/* A run to write reports of, for tests of this folder. */
#include "base/mem.h"
#include "metric/metric.h"
#include "metric/snapshot.h"
#include "report/report.h"

struct report_fixture {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct store_run run;
    mono_ns now;
};

/* One sample; `tags` are "key=value" pairs separated by commas. */
static inline void report_fixture_add(struct report_fixture *f, uint32_t metric, const char *tags,
                                      double value)
{
    struct tag list[8];
    struct str rest = str_of(tags), part;
    size_t n = 0;

    while (rest.n && str_split(&rest, ',', &part)) {
        size_t at = str_find(part, '=');

        list[n++] = (struct tag){str_from(part.p, at), str_from_index(part, at + 1)};
    }
    snapshot_sample(f->snapshot, metric, list, n, value, ++f->now);
}

static inline void report_fixture_request(struct report_fixture *f, const char *tags, double ms,
                                          double failed)
{
    report_fixture_add(f, M_HTTP_REQS, tags, 1);
    report_fixture_add(f, M_HTTP_REQ_DURATION, tags, ms);
    report_fixture_add(f, M_HTTP_REQ_FAILED, tags, failed);
}

static inline void report_fixture_init(struct report_fixture *f)
{
    *f = (struct report_fixture){.registry = metric_registry_new()};
    f->snapshot = snapshot_new(&(struct snapshot_config){.registry = f->registry});
    snapshot_tick_begin(f->snapshot);
    f->run = (struct store_run){
        .key = 1,
        .id = STR("r-20260102-150405-1a2b"),
        .name = STR("shop"),
        .state = STORE_FINISHED,
        .started = (wall_ns)1767366245 * NS_PER_S,
        .created = (wall_ns)1767366245 * NS_PER_S,
        .ended = (wall_ns)1767366255 * NS_PER_S,
        .duration = 10 * NS_PER_S,
        .script = STR("tests/shop.js"),
        .kind = STR("k6"),
    };
}

static inline void report_fixture_fini(struct report_fixture *f)
{
    snapshot_free(f->snapshot);
    metric_registry_free(f->registry);
}

/* A shop with a slow checkout and a check that fails at times; two thresholds, one of them failed.
 */
static inline void report_fixture_shop(struct report_fixture *f)
{
    for (int i = 0; i < 100; i++) {
        report_fixture_request(f, "name=/products,method=GET,scenario=default,status=200", 10 + i,
                               0);
        report_fixture_add(f, M_CHECKS, "check=status is 200,group=,scenario=default", 1);
    }
    for (int i = 0; i < 20; i++) {
        const char *bad = "name=/checkout,method=POST,scenario=default,group=::pay,"
                          "status=500,error_code=1500,error=the server failed";

        report_fixture_request(f,
                               i % 10 ? "name=/checkout,method=POST,scenario=default,"
                                        "group=::pay,status=200"
                                      : bad,
                               400 + i, i % 10 == 0);
        report_fixture_add(f, M_CHECKS, "check=paid,group=::pay,scenario=default", i % 10 != 0);
    }
    report_fixture_add(f, M_ITERATIONS, "scenario=default", 100);
    report_fixture_add(f, M_VUS_MAX, "", 5);
    report_fixture_add(f, M_DATA_RECEIVED, "", 123456);
    f->run.exit_code = 99;
    f->run.git_commit = STR("0123456789abcdef0123456789abcdef01234567");
    f->run.thresholds_json =
        STR("[{\"metric\":\"http_req_duration\",\"source\":\"p(95)<300\",\"state\":\"failed\","
            "\"stat\":\"p(95)\",\"op\":\"<\",\"limit\":300,\"value\":412.5,"
            "\"abort_on_fail\":false},"
            "{\"metric\":\"checks\",\"source\":\"rate>0.95\",\"state\":\"passed\","
            "\"stat\":\"rate\",\"op\":\">\",\"limit\":0.95,\"value\":0.9833,"
            "\"abort_on_fail\":false},"
            "{\"metric\":\"http_reqs\",\"source\":\"rate>1\",\"state\":\"unjudged\","
            "\"stat\":\"rate\",\"op\":\">\",\"limit\":1,\"value\":null,"
            "\"abort_on_fail\":false,\"text\":\"the test ended before its time\"}]");
    f->run.verdict_json =
        STR("{\"level\":\"suspect\",\"reasons\":[{\"level\":\"suspect\","
            "\"text\":\"loop 0 was busy for 92 % of the time: give it more processors\"}]}");
}

static inline struct report *report_fixture_done(struct report_fixture *f)
{
    snapshot_tick_end(f->snapshot, ++f->now);
    return report_new(&f->run, f->snapshot);
}
