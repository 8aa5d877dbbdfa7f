/*
 * A spool's folder and its lock.
 *
 * The lock is one of an open file description (F_OFD_SETLK): the kernel drops it with the process,
 * however that ends, and unlike flock() it can be looked at without being taken, so that listing
 * spools never makes a run fail to open its own. Whoever removes the folder holds the lock and
 * unlinks the file "lock" first; one who waited in between finds that his file has no name any more
 * and begins again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sink/spool_priv.h"

enum {
    LOCK_TRIES = 100,
};

bool folder_is_name(const char *text)
{
    if (!text || !text[0] || text[0] == '.' || strlen(text) > 200)
        return false;
    for (const char *p = text; *p; p++) {
        char c = ascii_lower(*p);

        if (!(c >= 'a' && c <= 'z') && !ascii_digit(c) && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

char *folder_path_of(const struct folder *f, const char *name)
{
    return xasprintf("%s/%s", f->path, name);
}

void folder_close(struct folder *f)
{
    if (f->lock >= 0)
        close(f->lock);
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    *f = FOLDER_INIT;
}

int folder_sync(const struct folder *f)
{
    if (fsync(f->fd) < 0)
        return fault(-errno, "cannot write '%s' to disk: %m", f->path);
    return 0;
}

/* ---- making ---- */

static int make_one(const char *path)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return fault(-errno, "cannot make the spool folder '%s': %m", path);
    return 0;
}

/* mkdir -p */
static int make_all(const char *path)
{
    scoped(freep) char *part = xstrdup(path);

    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        TRY(make_one(part));
        *p = '/';
    }
    return make_one(part);
}

/* The names of new folders survive a loss of power. */
static int sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fault(-errno, "cannot open the spool folder '%s': %m", path);
    int r = fsync(fd) < 0 ? fault(-errno, "cannot write '%s' to disk: %m", path) : 0;

    close(fd);
    return r;
}

/* ---- locking ---- */

static int lock_file(int fd, int command, struct flock *lock)
{
    *lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, command, lock);
}

/* Whether the open file still has a name. */
static bool is_linked(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static int open_folder(const char *dir, const char *name, struct folder *ret_folder)
{
    *ret_folder = FOLDER_INIT;
    ret_folder->path = xasprintf("%s/%s", dir, name);
    ret_folder->fd = open(ret_folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (ret_folder->fd >= 0)
        return 0;
    int r = errno == ENOENT
                ? FOLDER_E_NONE
                : fault(-errno, "cannot open the spool folder '%s': %m", ret_folder->path);

    folder_close(ret_folder);
    return r;
}

/* Takes the lock of an open folder: 0, FOLDER_E_NONE when the folder goes away just now. */
static int lock_folder(struct folder *f)
{
    struct flock lock;

    f->lock = openat(f->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (f->lock < 0 && errno == ENOENT)
        return FOLDER_E_NONE;
    if (f->lock < 0)
        return fault(-errno, "cannot open '%s/lock': %m", f->path);
    if (lock_file(f->lock, F_OFD_SETLK, &lock) == 0)
        return is_linked(f->lock) ? 0 : FOLDER_E_NONE;
    if (errno == EAGAIN || errno == EACCES)
        return fault(-EBUSY, "the spool '%s' is in use by another process", f->path);
    return fault(-errno, "cannot lock '%s/lock': %m", f->path);
}

int folder_open(const char *dir, const char *name, struct folder *ret_folder)
{
    struct folder f = FOLDER_INIT;
    int r = open_folder(dir, name, &f);

    if (r == 0)
        r = lock_folder(&f);
    if (r) {
        folder_close(&f);
        return r;
    }
    *ret_folder = f;
    return 0;
}

int folder_make(const char *dir, const char *name, struct folder *ret_folder)
{
    scoped(freep) char *path = xasprintf("%s/%s", dir, name);

    TRY(make_all(dir));
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        TRY(make_one(path));
        int r = folder_open(dir, name, ret_folder);

        if (r == FOLDER_E_NONE)
            continue;
        TRY(r);
        return sync_path(dir);
    }
    return fault(-EBUSY, "the spool '%s' is being removed again and again", path);
}

int folder_look(const char *dir, const char *name, struct folder *ret_folder, bool *ret_busy)
{
    struct flock lock;
    int r = open_folder(dir, name, ret_folder);

    if (r)
        return r;
    int fd = openat(ret_folder->fd, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    *ret_busy = fd >= 0 && lock_file(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return 0;
}

/* ---- segments by name ---- */

const char *segment_name(unsigned number, char name[SEGMENT_NAME_BYTES])
{
    snprintf(name, SEGMENT_NAME_BYTES, "%06u.seg", number);
    return name;
}

/* The number in "000001.seg", or 0. */
static unsigned number_of(const char *file)
{
    struct str s = str_of(file);
    uint64_t n;

    if (s.n < 10 || s.n > 14 || !str_ends(s, STR(".seg")) || !str_u64(str_from(s.p, s.n - 4), &n) ||
        n > UINT32_MAX)
        return 0;
    return (unsigned)n;
}

static int by_number(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

/* A stream of its own over the folder, so that closing it leaves f->fd alone. */
static int list_begin(const struct folder *f, DIR **ret_dir)
{
    int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (!d) {
        int r = fault(-errno, "cannot list '%s': %m", f->path);

        if (fd >= 0)
            close(fd);
        return r;
    }
    *ret_dir = d;
    return 0;
}

int segment_numbers(const struct folder *f, unsigned **ret_numbers, size_t *ret_n)
{
    unsigned *numbers = NULL;
    size_t n = 0, cap = 0;
    DIR *d = NULL;

    TRY(list_begin(f, &d));
    for (struct dirent *e; (e = readdir(d));) { /* NOLINT(concurrency-mt-unsafe): its own stream */
        unsigned number = number_of(e->d_name);

        if (number)
            vec_push(numbers, n, cap) = number;
    }
    closedir(d);
    if (n)
        qsort(numbers, n, sizeof(*numbers), by_number);
    *ret_numbers = numbers;
    *ret_n = n;
    return 0;
}

/* ---- removing ---- */

static int remove_file(const struct folder *f, const char *name)
{
    if (unlinkat(f->fd, name, 0) < 0 && errno != ENOENT)
        return fault(-errno, "cannot remove '%s/%s': %m", f->path, name);
    return 0;
}

static int remove_segments(const struct folder *f)
{
    scoped(freep) unsigned *numbers = NULL;
    char name[SEGMENT_NAME_BYTES];
    size_t n = 0;

    TRY(segment_numbers(f, &numbers, &n));
    for (size_t i = 0; i < n; i++)
        TRY(remove_file(f, segment_name(numbers[i], name)));
    return 0;
}

static int remove_all(const struct folder *f)
{
    static const char *const files[] = {"done", "sink.json.new", "sink.json", "lock"};

    TRY(remove_segments(f));
    for (size_t i = 0; i < countof(files); i++)
        TRY(remove_file(f, files[i]));
    /* Something that is not ours keeps the folder, and nothing else. */
    if (rmdir(f->path) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
        return fault(-errno, "cannot remove '%s': %m", f->path);
    return 0;
}

int folder_remove(struct folder *f)
{
    int r = remove_all(f);

    folder_close(f);
    return r;
}
