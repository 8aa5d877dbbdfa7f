#include "run/preflight.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "plan/plan.h"
#include "run/health.h"

enum {
    PATH_BYTES = 512,
    TEXT_BYTES = 4096,
    NUMBERS_BYTES = 64,
    DESCRIPTORS_OWN = 64, /* loops, logs, name lookups */
};

/* ---- judging ---- */

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
    } else if (f->local_ports && !f->reuses_connections) {
        /* TIME-WAIT lasts 60 s on Linux. */
        buf_printf(out,
                   "connections are not reused, and each keeps its local port for a minute: beyond "
                   "about %" PRIu64 " requests a second to one server they will fail with 'local "
                   "ports are used up'\n",
                   f->local_ports / 60);
    }
    if (f->cpu_quota > 0 && f->n_loops && f->cpu_quota < f->n_loops) {
        buf_printf(
            out,
            "the container may use %.3g processors and the test runs on %u loops: it will be "
            "held up when they are used up. Raise the container's limit, or use --loops "
            "%.0f\n",
            f->cpu_quota, f->n_loops, f->cpu_quota < 1 ? 1 : f->cpu_quota);
    }
}

/* ---- control groups ---- */

double preflight_parse_quota(const char *cpu_max)
{
    double quota, period;

    if (sscanf(cpu_max, "%lf %lf", &quota, &period) != 2 || quota <= 0 || period <= 0)
        return 0;
    return quota / period;
}

static bool read_text(const char *path, char *text, size_t n_text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, n_text - 1) : -1;

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* The process's place in a hierarchy: of line "0::/PATH" (v2) or "N:cpu,cpuacct:/PATH" (v1). */
static bool find_group(const char *lines, bool v2, char path[PATH_BYTES])
{
    for (const char *line = lines; line; line = strchr(line, '\n')) {
        char names[64] = "";

        line += *line == '\n';
        if (v2 ? sscanf(line, "0::%511s", path) == 1
               : sscanf(line, "%*d:%63[^:]:%511s", names, path) == 2 &&
                     (strcmp(names, "cpu") == 0 || strncmp(names, "cpu,", 4) == 0 ||
                      strstr(names, ",cpu")))
            return true;
    }
    return false;
}

static double quota_v2(const char *group)
{
    char path[PATH_BYTES + 64], text[NUMBERS_BYTES];

    snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cpu.max", group);
    return read_text(path, text, sizeof(text)) ? preflight_parse_quota(text) : 0;
}

static double quota_v1(const char *group)
{
    char path[PATH_BYTES + 64], quota[NUMBERS_BYTES], period[NUMBERS_BYTES],
        both[2 * NUMBERS_BYTES];

    snprintf(path, sizeof(path), "/sys/fs/cgroup/cpu%s/cpu.cfs_quota_us", group);
    if (!read_text(path, quota, sizeof(quota)))
        return 0;
    snprintf(path, sizeof(path), "/sys/fs/cgroup/cpu%s/cpu.cfs_period_us", group);
    if (!read_text(path, period, sizeof(period)))
        return 0;
    snprintf(both, sizeof(both), "%s %s", quota, period);
    return preflight_parse_quota(both);
}

/* The tightest of the group and those around it; in a container its own is the root. */
static double tightest(char *group, double (*quota)(const char *group))
{
    double least = 0;

    for (;;) {
        double q = quota(strcmp(group, "/") == 0 ? "" : group);
        char *slash = strrchr(group, '/');

        if (q > 0 && (least <= 0 || q < least))
            least = q;
        if (!slash || !*group)
            return least;
        *slash = '\0';
    }
}

static double find_quota(void)
{
    char lines[TEXT_BYTES], group[PATH_BYTES];
    double least = 0;

    if (!read_text("/proc/self/cgroup", lines, sizeof(lines)))
        return 0;
    if (find_group(lines, true, group))
        least = tightest(group, quota_v2);
    if (least <= 0 && find_group(lines, false, group))
        least = tightest(group, quota_v1);
    return least;
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

void preflight_look(const struct plan *plan, unsigned n_loops, struct preflight_facts *ret_facts)
{
    const struct plan_options *o = plan->options;

    *ret_facts = (struct preflight_facts){
        .max_vus = (uint64_t)plan->max_vus,
        .connections_each = 1,
        .reuses_connections = !o->no_connection_reuse && !o->no_vu_connection_reuse,
        .descriptor_limit = raise_descriptors(),
        .local_ports = o->local_ips[0] ? 0 : health_ports(),
        .cpu_quota = find_quota(),
        .n_loops = n_loops,
    };
}
