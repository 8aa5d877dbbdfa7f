/*
 * The child has our end of a socket pair as descriptor 3 and a pipe as its standard error. Its end
 * of the socket closes when it dies, however that is: that is how its death is noticed.
 */
#include "dist/share_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "dist/channel.h"
#include "dist/share_exchange.h"
#include "dist/share_message.h"
#include "loop/loop.h"

extern char **environ;

enum {
    LINE_MAX_BYTES = 1 << 20, /* of what it writes: a longer one is cut into several */
    WAIT_STEP_MS = 2,
    WAIT_END_MS = 3000,  /* for an end that it was asked for */
    WAIT_DEATH_MS = 200, /* for the status of one that has closed its socket */
};

struct share_process {
    struct run_remote remote;
    struct share_process_config config;
    struct run *run;
    struct channel *channel;
    struct watch errors; /* its standard error; fd -1: closed */
    struct buf line, message;
    struct arena arena; /* of one message */
    struct run_remote_news news;
    pid_t pid;    /* 0: none */
    bool is_over; /* it has been told to quit, or is lost */
};

static struct share_process *of(struct run_remote *r)
{
    return container_of(r, struct share_process, remote);
}

/* ---- what it writes ---- */

static void put_lines(struct share_process *p, bool all)
{
    struct str rest = buf_str(&p->line);

    for (size_t n; rest.n; rest = str_from_index(rest, n + 1)) {
        n = str_find(rest, '\n');
        if (n == rest.n && !all && n < LINE_MAX_BYTES)
            break;
        log_put_line(p->config.log, str_from(rest.p, n));
    }
    buf_drop(&p->line, p->line.len - rest.n);
}

static void read_errors(struct share_process *p)
{
    struct watch *w = &p->errors;
    char bytes[4096];

    while (w->fd >= 0) {
        ssize_t n = read(w->fd, bytes, sizeof(bytes));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            put_lines(p, true);
            watch_close(p->config.loop, w);
            return;
        }
        buf_put(&p->line, bytes, (size_t)n);
        put_lines(p, false);
    }
}

static void on_errors(struct loop *l UNUSED, struct watch *w, unsigned events UNUSED)
{
    read_errors(container_of(w, struct share_process, errors));
}

/* ---- its process ---- */

/* Whether it has ended within so many milliseconds; then its status is taken. */
static bool reap(struct share_process *p, int ms, int *ret_status)
{
    const struct timespec step = {0, WAIT_STEP_MS * 1000000L};

    for (int waited = 0; waited <= ms; waited += WAIT_STEP_MS) {
        pid_t got = waitpid(p->pid, ret_status, WNOHANG);

        /* Its last words too, for which it waits when they are many. */
        read_errors(p);
        if (got == p->pid || (got < 0 && errno == ECHILD)) {
            p->pid = 0;
            return true;
        }
        nanosleep(&step, NULL);
    }
    return false;
}

static void describe(struct share_process *p, const char *why, char *text, size_t size)
{
    int status = 0;

    if (!p->pid || !reap(p, WAIT_DEATH_MS, &status)) {
        snprintf(text, size, "%s", why);
    } else if (WIFSIGNALED(status)) {
        snprintf(text, size, "signal %d (%s) ended it", WTERMSIG(status),
                 sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
    } else {
        snprintf(text, size, "it ended with code %d", WEXITSTATUS(status));
    }
}

/* ---- what it says ---- */

static void lose(struct share_process *p, const char *why)
{
    char text[256];

    if (p->is_over)
        return;
    p->is_over = true;
    describe(p, why, text, sizeof(text));
    run_remote_lost(p->run, p->config.index, text);
}

static int take_news(struct share_process *p, struct str bytes)
{
    arena_reset(&p->arena);
    if (share_get_news(bytes, &p->arena, &p->news))
        return SHARE_E_BAD;
    return run_remote_tick(p->run, p->config.index, &p->news);
}

static int take_evidence(struct share_process *p, struct str bytes)
{
    struct list all;

    list_init(&all);
    int r = share_get_exchanges(bytes, &all);

    if (r == 0)
        run_remote_exchanges(p->run, p->config.index, &all);
    exchange_list_free(&all);
    return r;
}

static int take_ready(struct share_process *p, struct str bytes)
{
    struct share_ready ready;

    if (share_get_ready(bytes, &ready))
        return SHARE_E_BAD;
    scoped(freep) char *text = xstrndup(ready.text.p, ready.text.n);

    p->is_over |= ready.result < 0;
    run_remote_ready(p->run, p->config.index, ready.result, text);
    return 0;
}

static int take_stop(struct share_process *p, struct str bytes)
{
    if (!bytes.n || (bytes.p[0] != RUN_STOP_ABORT && bytes.p[0] != RUN_STOP_ERROR &&
                     bytes.p[0] != RUN_STOP_OVER))
        return SHARE_E_BAD;
    run_stop(p->run, (enum run_stop)bytes.p[0], str_from_index(bytes, 1));
    return 0;
}

static void on_message(void *arg, unsigned kind, struct str bytes)
{
    struct share_process *p = arg;
    int r = SHARE_E_BAD;

    if (p->is_over)
        return;
    switch (kind) {
    case SHARE_READY:
        r = take_ready(p, bytes);
        break;
    case SHARE_NEWS:
        r = take_news(p, bytes);
        break;
    case SHARE_EVIDENCE:
        r = take_evidence(p, bytes);
        break;
    case SHARE_DONE:
        run_remote_done(p->run, p->config.index);
        r = 0;
        break;
    case SHARE_ASKS_STOP:
        r = take_stop(p, bytes);
        break;
    default:
        break;
    }
    if (r)
        lose(p, "it sent what is no message");
    fault_clear();
}

static void on_closed(void *arg, const char *why)
{
    lose(arg, why);
}

/* ---- starting it ---- */

static char *const *environment(const struct share_process *p, struct arena *arena)
{
    size_t n = 0;

    while (environ[n])
        n++;
    char **env = arena_new_n(arena, char *, n + 2);

    for (size_t i = 0; i < n; i++)
        env[i] = environ[i];
    env[n] = arena_printf(arena, SHARE_PROCESS_ENV "=%u/%u", p->config.index, p->config.count);
    return env;
}

static int spawn(struct share_process *p, int socket, int errors)
{
    struct arena arena = {0};
    posix_spawn_file_actions_t actions;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, socket, SHARE_PROCESS_FD);
    int error = posix_spawn(&p->pid, p->config.program, &actions, NULL,
                            (char *const *)(uintptr_t)p->config.argv, environment(p, &arena));

    posix_spawn_file_actions_destroy(&actions);
    arena_fini(&arena);
    if (!error)
        return 0;
    p->pid = 0;
    return fault(-error, "cannot start a process for worker %u", p->config.index + 1);
}

