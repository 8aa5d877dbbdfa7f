/*
 * What a JavaScript user costs: CPU time to create one, memory while it idles, time of an empty
 * iteration, of a check with two closures, and the longest pause between iterations, when garbage
 * is collected. Prints figures; the goals are in docs (24 KB and 30 µs a user, 1 µs a check).
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "metric/metric.h"
#include "metric/tagset.h"
#include "script/script.h"

enum {
    USERS = 2000,
    CALLS = 200000,
};

static const char script_text[] =
    "import http from 'k6/http';\n"
    "import { check, sleep, group } from 'k6';\n"
    "import { Trend } from 'k6/metrics';\n"
    "export const options = { vus: 10, duration: '10s' };\n"
    "const t = new Trend('my_trend', true);\n"
    "const r = { status: 200, body: 'hello', timings: { duration: 12.5 } };\n"
    "export function empty() {}\n"
    "export function checks() {\n"
    "  check(r, { 'status is 200': (r) => r.status === 200, 'body': (r) => r.body.length > 0 });\n"
    "}\n"
    "export function tagged() {\n"
    "  check(r, { 'is 200': (r) => r.status === 200, 'b': (r) => r.body.length > 0 },\n"
    "    { page: 'home', kind: 'x' });\n"
    "  t.add(r.timings.duration, { page: 'home' });\n"
    "}\n"
    "export function garbage() { const a = { n: 1 }, b = { a }; a.b = b; }\n"
    "export default function () { http.get(`http://test/${__VU}`); }\n";

static mono_ns host_now(struct script_host *h)
{
    (void)h;
    return clock_mono();
}

static void host_log(struct script_host *h, enum script_log_level level,
                     enum script_log_source source, struct str message)
{
    (void)h;
    (void)level;
    (void)source;
    (void)!fprintf(stderr, "%.*s\n", STR_ARG(message));
}

static void host_exception(struct script_host *h, struct str stack)
{
    host_log(h, SCRIPT_LOG_ERROR, SCRIPT_LOG_STACKTRACE, stack);
    abort();
}

static uint64_t n_samples;

static void host_sample(struct script_host *h, uint32_t id, const struct tagset *tags, double value)
{
    (void)h;
    (void)id;
    (void)tags;
    (void)value;
    n_samples++;
}

static void host_check(struct script_host *h, struct str name, const struct tagset *tags,
                       bool passed)
{
    (void)h;
    (void)name;
    (void)tags;
    (void)passed;
    n_samples++;
}

static const struct script_host_ops host_ops = {
    .now = host_now,
    .log = host_log,
    .exception = host_exception,
    .sample = host_sample,
    .check = host_check,
};

static size_t heap(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static double cpu_us(void)
{
    return (double)clock_read(CLOCK_PROCESS_CPUTIME_ID) / (double)NS_PER_US;
}

static void time_calls(struct script *s, void *vu, const char *name)
{
    int index = script_js_ops.find_export(s, name);
    mono_ns longest = 0;
    double start = cpu_us();

    for (int i = 0; i < CALLS; i++) {
        mono_ns before = clock_mono(), took;

        if (script_js_ops.run_iteration(vu, index, NULL) != 0)
            abort();
        took = clock_mono() - before;
        longest = took > longest ? took : longest;
    }
    (void)!printf("%-10s %8.0f ns an iteration, longest %.3f ms\n", name,
                  (cpu_us() - start) * 1000 / CALLS, (double)longest / (double)NS_PER_MS);
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/bench_js_XXXXXX";
    struct metric_registry *metrics = metric_registry_new();
    struct tag_pool *pool = tag_pool_new();
    struct script_config config = {.path = path, .metrics = metrics};
    struct script_host host = {.ops = &host_ops, .tag_pool = pool, .tags = tagset_empty(pool)};
    struct script_host *hosts = xnew_n(struct script_host, USERS);
    void **users = xnew_n(void *, USERS), *loop = NULL;
    struct script *s = NULL;
    double start;
    size_t before;
    int fd = mkstemp(path);

    config.full_contexts = argc > 1 && strcmp(argv[1], "--full-contexts") == 0;
    if (fd < 0 || write(fd, script_text, sizeof(script_text) - 1) < 0)
        abort();
    (void)close(fd);
    start = cpu_us();
    if (script_js_ops.load(&config, &host, &s) != 0 || script_js_ops.loop_open(s, &loop) != 0) {
        (void)!fprintf(stderr, "%s\n", fault_text());
        return 1;
    }
    (void)!printf("load       %8.0f us\n", cpu_us() - start);
    (void)unlink(path);
    before = heap();
    start = cpu_us();
    for (size_t i = 0; i < USERS; i++) {
        hosts[i] = host;
        hosts[i].vu_id = i + 1;
        if (script_js_ops.vu_new(s, loop, &hosts[i], &users[i]) != 0)
            abort();
        hosts[i].phase = SCRIPT_RUN;
    }
    (void)!printf("create     %8.1f us a user\nmemory     %8zu bytes a user (without its stack)\n",
                  (cpu_us() - start) / USERS, (heap() - before) / USERS);
    time_calls(s, users[0], "empty");
    time_calls(s, users[0], "checks");
    time_calls(s, users[0], "tagged");
    time_calls(s, users[0], "garbage");
    for (size_t i = 0; i < USERS; i++)
        script_js_ops.vu_free(users[i]);
    script_js_ops.loop_close(loop);
    script_js_ops.free(s);
    tag_pool_free(pool);
    metric_registry_free(metrics);
    free(users);
    free(hosts);
    return 0;
}
