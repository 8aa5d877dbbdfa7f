/* Users come from what the workers have told their run, processor and memory from /proc. */
#include "cli/locust_workers.h"

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/run_workers.h"
#include "run/run.h"

struct locust_worker_past {
    char id[32];
    mono_ns at;   /* 0: never */
    double cpu_s; /* by then */
};

/* The fields of /proc/PID/stat behind the name in brackets; false when the process has gone. */
static bool read_process(int pid, double *ret_cpu_s, uint64_t *ret_bytes)
{
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    long pages = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;

    if (!file)
        return false;
    size_t n = fread(text, 1, sizeof(text) - 1, file);

    fclose(file);
    text[n] = '\0';
    const char *rest = strrchr(text, ')');

    if (!rest || sscanf(rest + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d "
                        "%*d %*d %*u %*u %ld",
                        &user, &system, &pages) != 3)
        return false;
    *ret_cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    *ret_bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return true;
}

static void look(struct locust_worker_past *past, int pid, struct web_locust_worker *w)
{
    mono_ns now = clock_mono();
    double cpu_s = 0;

    if (!read_process(pid, &cpu_s, &w->memory))
        return;
    if (past->at && now > past->at)
        w->cpu = 100 * (cpu_s - past->cpu_s) / ((double)(now - past->at) / 1e9);
    past->at = now;
    past->cpu_s = cpu_s;
}

static void make_room(struct locust_workers *w, size_t n)
{
    if (w->n == n)
        return;
    locust_workers_fini(w);
    w->n = n;
    w->items = xnew_n(struct web_locust_worker, n);
    w->past = xnew_n(struct locust_worker_past, n);
    for (size_t i = 0; i < n; i++)
        snprintf(w->past[i].id, sizeof(w->past[i].id), "worker %zu", i + 1);
}

void locust_workers_read(struct locust_workers *w, const struct run *run,
                         const struct run_workers *workers, const char *state)
{
    size_t n = run_workers_count(workers);

    make_room(w, n < LOCUST_WORKERS_MAX ? n : LOCUST_WORKERS_MAX);
    for (size_t i = 0; i < w->n; i++) {
        int pid = run_workers_pid(workers, (unsigned)i);
        struct run_totals totals;

        run_worker_totals(run, (unsigned)i, &totals);
        w->items[i] = (struct web_locust_worker){
            .id = w->past[i].id,
            .state = pid > 0 ? state : "missing",
            .users = totals.vus_active,
        };
        look(&w->past[i], pid, &w->items[i]);
    }
}

void locust_workers_fini(struct locust_workers *w)
{
    free(w->items);
    free(w->past);
    *w = (struct locust_workers){0};
}
