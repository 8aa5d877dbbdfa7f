/* A file called .brunt-lab makes a folder ours; nothing else is ever removed. */
#include "lab/lab_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "lab/lab_config.h"

#define MARK_NAME ".brunt-lab"
#define MARK      "/" MARK_NAME

enum {
    DEPTH_MAX = 100,
};

bool lab_folder_is_ours(const char *dir)
{
    scoped(freep) char *mark = xasprintf("%s" MARK, dir);

    return access(mark, F_OK) == 0;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Dashboards may have been linked into custom/ before the first `up`. */
static bool is_foreign(const char *name)
{
    return !is_dot(name) && strcmp(name, "grafana") != 0;
}

static int check_empty(const char *dir)
{
    DIR *d = opendir(dir);
    bool foreign = false;

    if (!d)
        return fault(-errno, "cannot open '%s': %m", dir);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): its own stream */
    for (struct dirent *e; (e = readdir(d));)
        foreign |= is_foreign(e->d_name);
    closedir(d);
    if (foreign) {
        return fault(-EEXIST,
                     "there are files in '%s' and it is no lab: give --dir a folder of its own",
                     dir);
    }
    return 0;
}

int lab_folder_open(const char *dir)
{
    scoped(freep) char *mark = xasprintf("%s" MARK, dir);

    TRY(file_make_folders(dir, 0777));
    if (lab_folder_is_ours(dir))
        return 0;
    TRY(check_empty(dir));
    return lab_replace_file(
        mark, STR("This folder belongs to `brunt lab`; `brunt lab reset` removes all of it.\n"),
        0644);
}

int lab_folder_lock(const char *dir, int *ret_fd)
{
    scoped(freep) char *path = xasprintf("%s" MARK, dir);
    mono_ns deadline = clock_mono() + 5 * NS_PER_S;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return fault(-errno, "cannot open '%s': %m", path);
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK || clock_mono() > deadline) {
            close(fd);
            return fault(-EBUSY, "another `brunt lab` is changing '%s': wait for its end", dir);
        }
        usleep(50 * 1000);
    }
    *ret_fd = fd;
    return 0;
}

/* ---- removing ---- */

static int remove_in(int parent, const char *name, int depth);

static int remove_all(DIR *d, int depth)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): its own stream */
    for (struct dirent *e; (e = readdir(d));) {
        bool is_mark = depth == 0 && strcmp(e->d_name, MARK_NAME) == 0;

        if (!is_dot(e->d_name) && !is_mark)
            TRY(remove_in(dirfd(d), e->d_name, depth + 1));
    }
    return 0;
}

static int remove_folder(int parent, const char *name, int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (!d) {
        int r = fault(-errno, "cannot open the folder '%s': %m", name);

        if (fd >= 0)
            close(fd);
        return r;
    }
    /* The mark goes last: what could not be removed whole is still ours, and can be tried again. */
    int r = depth < DEPTH_MAX ? remove_all(d, depth)
                              : fault(-ELOOP, "folders are too deep at '%s'", name);

    if (r == 0 && depth == 0)
        ignored(unlinkat(dirfd(d), MARK_NAME, 0));
    closedir(d);
    TRY(r);
    if (unlinkat(parent, name, AT_REMOVEDIR) < 0)
        return fault(-errno, "cannot remove the folder '%s': %m", name);
    return 0;
}

static int remove_in(int parent, const char *name, int depth)
{
    struct stat s;

    if (fstatat(parent, name, &s, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fault(-errno, "cannot look at '%s': %m", name);
    if (S_ISDIR(s.st_mode))
        return remove_folder(parent, name, depth);
    if (unlinkat(parent, name, 0) < 0 && errno != ENOENT)
        return fault(-errno, "cannot remove '%s': %m", name);
    return 0;
}

int lab_folder_remove(const char *dir)
{
    if (!lab_folder_is_ours(dir))
        return fault(-ENOENT, "'%s' is no lab: nothing was removed", dir);
    return remove_folder(AT_FDCWD, dir, 0);
}
