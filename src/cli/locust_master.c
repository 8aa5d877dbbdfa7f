/* The course of its tests is deduced in bridge/locust_course.h; here stands what follows. */
#include "cli/locust_master.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "bridge/locust_course.h"
#include "bridge/locust_page.h"
#include "bridge/locust_tally.h"
#include "cli/cli.h"
#include "loop/loop.h"

enum {
    PAGE_BYTES = 4 << 20,
    REASON_BYTES = 600,
};

struct locust_master {
    struct locust_master_config config;
    struct locust_poll *poll;
    struct locust_course course;
    struct locust_tally *tally; /* of outputs */
    struct locust_history
        *history;   /* of the test under way; NULL: there is none, or it is not kept */
    double workers; /* that the master has, of the last answer; < 0: there was none */
};

static mono_ns now_of(const struct locust_master *m)
{
    return loop_clock(m->config.poll.loop);
}

/* ---- the test under way ---- */

static struct str script_of(const struct locust_master *m, struct arena *arena)
{
    scoped(buf_fini) struct buf html = BUF_INIT(PAGE_BYTES);

    if (locust_poll_page(m->poll, &html))
        return (struct str){0};
    return locust_page_script(buf_str(&html), arena);
}

static void told(const struct locust_master *m, const struct locust_stats *stats, bool attached)
{
    scoped(freep) char *text = NULL;

    if (!attached) {
        locust_history_event(m->history, "start", "Locust started a test");
        return;
    }
    text = xasprintf("the bridge came to a test that was under way; %.0f requests had been made",
                     locust_requests(stats));
    locust_history_event(m->history, "start", text);
}

/* The page is asked for while the statistics wait: the master has one coroutine. */
static void begin(struct locust_master *m, struct locust_stats *stats, mono_ns at, mono_ns before)
{
    struct arena arena = {0};

    if (!m->config.keeps_history)
        return;
    struct locust_begin begin = {.url = m->config.poll.url,
                                 .label = str_of(m->config.poll.label),
                                 .script = script_of(m, &arena),
                                 .at = at,
                                 .before = before,
                                 .interval = m->config.poll.interval,
                                 .stats = stats};

    if (locust_history_new(&m->config.history, &begin, &m->history) == 0) {
        told(m, stats, !before);
        log_info(m->config.poll.log, "%s began a test", m->config.poll.url);
    } else {
        log_warn(m->config.poll.log, "the test of %s is not kept in the history: %s",
                 m->config.poll.url, fault_text());
    }
    arena_fini(&arena);
}

struct ending {
    struct locust_history *history;
    enum store_state state;
    const char *reason;
    struct buf line;
};

/* On a helper thread: it waits for the disk. */
static int end_history(void *arg)
{
    struct ending *e = arg;

    locust_history_end(e->history, e->state, e->reason, &e->line);
    locust_history_free(e->history);
    return 0;
}

static void end(struct locust_master *m, enum store_state state, const char *reason)
{
    struct ending e = {.history = take(m->history), .state = state, .reason = reason};

    if (!e.history)
        return;
    if (loop_offload(m->config.poll.loop, end_history, &e))
        ignored(end_history(&e));
    if (!m->config.quiet)
        cli_write(STDOUT_FILENO, buf_str(&e.line));
    buf_fini(&e.line);
}

static double workers_of(const struct locust_stats *s)
{
    double n = 0;

    for (size_t i = 0; i < s->n_workers; i++)
        n += !str_is(s->workers[i].state, "missing");
    return n;
}

static void look_at_workers(struct locust_master *m, const struct locust_stats *stats)
{
    char text[80];
    double n = workers_of(stats), before = m->workers;

    m->workers = n;
    if (n == before || before < 0 || !m->history)
        return;
    snprintf(text, sizeof(text), "the master has %.0f worker%s, it had %.0f", n, n == 1 ? "" : "s",
             before);
    locust_history_event(m->history, n < before ? "worker-lost" : "worker-joined", text);
}

