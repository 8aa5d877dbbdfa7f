#include "run/preflight.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>

#include "plan/plan.h"
#include "run/cgroup.h"
#include "run/health.h"

enum {
    DESCRIPTORS_OWN = 64,  /* loops, logs, name lookups */
    TIME_WAIT_S = 60,      /* that Linux keeps a closed connection's port */
    USER_BYTES = 32 << 10, /* the least that a user takes, with stack and connection */
};

/* ---- judging ---- */

/* Whether it may: where rates are planned it is known, if each iteration makes one connection. */
static bool uses_ports_up(const struct preflight_facts *f)
{
    return !f->reuses_connections &&
           (f->iterations_per_s <= 0 || f->iterations_per_s * TIME_WAIT_S > (double)f->local_ports);
}

static void judge_processors(const struct preflight_facts *f, struct buf *out)
{
    if (f->cpu_quota > 0 && f->n_loops && f->cpu_quota < f->n_loops) {
        buf_printf(
            out,
            "the container may use %.3g processors and the test runs on %u loops: it will be "
            "held up when they are used up. Raise the container's limit, or use --loops %u\n",
            f->cpu_quota, f->n_loops, f->cpu_quota < 1 ? 1 : (unsigned)f->cpu_quota);
    }
    if (f->n_processors && f->n_loops > f->n_processors) {
        buf_printf(out,
                   "%u loops share %u processors: they will wait for each other, and the measured "
                   "times contain that. Use --loops %u\n",
                   f->n_loops, f->n_processors, f->n_processors);
    }
}

static void judge_memory(const struct preflight_facts *f, struct buf *out)
{
    if (f->max_vus <= f->memory / USER_BYTES)
        return;
    buf_printf(out,
               "%" PRIu64 " users take %" PRIu64 " MiB at least, and there are %" PRIu64
               " MiB left to use: the system may end the run. Use fewer users, or more machines\n",
               f->max_vus, f->max_vus * USER_BYTES >> 20, f->memory >> 20);
}

void preflight_judge(const struct preflight_facts *f, struct buf *out)
{
    uint64_t connections = f->max_vus * f->connections_each;

    if (f->descriptor_limit && connections + DESCRIPTORS_OWN > f->descriptor_limit) {
        buf_printf(out,
                   "the test may need %" PRIu64 " connections at once, and a process here may open "
                   "%" PRIu64
                   " files: some will fail with 'too many open files' (see ulimit -Hn)\n",
                   connections, f->descriptor_limit);
    }
    if (f->local_ports && connections > f->local_ports) {
        buf_printf(out,
                   "the test may need %" PRIu64
                   " connections at once, and this machine has %" PRIu64
                   " local ports for each server and local address: some will fail with 'local "
                   "ports are used up'. Widen net.ipv4.ip_local_port_range, or give more addresses "
                   "with --local-ips\n",
                   connections, f->local_ports);
    } else if (f->local_ports && uses_ports_up(f)) {
        buf_printf(out,
                   "connections are not reused, and each keeps its local port for a minute: beyond "
                   "about %" PRIu64 " requests a second to one server they will fail with 'local "
                   "ports are used up'\n",
                   f->local_ports / TIME_WAIT_S);
    }
    judge_processors(f, out);
    judge_memory(f, out);
}

/* ---- looking ---- */

/* The soft limit is ours to raise. */
static uint64_t raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    limit.rlim_cur = limit.rlim_max;
    ignored(setrlimit(RLIMIT_NOFILE, &limit));
    return limit.rlim_max == RLIM_INFINITY ? 0 : (uint64_t)limit.rlim_max;
}

/* The highest rates of all scenarios together; 0 when one of them has none. */
static double planned_rate(const struct plan *plan)
{
    double rate = 0;

    for (size_t i = 0; i < plan->n_scenarios; i++) {
        const struct plan_scenario *s = &plan->scenarios[i];
        int64_t peak = s->executor == PLAN_CONSTANT_ARRIVAL_RATE ? s->rate : s->start_rate;

        if (!s->open_model || s->time_unit <= 0)
            return 0;
        for (size_t k = 0; k < s->stages.n; k++)
            peak = s->stages.items[k].target > peak ? s->stages.items[k].target : peak;
        rate += (double)peak * (double)NS_PER_S / (double)s->time_unit;
    }
    return rate;
}

static unsigned processors(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 0;
}

static uint64_t memory_left(void)
{
    uint64_t group = cgroup_memory_left(""), kib, bytes = UINT64_MAX;
    char line[128];
    FILE *f = fopen("/proc/meminfo", "re");

    while (f && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
            bytes = kib * 1024;
    }
    if (f)
        fclose(f);
    return group < bytes ? group : bytes;
}

void preflight_look(const struct plan *plan, unsigned n_loops, struct preflight_facts *ret_facts)
{
    const struct plan_options *o = plan->options;

    *ret_facts = (struct preflight_facts){
        .max_vus = (uint64_t)plan->max_vus,
        .connections_each = 1,
        .reuses_connections = !o->no_connection_reuse && !o->no_vu_connection_reuse,
        .descriptor_limit = raise_descriptors(),
        .local_ports = o->local_ips[0] ? 0 : health_ports(),
        .iterations_per_s = planned_rate(plan),
        .cpu_quota = cgroup_processors(""),
        .n_loops = n_loops,
        .n_processors = processors(),
        .memory = memory_left(),
    };
}
