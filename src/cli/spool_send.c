/*
 * The sink that a spool was written for is opened again, without a run: an empty snapshot, no tick.
 * It adopts the spool and delivers as during a run, with the same retries, until nothing is left,
 * nothing moves any more, or somebody presses Ctrl-C. What is left stays where it was.
 */
#include "cli/spool_send.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "metric/metric.h"
#include "metric/snapshot.h"
#include "sink/sinks.h"

struct sending {
    const struct spool_send *how;
    const struct spool_entry *entry;
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct sinks *sinks;
    uint64_t total;
    bool show_progress;
    bool interrupted;
};

static void fini(struct sending *s)
{
    sinks_free(s->sinks);
    snapshot_free(s->snapshot);
    metric_registry_free(s->registry);
}

/* ---- words ---- */

/* Any thread; written at once, so that it never mixes with the progress line. */
static void say(void *arg, bool is_warning, const char *text)
{
    const struct sending *s = arg;
    scoped(freep) char *line = xasprintf("%s%s: %s%s\n", s->show_progress ? "\r\033[K" : "",
                                         s->entry->name, is_warning ? "warning: " : "", text);

    cli_write(STDERR_FILENO, str_of(line));
}

static void progress(const struct sending *s, uint64_t left)
{
    if (!s->show_progress)
        return;
    uint64_t sent = left < s->total ? s->total - left : 0;
    scoped(freep) char *line = xasprintf("\r\033[K%s: %llu of %llu points, %.0f%%", s->entry->name,
                                         (unsigned long long)sent, (unsigned long long)s->total,
                                         s->total ? 100. * (double)sent / (double)s->total : 100.);

    cli_write(STDERR_FILENO, str_of(line));
}

static void end_progress(const struct sending *s)
{
    if (s->show_progress)
        cli_write(STDERR_FILENO, STR("\r\033[K"));
}

/* ---- waiting ---- */

static const struct timespec between_looks = {.tv_nsec = 100000000};

static void stop_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

void spool_send_prepare(void)
{
    sigset_t set;

    stop_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void wait_for(struct sending *s)
{
    uint64_t left = sinks_left(s->sinks);
    mono_ns moved = clock_mono();
    sigset_t set;

    stop_set(&set);
    while (left && !s->interrupted && clock_mono() - moved < s->how->patience) {
        progress(s, left);
        s->interrupted = sigtimedwait(&set, NULL, &between_looks) > 0;
        uint64_t now = sinks_left(s->sinks);

        if (now != left)
            moved = clock_mono();
        left = now;
    }
    end_progress(s);
}

/* ---- one spool ---- */

/* The sinks take the spool over when this returns 0. */
static int adopt(struct sending *s)
{
    const struct spool_entry *e = s->entry;
    struct spool *spool = NULL;

    TRY(sinks_add(s->sinks, s->how->out ? s->how->out : e->spec));
    TRY(spool_reopen(s->how->dir, e->name, &spool));
    s->total = spool_points(spool);
    int r = sinks_adopt(s->sinks, spool, e->format);

    if (r)
        spool_close(spool);
    return r;
}

static int open_all(struct sending *s)
{
    static const struct vocab_run no_run;
    struct snapshot_config snapshot = {0};
    struct sinks_config config = {.spool_dir = s->how->dir,
                                  .run_id = s->entry->run,
                                  .run = &no_run,
                                  .env = cli_env,
                                  .say = say,
                                  .arg = s};

    snapshot.registry = s->registry = metric_registry_new();
    s->snapshot = snapshot_new(&snapshot);
    s->sinks = sinks_new(&config);
    TRY(adopt(s));
    return sinks_open(s->sinks, s->snapshot);
}

static int judge(const struct sending *s)
{
    struct sinks_status status;

    sinks_status(s->sinks, 0, &status);
    const struct sink_account *a = &status.account;
    const char *trouble = a->trouble ? a->trouble : "the receiver was too slow";
    unsigned long long left = a->spooled + a->queued;

    printf("%s: %llu points sent", s->entry->name, (unsigned long long)a->acknowledged);
    if (a->dropped)
        printf(", %llu lost", (unsigned long long)a->dropped);
    printf(left ? ", %llu left\n" : "\n", left);
    fflush(stdout);
    if (s->interrupted) {
        return fault(FAULT_EXIT(105), "interrupted; %llu points stay in the spool '%s'", left,
                     s->entry->name);
    }
    if (left) {
        return fault(-EAGAIN, "%llu points stay in the spool '%s': %s", left, s->entry->name,
                     trouble);
    }
    if (a->dropped) {
        return fault(-EIO, "%llu points of the spool '%s' were lost: %s",
                     (unsigned long long)a->dropped, s->entry->name, trouble);
    }
    return 0;
}

static int send_it(struct sending *s)
{
    TRY(open_all(s));
    sinks_drain(s->sinks);
    wait_for(s);
    sinks_close(s->sinks);
    return judge(s);
}

int spool_send(const struct spool_send *how, const struct spool_entry *entry)
{
    struct sending s = {
        .how = how, .entry = entry, .show_progress = !how->quiet && cli_is_terminal(STDERR_FILENO)};

    if (entry->trouble)
        return fault(-EINVAL, "%s", entry->trouble);
    int r = send_it(&s);

    fini(&s);
    return r;
}