static int connect_to(struct share_process *p, int socket, int errors)
{
    const struct channel_config config = {
        .loop = p->config.loop,
        .fd = socket,
        .on_message = on_message,
        .on_closed = on_closed,
        .arg = p,
    };

    fcntl(errors, F_SETFL, O_NONBLOCK);
    int r = watch_open(p->config.loop, &p->errors, errors, on_errors);

    if (r < 0) {
        close(errors);
        close(socket);
        return r;
    }
    p->errors.fd = errors;
    return channel_new(&config, &p->channel);
}

static int open_it(struct run_remote *r, struct run *run, unsigned index UNUSED)
{
    struct share_process *p = of(r);
    int sockets[2], errors[2];

    p->run = run;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
        return fault(-errno, "cannot make a pair of sockets");
    if (pipe2(errors, O_CLOEXEC) < 0) {
        close(sockets[0]);
        close(sockets[1]);
        return fault(-errno, "cannot make a pipe");
    }
    int result = spawn(p, sockets[1], errors[1]);

    close(sockets[1]);
    close(errors[1]);
    if (result == 0)
        return connect_to(p, sockets[0], errors[0]);
    close(sockets[0]);
    close(errors[0]);
    return result;
}

/* ---- what it is told ---- */

static void say(struct share_process *p, enum share_message kind)
{
    channel_send(p->channel, kind, buf_str(&p->message));
    buf_reset(&p->message);
}

static void start_it(struct run_remote *r, const char *setup_data)
{
    struct share_process *p = of(r);

    buf_putc(&p->message, setup_data != NULL);
    buf_puts(&p->message, setup_data ? setup_data : "");
    say(p, SHARE_START);
}

static void stop_it(struct run_remote *r)
{
    say(of(r), run_stopped(of(r)->run) == RUN_STOP_OVER ? SHARE_OVER : SHARE_STOP);
}

static void ask_it(struct run_remote *r)
{
    say(of(r), SHARE_TICK);
}

static void control_it(struct run_remote *r, bool paused, const struct run_remote_scale *scales,
                       size_t n)
{
    share_put_control(&of(r)->message, paused, scales, n);
    say(of(r), SHARE_CONTROL);
}

static void quit_it(struct run_remote *r)
{
    struct share_process *p = of(r);

    p->is_over = true;
    if (p->channel)
        say(p, SHARE_QUIT);
}

static const struct run_remote_ops ops = {
    .open = open_it,
    .start = start_it,
    .stop = stop_it,
    .tick = ask_it,
    .control = control_it,
    .quit = quit_it,
};

/* ---- beginning and end ---- */

struct share_process *share_process_new(const struct share_process_config *config)
{
    struct share_process *p = xnew(struct share_process);

    p->remote.ops = &ops;
    p->config = *config;
    p->errors.fd = -1;
    return p;
}

struct run_remote *share_process_remote(struct share_process *p)
{
    return &p->remote;
}

int share_process_pid(const struct share_process *p)
{
    return p->pid;
}

void share_process_free(struct share_process *p)
{
    int status;

    if (!p)
        return;
    p->is_over = true;
    channel_free(p->channel);
    if (p->pid && !reap(p, WAIT_END_MS, &status)) {
        kill(p->pid, SIGKILL);
        reap(p, WAIT_END_MS, &status);
    }
    if (p->errors.fd >= 0)
        watch_close(p->config.loop, &p->errors);
    buf_fini(&p->line);
    buf_fini(&p->message);
    arena_fini(&p->arena);
    free(p);
}
