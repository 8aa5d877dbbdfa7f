/* Facts of the machine, from the places where Linux keeps them. */
#include "cli/run_environment.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/json_out.h"
#include "cli/cli.h"
#include "run/cgroup.h"

enum {
    HEAD_BYTES = 4096, /* of a file; what is looked for stands near its beginning */
};

static struct str read_head(const char *path, char bytes[HEAD_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return (struct str){0};
    ssize_t n = read(fd, bytes, HEAD_BYTES);

    close(fd);
    return str_from(bytes, n > 0 ? (size_t)n : 0);
}

/* The value of "KEY SEPARATOR value", without quotes; null when there is none. */
static void put_line(struct json_out *j, const char *path, struct str key, char separator)
{
    char bytes[HEAD_BYTES];
    struct str rest = read_head(path, bytes), line;

    while (str_split(&rest, '\n', &line)) {
        size_t at = str_find(line, separator);

        if (at == line.n || !str_eq(str_trim(str_from(line.p, at)), key))
            continue;
        struct str value = str_trim(str_from_index(line, at + 1));

        if (value.n >= 2 && value.p[0] == '"')
            value = str_from(value.p + 1, value.n - 2);
        json_put_str(j, value);
        return;
    }
    json_put_null(j);
}

static void put_kernel(struct json_out *j)
{
    struct utsname u;

    if (uname(&u) != 0)
        return;
    json_key(j, "host");
    json_put_cstr(j, u.nodename);
    json_key(j, "kernel");
    json_put_cstr(j, u.release);
}

static void put_processors(struct json_out *j)
{
    cpu_set_t set;
    double quota = cgroup_processors("");

    json_key(j, "cpu");
    put_line(j, "/proc/cpuinfo", STR("model name"), ':');
    json_key(j, "cores");
    json_put_int(j, sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
                                                                 : sysconf(_SC_NPROCESSORS_ONLN));
    json_key(j, "cores_quota");
    if (quota > 0) {
        json_put_f64(j, quota);
    } else {
        json_put_null(j);
    }
}

void run_environment_json(struct json_out *j)
{
    json_open_object(j);
    json_key(j, "brunt");
    json_put_cstr(j, BRUNT_VERSION);
    put_kernel(j);
    json_key(j, "os");
    put_line(j, "/etc/os-release", STR("PRETTY_NAME"), '=');
    json_key(j, "arch");
    json_put_cstr(j, CLI_ARCH);
    put_processors(j);
    json_key(j, "memory_bytes");
    json_put_int(j, (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
    json_close(j);
}
