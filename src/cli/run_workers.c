#include "cli/run_workers.h"

#include "base/mem.h"
#include "cli/loadtest.h"
#include "dist/share_process.h"
#include "run/run.h"

struct run_workers {
    struct arena arena;
    struct share_process **items;
    struct run_remote **remotes;
    unsigned n;
    bool go_on;
};

/* ---- what a worker is called with ---- */

/* "0,1/3,2/3,1" */
static const char *sequence(struct arena *arena, unsigned n)
{
    scoped(buf_fini) struct buf out = {0};

    buf_puts(&out, "--execution-segment-sequence=0");
    for (unsigned i = 1; i < n; i++)
        buf_printf(&out, ",%u/%u", i, n);
    buf_puts(&out, ",1");
    return arena_str(arena, buf_str(&out)).p;
}

/* "brunt worker", its segment, and what the user has said. */
static const char *const *arguments(struct run_workers *w, char *const *argv, unsigned index)
{
    size_t n = 0, at = 0;

    while (argv[n])
        n++;
    const char **to = arena_new_n(&w->arena, const char *, n + 5);

    to[at++] = "brunt";
    to[at++] = "worker";
    if (w->n > 1) {
        to[at++] = arena_printf(&w->arena, "--execution-segment=%u/%u:%u/%u", index, w->n,
                                index + 1, w->n);
        to[at++] = sequence(&w->arena, w->n);
    }
    for (size_t i = 1; i < n; i++)
        to[at++] = argv[i];
    return to;
}

/* ---- the command's side ---- */

static int check(const struct loadtest *t)
{
    const struct plan_segment *s = &t->plan->segment;

    if (s->from.num != 0 || s->to.num != s->to.den) {
        return fault(FAULT_EXIT(104), "--workers deals the test out to its processes, which does "
                                      "not go with an execution segment");
    }
    if (strcmp(t->operand, "-") == 0)
        return fault(FAULT_EXIT(104), "--workers: each reads the script, so it has to be a file");
    return 0;
}

/* Outputs that want nothing but what ticks have. */
static const char *const aggregated[] = {
    "prometheus", "remote-write", "graphite", "otlp",    "opentelemetry", "statsd",
    "datadog",    "leapwork",     "null",     "results", "web-dashboard"};

static bool is_aggregated(const char *spec)
{
    struct str rest = str_of(spec), name;

    if (strstr(spec, "samples=") || !str_split(&rest, '=', &name))
        return false;
    name.n = str_find(name, '?');
    for (size_t i = 0; i < countof(aggregated); i++) {
        if (str_is(name, aggregated[i]))
            return true;
    }
    return false;
}

static bool are_aggregated(const struct plan_strings *outs)
{
    for (size_t i = 0; i < outs->n; i++) {
        if (!is_aggregated(outs->items[i]))
            return false;
    }
    return true;
}

unsigned run_workers_most(const struct loadtest *t, const struct script_ops *language)
{
    unsigned n = run_processors();

    if (t->own.workers)
        return (unsigned)t->own.workers;
    if (!language->one_loop || t->own.loops || !are_aggregated(&t->cli.out) ||
        !are_aggregated(&t->env.out))
        return 0;
    return n > 1 ? n : 0;
}

/*
 * Nobody has said how many: a language whose users share one loop would leave the other processors
 * idle. 0: it does not matter, or it would not go.
 */
static unsigned choose(const struct loadtest *t)
{
    unsigned n = run_processors();

    if (!t->script->ops->one_loop || t->own.loops || check(t) < 0) {
        fault_clear();
        return 0;
    }
    if (!are_aggregated(&t->plan->options->out))
        return 0;
    if ((int64_t)n > t->plan->planned_vus)
        n = (unsigned)t->plan->planned_vus;
    return n > 1 ? n : 0;
}

int run_workers_new(const struct loadtest *t, struct loop *loop, char *const *argv,
                    struct run_workers **ret_workers)
{
    unsigned n = t->own.workers ? (unsigned)t->own.workers : choose(t);

    *ret_workers = NULL;
    if (!n)
        return 0;
    TRY(check(t));
    struct run_workers *w = xnew(struct run_workers);

    w->n = n;
    w->go_on = t->own.lost_worker && strcmp(t->own.lost_worker, "continue") == 0;
    w->items = xnew_n(struct share_process *, n);
    w->remotes = xnew_n(struct run_remote *, n);
    for (unsigned i = 0; i < n; i++) {
        const struct share_process_config config = {
            .loop = loop,
            .log = t->log,
            .program = "/proc/self/exe",
            .argv = arguments(w, argv, i),
            .index = i,
            .count = n,
        };

        w->items[i] = share_process_new(&config);
        w->remotes[i] = share_process_remote(w->items[i]);
    }
    *ret_workers = w;
    return 0;
}

void run_workers_configure(const struct run_workers *w, struct run_config *config)
{
    if (!w)
        return;
    config->remotes = w->remotes;
    config->n_remotes = w->n;
    config->go_on_without_lost = w->go_on;
}

unsigned run_workers_count(const struct run_workers *w)
{
    return w ? w->n : 0;
}

int run_workers_pid(const struct run_workers *w, unsigned index)
{
    return share_process_pid(w->items[index]);
}

void run_workers_free(struct run_workers *w)
{
    if (!w)
        return;
    for (unsigned i = 0; i < w->n; i++)
        share_process_free(w->items[i]);
    arena_fini(&w->arena);
    free(w->items);
    free(w->remotes);
    free(w);
}