static void answer(struct locust_master *m, struct locust_stats *stats, mono_ns at)
{
    struct locust_source source;

    if (!m->history)
        return;
    locust_poll_source(m->poll, now_of(m), &source);
    source.stats = stats;
    locust_history_answer(m->history, &source, stats, at);
}

/* ---- its course ---- */

static void turn_away(struct locust_master *m)
{
    char reason[REASON_BYTES];

    snprintf(reason, sizeof(reason), "%s does not answer any more: %s", m->config.poll.url,
             locust_poll_trouble(m->poll));
    end(m, STORE_INTERRUPTED, reason);
}

static void turn(struct locust_master *m, enum locust_turn turn, struct locust_stats *stats,
                 mono_ns now, mono_ns before)
{
    switch (turn) {
    case LOCUST_TURN_NONE:
        break;
    case LOCUST_TURN_BEGAN:
        begin(m, stats, now, before);
        break;
    case LOCUST_TURN_ENDED:
        if (stats)
            answer(m, stats, m->course.stopped_at);
        end(m, STORE_FINISHED, "Locust stopped the test");
        break;
    case LOCUST_TURN_OVERTAKEN:
        end(m, STORE_FINISHED, "Locust stopped the test and started another");
        break;
    case LOCUST_TURN_RESTARTED:
        end(m, STORE_INTERRUPTED, "Locust was restarted in the middle of the test");
        break;
    case LOCUST_TURN_AWAY:
        turn_away(m);
        break;
    }
}

/* After each question. */
static void on_asked(void *arg)
{
    struct locust_master *m = arg;
    struct locust_stats *stats = locust_poll_stats(m->poll);
    mono_ns now = now_of(m);
    /* Between this answer and the one before, when that one was of no test. */
    mono_ns before = m->course.has_answered && m->course.phase != LOCUST_PHASE_RUNNING &&
                             now - m->course.answered <= 2 * m->config.poll.interval
                         ? m->course.answered
                         : 0;
    enum locust_turn t;

    if (stats)
        ignored(locust_tally_answer(m->tally, stats));
    while ((t = locust_course_step(&m->course, stats, now)) != LOCUST_TURN_NONE)
        turn(m, t, stats, now, before);
    if (stats) {
        if (m->course.phase == LOCUST_PHASE_RUNNING)
            answer(m, stats, now);
        else if (m->course.phase == LOCUST_PHASE_SETTLING)
            answer(m, stats, m->course.stopped_at);
        look_at_workers(m, stats);
    }
    if (m->config.asked)
        m->config.asked(m->config.arg);
}

/* ---- beginning and end ---- */

int locust_master_new(const struct locust_master_config *config, struct locust_master **ret_master)
{
    struct locust_master *m = xnew(struct locust_master);

    m->config = *config;
    m->config.poll.asked = on_asked;
    m->config.poll.arg = m;
    m->tally = locust_tally_new();
    m->workers = -1;
    m->course.patience = config->poll.timeout + 2 * config->poll.interval;
    int r = locust_poll_new(&m->config.poll, &m->poll);

    if (r < 0) {
        locust_tally_free(m->tally);
        free(m);
        return r;
    }
    *ret_master = m;
    return 0;
}

void locust_master_source(const struct locust_master *m, mono_ns now,
                          struct locust_source *ret_source)
{
    locust_poll_source(m->poll, now, ret_source);
}

void locust_master_count(struct locust_master *m)
{
    struct locust_stats *stats = locust_poll_stats(m->poll);

    if (stats)
        locust_tally_put(m->tally, stats);
}

uint64_t locust_master_asked(const struct locust_master *m)
{
    struct locust_source source;

    locust_poll_source(m->poll, now_of(m), &source);
    return source.polls;
}

void locust_master_wait(struct locust_master *m)
{
    locust_poll_wait(m->poll);
}

void locust_master_stop(struct locust_master *m)
{
    locust_poll_stop(m->poll);
    end(m, STORE_STOPPED, "the bridge was ended; Locust's test went on");
}

void locust_master_free(struct locust_master *m)
{
    if (!m)
        return;
    locust_master_stop(m);
    locust_poll_free(m->poll);
    locust_tally_free(m->tally);
    free(m);
}
