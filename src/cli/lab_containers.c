/* Calls of Docker's own program. It talks to its daemon itself, and to the user. */
#include "cli/lab_containers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    WORDS_MAX = 24,
};

int lab_call(const char *dir, char *const *argv, const char *log)
{
    pid_t pid = fork();
    int status;

    if (pid < 0)
        return 127;
    if (pid == 0) {
        int fd = log ? open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;

        if (fd >= 0) {
            dup2(fd, 1);
            dup2(fd, 2);
        }
        if (dir && chdir(dir) < 0)
            _exit(127);
        execvp(argv[0], argv);
        _exit(127);
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return 127;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- which program ---- */

/* The words before those of Compose: {"docker", "compose"} or {"docker-compose"}; 0: neither. */
static size_t compose_words(char **words)
{
    static char docker[] = "docker", compose[] = "compose", old[] = "docker-compose",
                version[] = "version";

    if (lab_call(NULL, (char *[]){docker, compose, version, NULL}, "/dev/null") == 0) {
        words[0] = docker;
        words[1] = compose;
        return 2;
    }
    if (lab_call(NULL, (char *[]){old, version, NULL}, "/dev/null") == 0) {
        words[0] = old;
        return 1;
    }
    return 0;
}

int lab_containers_check(void)
{
    static char docker[] = "docker", info[] = "info";
    char *words[2];

    if (lab_call(NULL, (char *[]){docker, info, NULL}, "/dev/null") != 0) {
        return fault(-ENOENT,
                     "Docker does not answer (`docker info` says why): install docker.io and start "
                     "it, or use --backend native");
    }
    if (!compose_words(words)) {
        return fault(-ENOENT, "Docker is there without Compose: apt install docker-compose-v2 or "
                              "docker-compose, or use --backend native");
    }
    return 0;
}

/* ---- calling ---- */

static int call(const struct lab_use *use, const char *const *words, const char *const *more)
{
    char *argv[WORDS_MAX] = {0};
    size_t n = compose_words(argv), n_own = n;

    if (!n)
        return fault(-ENOENT, "neither `docker compose` nor docker-compose is there");
    for (; *words && n + 1 < WORDS_MAX; words++)
        argv[n++] = xstrdup(*words);
    for (; more && *more && n + 1 < WORDS_MAX; more++)
        argv[n++] = xstrdup(*more);
    int status = lab_call(use->lab.dir, argv, NULL);

    for (size_t i = n_own; i < n; i++)
        free(argv[i]);
    if (status)
        return fault(-EIO, "docker compose ended with status %d", status);
    return 0;
}

int lab_containers_call(const struct lab_use *use, const char *const *words)
{
    return call(use, words, NULL);
}

int lab_containers_each(const struct lab_use *use, const char *const *words)
{
    const char *names[LAB_SERVICE_COUNT + 1] = {0};
    size_t n = 0;

    for (size_t i = 0; i < LAB_SERVICE_COUNT; i++) {
        if (use->chosen[i] && i != LAB_TARGET)
            names[n++] = lab_services[i].name;
    }
    return n ? call(use, words, names) : 0;
}
