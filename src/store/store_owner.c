/*
 * A process is known by its number and the instant of its start, in clock ticks since boot, so that
 * another one with the number of an older is not taken for it; after a reboot there is none of
 * them. The number means something within its PID namespace only.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_priv.h"

enum {
    PROC_BYTES = 1024,
    FIELD_STATE = 0,      /* of /proc/PID/stat, after the name */
    FIELD_STARTTIME = 19, /* the same; proc(5) counts it as 22 */
};

static size_t read_file(const char *path, char bytes[PROC_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    ssize_t n = read(fd, bytes, PROC_BYTES);

    close(fd);
    return n > 0 ? (size_t)n : 0;
}

/* When that process started; 0 when there is none, or when it is a zombie. */
static int64_t start_of(int64_t pid)
{
    char path[64], bytes[PROC_BYTES];

    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
    size_t n = read_file(path, bytes);
    const char *name_end = n ? memrchr(bytes, ')', n) : NULL;

    if (!name_end || (size_t)(name_end + 2 - bytes) > n)
        return 0;

    struct str rest = str_from(name_end + 2, n - (size_t)(name_end + 2 - bytes)), field;
    int64_t start = 0;

    for (int i = 0; i <= FIELD_STARTTIME && str_split(&rest, ' ', &field); i++) {
        if (i == FIELD_STATE && (str_is(field, "Z") || str_is(field, "X")))
            return 0;
        if (i == FIELD_STARTTIME && !str_i64(field, &start))
            return 0;
    }
    return start;
}

static struct str boot_id(char bytes[PROC_BYTES])
{
    return str_trim(str_from(bytes, read_file("/proc/sys/kernel/random/boot_id", bytes)));
}

static int64_t namespace_id(void)
{
    struct stat st;

    return stat("/proc/self/ns/pid", &st) == 0 ? (int64_t)st.st_ino : 0;
}

void store_owner_self(struct arena *arena, struct store_owner *ret_owner)
{
    char bytes[PROC_BYTES];

    *ret_owner = (struct store_owner){
        .boot = arena_str(arena, boot_id(bytes)),
        .pid = getpid(),
        .pid_start = start_of(getpid()),
        .pid_ns = namespace_id(),
    };
}

enum store_owner_state store_owner_look(const struct store_owner *owner)
{
    char bytes[PROC_BYTES];

    if (!str_eq(owner->boot, boot_id(bytes)) || owner->pid <= 0)
        return OWNER_GONE;
    if (owner->pid_ns != namespace_id())
        return OWNER_UNSEEN;
    return start_of(owner->pid) == owner->pid_start ? OWNER_ALIVE : OWNER_GONE;
}
