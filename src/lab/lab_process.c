/* fork, setsid, and what /proc says. */
#include "lab/lab_process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "lab/lab_config.h"

enum {
    STAT_BYTES_MAX = 4096,
    FIELD_STATE = 0, /* counted from behind the name */
    FIELD_STARTED = 19,
};

/* ---- what is ---- */

void lab_boot_id(char ret_boot[LAB_BOOT_BYTES])
{
    scoped(buf_fini) struct buf text = {0};

    memset(ret_boot, 0, LAB_BOOT_BYTES);
    if (lab_read_file("/proc/sys/kernel/random/boot_id", STAT_BYTES_MAX, &text)) {
        fault_clear();
        return;
    }
    struct str id = str_trim(buf_str(&text));

    if (id.n < LAB_BOOT_BYTES)
        memcpy(ret_boot, id.p, id.n);
}

bool lab_stat_started(struct str stat, uint64_t *ret_started)
{
    size_t end = stat.n;
    struct str field;

    /* The name may contain anything, parentheses too. */
    while (end > 0 && stat.p[end - 1] != ')')
        end--;
    struct str rest = str_trim(str_from_index(stat, end));

    if (end == 0)
        return false;
    for (size_t i = 0; rest.n && str_split(&rest, ' ', &field); i++) {
        if (i == FIELD_STATE && (str_is(field, "Z") || str_is(field, "X")))
            return false;
        if (i == FIELD_STARTED)
            return str_u64(field, ret_started);
    }
    return false;
}

static bool read_started(int32_t pid, uint64_t *ret_started)
{
    char path[64];
    scoped(buf_fini) struct buf text = {0};

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    bool found = lab_read_file(path, STAT_BYTES_MAX, &text) == 0 &&
                 lab_stat_started(buf_str(&text), ret_started);

    fault_clear();
    return found;
}

bool lab_process_alive(const struct lab_process *p)
{
    uint64_t started;

    return p->pid > 1 && read_started(p->pid, &started) && started == p->started;
}

/* ---- starting ---- */

static char **join_env(char *const *more)
{
    size_t n = 0, n_more = 0, at = 0;

    while (environ[n])
        n++;
    while (more && more[n_more])
        n_more++;
    char **all = xnew_n(char *, n + n_more + 1);

    /* The first of a name counts in some programs, the last in others: ours is the only one. */
    for (size_t i = 0; i < n_more; i++)
        all[at++] = more[i];
    for (size_t i = 0; i < n; i++) {
        size_t name = str_find(str_of(environ[i]), '=') + 1;
        bool ours = false;

        for (size_t k = 0; k < n_more; k++)
            ours |= strncmp(environ[i], more[k], name) == 0;
        if (!ours)
            all[at++] = environ[i];
    }
    return all;
}

struct child {
    const struct lab_spawn *spawn;
    char **env;
    int go[2];   /* a byte: begin */
    int fail[2]; /* an errno comes out; closed by a successful exec */
};

/* In the child, between fork and exec: only what is safe there. */
static void become(const struct child *c)
{
    char byte;
    int log = open(c->spawn->log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    int null = open("/dev/null", O_RDWR);
    sigset_t none;

    close(c->go[1]);
    if (setsid() < 0 || log < 0 || null < 0 || chdir(c->spawn->dir) < 0)
        return;
    dup2(null, 0);
    dup2(log, 1);
    dup2(log, 2);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    if (read(c->go[0], &byte, 1) != 1) /* our parent ended, or does not want it any more */
        _exit(0);
    execve(c->spawn->argv[0], c->spawn->argv, c->env);
}

static void run_child(const struct child *c)
{
    become(c);
    int e = errno;

    ignored(write(c->fail[1], &e, sizeof(e)));
    _exit(127);
}

static int begin(const struct child *c, const struct lab_process *p)
{
    int e = 0;

    TRY(c->spawn->started(c->spawn->arg, p));
    ssize_t n = write(c->go[1], "g", 1);

    if (n == 1) {
        do {
            n = read(c->fail[0], &e, sizeof(e));
        } while (n < 0 && errno == EINTR);
    }
    if (n == 0)
        return 0;
    errno = n > 0 ? e : EPIPE;
    return fault(-errno, "cannot start '%s' in '%s': %m", c->spawn->argv[0], c->spawn->dir);
}

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
        pair[i] = -1;
    }
}

static int start(struct child *c, struct lab_process *ret_process)
{
    struct lab_process p = {0};

    if (pipe2(c->go, O_CLOEXEC) < 0 || pipe2(c->fail, O_CLOEXEC) < 0)
        return fault(-errno, "cannot make a pipe: %m");
    p.pid = fork();
    if (p.pid < 0)
        return fault(-errno, "cannot start a process: %m");
    if (p.pid == 0)
        run_child(c);
    close(c->go[0]);
    close(c->fail[1]);
    c->go[0] = c->fail[1] = -1;
    int r = read_started(p.pid, &p.started)
                ? 0
                : fault(-EIO, "/proc does not tell of a process that was just started");

    if (r == 0)
        r = begin(c, &p);
    if (r) {
        close_pair(c->go);
        waitpid(p.pid, NULL, 0);
        return r;
    }
    *ret_process = p;
    return 0;
}

int lab_spawn(const struct lab_spawn *spawn, struct lab_process *ret_process)
{
    struct child c = {spawn, join_env(spawn->env), {-1, -1}, {-1, -1}};
    int r = start(&c, ret_process);

    close_pair(c.go);
    close_pair(c.fail);
    free(c.env);
    return r;
}

/* ---- ending ---- */

/* The leader of a session is that of its group too, so this reaches what it started. */
void lab_process_ask(const struct lab_process *p)
{
    if (lab_process_alive(p))
        kill(-p->pid, SIGTERM);
}

/* Whether somebody of its group is left; as long as one is, its number goes to nobody else. */
static bool group_alive(const struct lab_process *p)
{
    return kill(-p->pid, 0) == 0;
}

void lab_process_end(const struct lab_process *p, mono_ns deadline)
{
    if (!lab_process_alive(p))
        return;
    while (lab_process_alive(p)) {
        if (clock_mono() > deadline)
            kill(-p->pid, SIGKILL);
        waitpid(p->pid, NULL, WNOHANG); /* where it is our own child */
        usleep(10 * 1000);
    }
    waitpid(p->pid, NULL, WNOHANG);
    if (group_alive(p))
        kill(-p->pid, SIGKILL);
}
