/*
 * One process says all: git status. It takes no locks, and runs nothing that the repository's own
 * configuration names: who load-tests a script from elsewhere has not asked for that.
 */
#include "cli/git_state.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#define PATIENCE (2 * NS_PER_S)

enum {
    OUTPUT_MAX = 64 << 10, /* bytes that are looked at: a change is seen at the first one */
};

/* ---- its answer ---- */

static bool take_header(struct str line, struct str name, struct arena *arena, struct str *ret)
{
    if (!str_starts(line, name))
        return false;
    *ret = arena_str(arena, str_trim(str_from_index(line, name.n)));
    return true;
}

void git_state_parse(struct str text, struct arena *arena, struct git_state *ret_state)
{
    struct git_state state = {0};
    struct str line;

    while (str_split(&text, '\n', &line)) {
        if (take_header(line, STR("# branch.oid "), arena, &state.commit) ||
            take_header(line, STR("# branch.head "), arena, &state.branch))
            continue;
        state.dirty |= line.n && line.p[0] != '#';
    }
    if (str_starts(state.commit, STR("(")))
        state = (struct git_state){0};
    if (str_starts(state.branch, STR("(")))
        state.branch = (struct str){0};
    *ret_state = state;
}

/* ---- the process ---- */

static int start(const char *folder, int out, pid_t *ret_pid)
{
    const char *words[] = {"git",
                           "-C",
                           folder,
                           "--no-optional-locks",
                           "-c",
                           "core.fsmonitor=false",
                           "-c",
                           "core.untrackedCache=false",
                           "status",
                           "--porcelain=v2",
                           "--branch",
                           "--untracked-files=no",
                           "--ignore-submodules"};
    char *argv[countof(words) + 1] = {0};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;

    for (size_t i = 0; i < countof(words); i++)
        argv[i] = xstrdup(words[i]); /* it takes them as if it could change them */
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    /* A group of its own, so that Ctrl-C is ours, and that all of it can be ended. */
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    int error = posix_spawnp(ret_pid, "git", &files, &attr, argv, environ);

    for (size_t i = 0; i < countof(words); i++)
        free(argv[i]);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* Whether it came to its end in time. */
static bool read_output(int fd, struct buf *out)
{
    mono_ns until = clock_mono() + PATIENCE;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        span_ns left = until - clock_mono();

        if (left <= 0 || poll(&p, 1, (int)(left / NS_PER_MS) + 1) <= 0)
            return false;
        if (buf_reserve(out, 4096) != 0)
            return true;
        ssize_t n = read(fd, out->data + out->len, 4096);

        if (n <= 0)
            return n == 0;
        out->len += (size_t)n;
    }
}

void git_state_read(const char *folder, struct arena *arena, struct git_state *ret_state)
{
    scoped(buf_fini) struct buf out = BUF_INIT(OUTPUT_MAX);
    int ends[2], status = 0;
    pid_t pid;

    *ret_state = (struct git_state){0};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    int error = start(folder, ends[1], &pid);

    close(ends[1]);
    if (error == 0) {
        bool in_time = read_output(ends[0], &out);

        if (!in_time || out.len >= OUTPUT_MAX - 4096)
            kill(-pid, SIGKILL);
        waitpid(pid, &status, 0);
        if (in_time)
            git_state_parse(buf_str(&out), arena, ret_state);
    }
    close(ends[0]);
}
