/* Where the figures come from: the loops' own counters, the thread's clock, and /proc (proc(5)). */
#include "run/health.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json_out.h"
#include "metric/metric.h"
#include "metric/snapshot.h"
#include "metric/systag.h"
#include "run/cgroup.h"
#include "run/run_priv.h"

enum {
    PROC_BYTES = 4096,
};

/* ---- a loop ---- */

void health_open(struct health_loop *h, const struct loop *loop)
{
    h->io = loop_io(loop);
    h->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

void health_close(struct health_loop *h)
{
    if (h->schedstat >= 0)
        close(h->schedstat);
    h->schedstat = -1;
}

/* "ran waited slices", both in ns; -1 where the kernel does not count. */
static span_ns read_delay(const struct health_loop *h)
{
    char text[128];
    ssize_t n = h->schedstat >= 0 ? pread(h->schedstat, text, sizeof(text) - 1, 0) : -1;
    int64_t ran, waited;

    if (n <= 0)
        return -1;
    text[n] = '\0';
    return sscanf(text, "%" SCNd64 " %" SCNd64, &ran, &waited) == 2 ? waited : -1;
}

static void read_counters(const struct worker *w, struct health_counters *ret_counters)
{
    const struct health_loop *h = &w->health;
    struct health_counters c = {.at = loop_clock(w->loop),
                                .cpu = clock_thread_cpu(),
                                .delayed = read_delay(h),
                                .n_due = h->n_due,
                                .n_late = h->n_late,
                                .max_lag = h->max_lag};

    loop_stats(w->loop, &c.loop);
    vu_loop_script_stats(w->vl, &c.script);
    /* What it was busy without running; too little, as time asleep but ready is not in it. */
    if (c.delayed < 0)
        c.delayed = c.loop.busy > c.cpu ? c.loop.busy - c.cpu : 0;
    *ret_counters = c;
}

/* What making the users took, turns and garbage, is not of the load. */
void health_begin(struct worker *w)
{
    loop_forget_max_turn(w->loop);
    read_counters(w, &w->health.begin);
    w->health.has_begun = true;
}

void health_end(struct worker *w)
{
    read_counters(w, &w->health.end);
    w->health.is_over = true;
}

void health_sample(struct worker *w)
{
    struct health_loop *h = &w->health;

    if (!h->has_begun)
        return;
    h->from = h->begin;
    if (h->is_over)
        h->to = h->end;
    else
        read_counters(w, &h->to);
}

/* ---- the machine ---- */

/* The file's text, cut to PROC_BYTES; "" when it cannot be read. */
static const char *read_proc(const char *path, char text[PROC_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, PROC_BYTES - 1) : 0;

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* The first line of /proc/stat: user nice system idle iowait irq softirq steal ... */
static void read_steal(uint64_t *ret_steal, uint64_t *ret_all)
{
    enum {
        STEAL = 8
    };
    char text[PROC_BYTES];
    uint64_t t[STEAL] = {0}, all = 0;

    if (sscanf(read_proc("/proc/stat", text),
               "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64 " %" SCNu64,
               &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != STEAL)
        return;
    for (size_t i = 0; i < STEAL; i++)
        all += t[i];
    *ret_steal = t[STEAL - 1];
    *ret_all = all;
}

/* A new one gets the lowest number that is free: about how many are open. */
static unsigned count_descriptors(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd >= 0 ? (unsigned)fd : 0;
}

static unsigned count_sockets(void)
{
    char text[PROC_BYTES];
    const char *tcp = strstr(read_proc("/proc/net/sockstat", text), "TCP: inuse ");
    unsigned in_use = 0, orphans = 0, waiting = 0;

    if (!tcp || sscanf(tcp, "TCP: inuse %u orphan %u tw %u", &in_use, &orphans, &waiting) != 3)
        return 0;
    return in_use + waiting;
}

/* Pages that are in memory are the second number of statm. */
static uint64_t count_memory(void)
{
    char text[PROC_BYTES];
    uint64_t all, resident;

    if (sscanf(read_proc("/proc/self/statm", text), "%" SCNu64 " %" SCNu64, &all, &resident) != 2)
        return 0;
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void health_machine_begin(struct health_machine *m)
{
    health_machine_sample(m);
    m->at_from = m->at_to;
    m->steal_from = m->steal_told = m->steal_to;
    m->all_from = m->all_told = m->all_to;
    m->throttled_from = m->throttled_told = m->throttled_to;
}

void health_machine_sample(struct health_machine *m)
{
    read_steal(&m->steal_to, &m->all_to);
    m->at_to = clock_mono();
    m->throttled_to = cgroup_throttled("");
    m->memory = count_memory();
    m->descriptors = count_descriptors();
    m->sockets = count_sockets();
    if (m->descriptors > m->most_descriptors)
        m->most_descriptors = m->descriptors;
    if (m->sockets > m->most_sockets)
        m->most_sockets = m->sockets;
    if (m->memory > m->most_memory)
        m->most_memory = m->memory;
}

unsigned health_ports(void)
{
    char text[PROC_BYTES];
    unsigned first, last;

    if (sscanf(read_proc("/proc/sys/net/ipv4/ip_local_port_range", text), "%u %u", &first, &last) !=
            2 ||
        last < first)
        return 0;
    return last - first + 1;
}

/* ---- together ---- */

/* Figures of one loop over the time of load. */
struct loop_view {
    double seconds;
    double busy, cpu, delayed; /* shares of it */
    double turn_median_ms, turn_p99_ms, turn_max_ms;
};

/* The time below which a share of all events was handled; `from` and `to` are of one loop each. */
static double turn_quantile(const uint64_t *events, double q)
{
    uint64_t all = 0, n = 0;

    for (size_t i = 0; i < LOOP_TURN_BUCKETS; i++)
        all += events[i];
    for (unsigned i = 0; i < LOOP_TURN_BUCKETS && all; i++) {
        n += events[i];
        /* The bucket's upper end: not less than it was. */
        if ((double)n >= q * (double)all)
            return (double)loop_turn_of(i + 1) / 1e6;
    }
    return 0;
}

static void add_turns(const struct health_loop *h, uint64_t *events)
{
    for (size_t i = 0; i < LOOP_TURN_BUCKETS; i++)
        events[i] += h->to.loop.events_by_turn[i] - h->from.loop.events_by_turn[i];
}

static void add_reads(const struct health_loop *h, uint64_t *reads)
{
    for (size_t i = 0; i < LOOP_TURN_BUCKETS; i++)
        reads[i] += h->to.loop.reads_by_delay[i] - h->from.loop.reads_by_delay[i];
}

static void view_loop(const struct health_loop *h, struct loop_view *ret_view)
{
    double span = (double)(h->to.at - h->from.at);
    uint64_t events[LOOP_TURN_BUCKETS] = {0};

    *ret_view = (struct loop_view){0};
    if (span <= 0)
        return;
    add_turns(h, events);
    *ret_view = (struct loop_view){
        .seconds = span / 1e9,
        .busy = (double)(h->to.loop.busy - h->from.loop.busy) / span,
        .cpu = (double)(h->to.cpu - h->from.cpu) / span,
        .delayed = (double)(h->to.delayed - h->from.delayed) / span,
        .turn_median_ms = turn_quantile(events, 0.5),
        .turn_p99_ms = turn_quantile(events, 0.99),
        .turn_max_ms = (double)h->to.loop.max_turn / 1e6,
    };
}

/* Failed requests whose error says so. */
static uint64_t count_errors(const struct run *run, struct str words)
{
    const struct snap_metric *m = snapshot_metric(run->snapshot, M_HTTP_REQS);
    uint64_t n = 0;

    for (size_t i = 0; m && i < m->n_series; i++) {
        struct str error;

        if (tagset_get(m->series[i]->tags, STR("error"), &error) &&
            memmem(error.p, error.n, words.p, words.n))
            n += (uint64_t)m->series[i]->total.counter.sum;
    }
    return n;
}

static double median_of(const struct run *run, uint32_t metric)
{
    const struct snap_metric *m = snapshot_metric(run->snapshot, metric);

    return m && snap_metric_observed(m) ? hist_quantile(&m->total.trend, 0.5) : 0;
}

static double steal_of(const struct health_machine *m)
{
    uint64_t all = m->all_to - m->all_from;

    return all ? (double)(m->steal_to - m->steal_from) / (double)all : 0;
}

static double throttled_of(const struct health_machine *m)
{
    span_ns span = m->at_to - m->at_from;

    return span > 0 ? (double)(m->throttled_to - m->throttled_from) / (double)span : 0;
}

/* Waiting in vain is work, too: the calls for it take time. Spinning on purpose is not. */
static double busy_of(const struct run *run, const struct loop_view *v)
{
    return run->config.precise || v->busy > v->cpu ? v->busy : v->cpu;
}

/* What the script cost in the time of load; a longest collection from before it is none. */
static void script_of(const struct run *run, struct script_stats *ret_stats)
{
    *ret_stats = (struct script_stats){0};
    for (unsigned i = 0; i < run->n_workers; i++) {
        const struct script_stats *from = &run->workers[i].health.from.script,
                                  *to = &run->workers[i].health.to.script;

        ret_stats->script_ns += to->script_ns - from->script_ns;
        ret_stats->gc_ns += to->gc_ns - from->gc_ns;
        ret_stats->n_gc += to->n_gc - from->n_gc;
        /* The unit of the counter is learned while it runs: equal is what differs by little. */
        if (to->n_gc > from->n_gc && to->gc_max_ns > from->gc_max_ns + from->gc_max_ns / 100 &&
            to->gc_max_ns > ret_stats->gc_max_ns)
            ret_stats->gc_max_ns = to->gc_max_ns;
    }
}

/* `loops` has room for one entry a worker. */
static void gather(const struct run *run, struct verdict_loop *loops,
                   struct verdict_facts *ret_facts)
{
    struct verdict_facts f = {.loops = loops,
                              .n_loops = run->n_workers,
                              .late_limit = HEALTH_LATE,
                              .steal = steal_of(&run->machine),
                              .throttled = throttled_of(&run->machine)};
    uint64_t events[LOOP_TURN_BUCKETS] = {0}, reads[LOOP_TURN_BUCKETS] = {0};
    struct run_totals totals;
    struct script_stats script;

    for (unsigned i = 0; i < run->n_workers; i++) {
        const struct health_loop *h = &run->workers[i].health;
        struct loop_view v;

        view_loop(h, &v);
        add_turns(h, events);
        add_reads(h, reads);
        loops[i] = (struct verdict_loop){.busy = busy_of(run, &v), .delayed = v.delayed};
        f.seconds = v.seconds > f.seconds ? v.seconds : f.seconds;
        f.n_due += h->to.n_due;
        f.n_late += h->to.n_late;
    }
    for (size_t i = 0; i < run->n_scenarios; i++) {
        f.open_model |= run->scenarios[i].plan->open_model;
        f.n_dropped += atomic_load(&run->scenarios[i].shared.dropped);
    }
    run_totals(run, &totals);
    script_of(run, &script);
    f.n_iterations = totals.complete + totals.interrupted;
    f.n_requests = totals.requests;
    f.n_without_port = count_errors(run, STR("local ports are used up"));
    f.n_without_descriptor = count_errors(run, STR("too many open files"));
    f.median_ms = median_of(run, M_HTTP_REQ_DURATION);
    f.turn_p99_ms = turn_quantile(events, 0.99);
    f.read_delay_ms = turn_quantile(reads, 0.5);
    f.longest_gc_ms = (double)script.gc_max_ns / 1e6;
    *ret_facts = f;
}

void health_of_loop(const struct run *run, unsigned loop, struct health_counters *ret_from,
                    struct health_counters *ret_to)
{
    *ret_from = run->workers[loop].health.from;
    *ret_to = run->workers[loop].health.to;
}

void health_judge(const struct run *run, struct verdict *ret_verdict)
{
    struct arena arena = {0};
    struct verdict_facts facts;

    gather(run, arena_new_n(&arena, struct verdict_loop, run->n_workers), &facts);
    verdict_find(&facts, ret_verdict);
    arena_fini(&arena);
}

/* ---- JSON ---- */

static void put(struct json_out *j, const char *key, double value)
{
    json_key(j, key);
    json_put_f64(j, value);
}

static void put_count(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_u64(j, n);
}

/* Nothing unless the kernel was asked. */
static void put_reads(const struct health_loop *h, struct json_out *j)
{
    uint64_t reads[LOOP_TURN_BUCKETS] = {0};

    add_reads(h, reads);
    if (turn_quantile(reads, 1) <= 0)
        return;
    put(j, "unread_median_ms", turn_quantile(reads, 0.5));
    put(j, "unread_p99_ms", turn_quantile(reads, 0.99));
    put(j, "unread_max_ms", turn_quantile(reads, 1));
}

static void put_loop(const struct health_loop *h, struct json_out *j)
{
    struct loop_view v;

    view_loop(h, &v);
    json_open_object(j);
    if (h->io) {
        json_key(j, "io");
        json_put_cstr(j, h->io);
    }
    put(j, "seconds", v.seconds);
    put(j, "busy", v.busy);
    put(j, "cpu", v.cpu);
    put(j, "run_queue_wait", v.delayed);
    put(j, "turn_median_ms", v.turn_median_ms);
    put(j, "turn_p99_ms", v.turn_p99_ms);
    put(j, "turn_max_ms", v.turn_max_ms);
    put_count(j, "due", h->to.n_due);
    put_count(j, "late_starts", h->to.n_late);
    put(j, "max_lag_ms", (double)h->to.max_lag / 1e6);
    put_reads(h, j);
    json_close(j);
}

static void put_limits(const struct run *run, struct json_out *j)
{
    const struct health_machine *m = &run->machine;
    struct rlimit limit = {0};

    ignored(getrlimit(RLIMIT_NOFILE, &limit));
    put_count(j, "descriptors", m->most_descriptors);
    put_count(j, "descriptor_limit", (uint64_t)limit.rlim_cur);
    put_count(j, "tcp_sockets", m->most_sockets);
    put_count(j, "local_ports", health_ports());
    put_count(j, "memory_bytes", m->most_memory);
}

static void put_verdict(const struct run *run, struct json_out *j)
{
    struct verdict v;

    health_judge(run, &v);
    json_key(j, "verdict");
    json_put_cstr(j, verdict_name(v.level));
    json_key(j, "reasons");
    verdict_put_reasons(&v, j);
}

static void put_event(const struct run_event *e, struct json_out *j)
{
    json_open_object(j);
    put(j, "elapsed_s", (double)e->elapsed / 1e9);
    json_key(j, "kind");
    json_put_cstr(j, run_event_name(e->kind));
    json_key(j, "by");
    json_put_cstr(j, e->by);
    if (e->scenario) {
        json_key(j, "scenario");
        json_put_cstr(j, e->scenario);
        put(j, "from", e->from);
        put(j, "to", e->to);
    }
    json_close(j);
}

/* What was changed from outside while it ran: such results are not those of the plan. */
static void put_events(const struct run *run, struct json_out *j)
{
    size_t n;
    const struct run_event *events = run_events(run, &n);

    json_key(j, "events");
    json_open_array(j);
    for (size_t i = 0; i < n; i++)
        put_event(&events[i], j);
    json_close(j);
}

void health_json(const struct run *run, struct json_out *j)
{
    struct script_stats script;

    script_of(run, &script);
    json_open_object(j);
    put_verdict(run, j);
    put(j, "steal", steal_of(&run->machine));
    put(j, "throttled", throttled_of(&run->machine));
    put(j, "script_ms", (double)script.script_ns / 1e6);
    put(j, "gc_ms", (double)script.gc_ns / 1e6);
    put(j, "gc_max_ms", (double)script.gc_max_ns / 1e6);
    put_limits(run, j);
    json_key(j, "loops");
    json_open_array(j);
    for (unsigned i = 0; i < run->n_workers; i++)
        put_loop(&run->workers[i].health, j);
    json_close(j);
    put_events(run, j);
    json_close(j);
}
