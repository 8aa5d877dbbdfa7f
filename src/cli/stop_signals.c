/* A thread in sigwait(). SIGUSR2 to itself ends it. */
#include "cli/stop_signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"

struct stop_signals {
    pthread_t thread;
    sigset_t set;
    struct {
        pthread_mutex_t lock;
        stop_signal_fn *fn;
        void *arg;
    } shared;
};

/* The end without a summary: the cursor may be hidden, so it is shown again. */
static void end_at_once(struct str text)
{
    if (isatty(STDERR_FILENO))
        cli_write(STDERR_FILENO, STR("\033[?25h\n"));
    cli_write(STDERR_FILENO, text);
    _exit(105);
}

static bool tell(struct stop_signals *s, int signal)
{
    pthread_mutex_lock(&s->shared.lock);
    stop_signal_fn *fn = s->shared.fn;

    if (fn)
        fn(s->shared.arg, signal == SIGINT ? "interrupt" : "terminated");
    s->shared.fn = NULL;
    pthread_mutex_unlock(&s->shared.lock);
    return fn != NULL;
}

static void *wait_for_signals(void *arg)
{
    struct stop_signals *s = arg;
    bool was_told = false;
    int signal;

    while (sigwait(&s->set, &signal) == 0) {
        if (signal == SIGUSR2)
            return NULL;
        if (!tell(s, signal))
            end_at_once(was_told ? STR("brunt: aborted by a second signal\n")
                                 : STR("brunt: aborted by a signal\n"));
        was_told = true;
    }
    return NULL;
}

int stop_signals_start(struct stop_signals **ret_signals)
{
    struct stop_signals *s = xnew(struct stop_signals);

    pthread_mutex_init(&s->shared.lock, NULL);
    sigemptyset(&s->set);
    sigaddset(&s->set, SIGINT);
    sigaddset(&s->set, SIGTERM);
    sigaddset(&s->set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &s->set, NULL);
    int r = pthread_create(&s->thread, NULL, wait_for_signals, s);

    if (r) {
        pthread_mutex_destroy(&s->shared.lock);
        free(s);
        return fault(-r, "cannot start the thread that waits for signals");
    }
    *ret_signals = s;
    return 0;
}

void stop_signals_tell(struct stop_signals *s, stop_signal_fn *fn, void *arg)
{
    pthread_mutex_lock(&s->shared.lock);
    s->shared.fn = fn;
    s->shared.arg = arg;
    pthread_mutex_unlock(&s->shared.lock);
}

void stop_signals_stop(struct stop_signals *s)
{
    if (!s)
        return;
    pthread_kill(s->thread, SIGUSR2);
    pthread_join(s->thread, NULL);
    pthread_mutex_destroy(&s->shared.lock);
    free(s);
}
