/*
 * /proc/self/cgroup has a line "number:controllers:path" for each hierarchy; version 2 is the one
 * without controllers. Each question is put to our group and to those above it, in each version.
 */
#include "run/cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"

enum {
    FILE_BYTES = 4096,
    PATH_BYTES = 1024, /* a longer one is passed over */
};

/* The file's text, cut to FILE_BYTES; empty when it cannot be read. */
static struct str read_file(const char *path, char text[FILE_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, FILE_BYTES) : 0;

    if (fd >= 0)
        close(fd);
    return str_trim(str_from(text, n > 0 ? (size_t)n : 0));
}

/* ---- where our groups are ---- */

struct place {
    char folder[PATH_BYTES]; /* of the group; shortened on the way up */
    size_t n_root;           /* bytes of it that are the hierarchy's */
};

static bool has_controller(struct str list, const char *name)
{
    struct str one;

    while (str_split(&list, ',', &one)) {
        if (str_is(one, name))
            return true;
    }
    return false;
}

/* `controller` NULL: version 2. False when there is no such hierarchy. */
static bool find_place(const char *root, const char *controller, struct place *ret_place)
{
    char path[PATH_BYTES], text[FILE_BYTES];
    struct str lines, line, number, list;

    snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
    lines = read_file(path, text);
    while (str_split(&lines, '\n', &line)) {
        if (!str_split(&line, ':', &number) || !str_split(&line, ':', &list))
            continue;
        if (controller ? !has_controller(list, controller) : list.n > 0)
            continue;
        int n = snprintf(ret_place->folder, PATH_BYTES, "%s/sys/fs/cgroup%s%s", root,
                         controller ? "/" : "", controller ? controller : "");

        if (n < 0 || (size_t)n + line.n >= PATH_BYTES)
            return false;
        ret_place->n_root = (size_t)n;
        if (line.n)
            memcpy(ret_place->folder + n, line.p, line.n);
        ret_place->folder[(size_t)n + line.n] = '\0';
        return true;
    }
    return false;
}

/* Goes to the group above; false at the root. */
static bool go_up(struct place *p)
{
    size_t n = strlen(p->folder);

    if (n <= p->n_root)
        return false;
    while (n > p->n_root && p->folder[n - 1] != '/')
        n--;
    p->folder[n > p->n_root ? n - 1 : n] = '\0';
    return true;
}

static struct str read_in(const struct place *p, const char *name, char text[FILE_BYTES])
{
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof(path), "%s/%s", p->folder, name);

    return n > 0 && (size_t)n < sizeof(path) ? read_file(path, text) : (struct str){0};
}

/* A number that a file has by itself; false for none, such as "max" and "-1". */
static bool read_number(const struct place *p, const char *name, uint64_t *ret_number)
{
    char text[FILE_BYTES];

    return str_u64(read_in(p, name, text), ret_number);
}

/* The number behind a name in a file of "name number" lines. */
static bool read_field(const struct place *p, const char *file, const char *name,
                       uint64_t *ret_number)
{
    char text[FILE_BYTES];
    struct str lines = read_in(p, file, text), line, key;

    while (str_split(&lines, '\n', &line)) {
        if (str_split(&line, ' ', &key) && str_is(key, name))
            return str_u64(str_trim(line), ret_number);
    }
    return false;
}

/* ---- processors ---- */

/* "150000 100000": time of each period, in us; "max 100000": no limit. */
static double quota_v2(const struct place *p)
{
    char text[FILE_BYTES];
    struct str rest = read_in(p, "cpu.max", text), first;
    uint64_t quota, period;

    if (!str_split(&rest, ' ', &first) || !str_u64(first, &quota) || !str_u64(rest, &period))
        return 0;
    return period ? (double)quota / (double)period : 0;
}

static double quota_v1(const struct place *p)
{
    uint64_t quota, period;

    if (!read_number(p, "cpu.cfs_quota_us", &quota) ||
        !read_number(p, "cpu.cfs_period_us", &period))
        return 0;
    return period ? (double)quota / (double)period : 0;
}

double cgroup_processors(const char *root)
{
    static const struct {
        const char *controller;
        double (*quota)(const struct place *p);
    } versions[] = {{NULL, quota_v2}, {"cpu", quota_v1}};
    double least = 0;

    for (size_t i = 0; i < countof(versions); i++) {
        struct place p;

        if (!find_place(root, versions[i].controller, &p))
            continue;
        do {
            double quota = versions[i].quota(&p);

            if (quota > 0 && (least <= 0 || quota < least))
                least = quota;
        } while (go_up(&p));
    }
    return least;
}

span_ns cgroup_throttled(const char *root)
{
    struct place p;
    uint64_t n = 0, most = 0;

    /* The group's own times and those above overlap: the longest counts. */
    if (find_place(root, NULL, &p)) {
        do {
            if (read_field(&p, "cpu.stat", "throttled_usec", &n) && n < INT64_MAX / 1000 &&
                n * 1000 > most)
                most = n * 1000;
        } while (go_up(&p));
    }
    if (find_place(root, "cpu", &p)) {
        do {
            if (read_field(&p, "cpu.stat", "throttled_time", &n) && n < INT64_MAX && n > most)
                most = n;
        } while (go_up(&p));
    }
    return (span_ns)most;
}

/* ---- memory ---- */

uint64_t cgroup_memory_left(const char *root)
{
    static const struct {
        const char *controller, *limit, *used;
    } versions[] = {{NULL, "memory.max", "memory.current"},
                    {"memory", "memory.limit_in_bytes", "memory.usage_in_bytes"}};
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < countof(versions); i++) {
        struct place p;
        uint64_t limit, used;

        if (!find_place(root, versions[i].controller, &p))
            continue;
        do {
            /* Version 1 writes "no limit" as a number near the largest of all. */
            if (!read_number(&p, versions[i].limit, &limit) || limit >= (uint64_t)INT64_MAX / 2 ||
                !read_number(&p, versions[i].used, &used))
                continue;
            uint64_t left = limit > used ? limit - used : 0;

            least = left < least ? left : least;
        } while (go_up(&p));
    }
    return least;
}
