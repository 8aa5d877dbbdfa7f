/* Which text belongs where, and how files come into their folder. */
#include "lab/lab_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "lab/lab_source.h"

enum {
    FILE_BYTES_MAX = 1 << 20,
    SECRETS_BYTES_MAX = 4096,
};

/* Texts that not every lab has; what is not here belongs to all. */
static const struct {
    const char *path;
    int backend;        /* -1: of both */
    int influx_version; /* 0: of both */
} conditions[] = {
    {"compose.yaml", LAB_COMPOSE, 0},
    {"influxdb/influxdb.conf", LAB_NATIVE, 1},
    {"graphite/carbon.conf", LAB_NATIVE, 0},
    {"graphite/brunt_graphite.py", LAB_NATIVE, 0},
    {"grafana/grafana.ini", LAB_NATIVE, 0},
    {"grafana/provisioning/datasources/influxdb1.yaml", -1, 1},
    {"grafana/provisioning/datasources/influxdb2.yaml", -1, 2},
};

static bool belongs(const struct lab *lab, const char *path)
{
    for (size_t i = 0; i < countof(conditions); i++) {
        if (strcmp(conditions[i].path, path) == 0) {
            return (conditions[i].backend < 0 || conditions[i].backend == (int)lab->backend) &&
                   (!conditions[i].influx_version ||
                    conditions[i].influx_version == lab->influx_version);
        }
    }
    return true;
}

int lab_config_each(const struct lab *lab,
                    int (*each)(void *arg, const char *path, struct str text), void *arg)
{
    scoped(buf_fini) struct buf text = {0};

    for (const struct lab_source *s = lab_texts; s->path; s++) {
        if (!belongs(lab, s->path))
            continue;
        buf_reset(&text);
        lab_fill(lab, s->text, &text);
        TRY(each(arg, s->path, buf_str(&text)));
    }
    return 0;
}

/* ---- files ---- */

int lab_replace_file(const char *path, struct str text, unsigned mode)
{
    scoped(freep) char *beside = xasprintf("%s.new", path);

    ignored(unlink(beside)); /* of one that was interrupted; O_EXCL follows no link */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0)
        return fault(-errno, "cannot write '%s': %m", beside);
    int r = file_write_all(fd, text);

    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r == 0 && rename(beside, path) < 0)
        r = -errno;
    if (r == 0)
        return 0;
    ignored(unlink(beside));
    errno = -r;
    return fault(r, "cannot write '%s': %m", path);
}

int lab_read_file(const char *path, size_t limit, struct buf *ret_text)
{
    struct buf text = BUF_INIT(limit + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return fault(-errno, "cannot open '%s': %m", path);
    ignored(buf_reserve(&text, limit + 1));
    do {
        n = read(fd, text.data + text.len, text.cap - text.len);
        text.len += n > 0 ? (size_t)n : 0;
    } while ((n > 0 && text.len <= limit) || (n < 0 && errno == EINTR));
    int r = n < 0 ? fault(-errno, "cannot read '%s': %m", path) : 0;

    close(fd);
    if (r == 0 && text.len > limit)
        r = fault(-EFBIG, "'%s' is longer than %zu bytes", path, limit);
    if (r) {
        buf_fini(&text);
        return r;
    }
    buf_fini(ret_text);
    *ret_text = text;
    return 0;
}

/* ---- all files ---- */

static bool is_as(const char *path, struct str text)
{
    scoped(buf_fini) struct buf old = {0};
    bool same = access(path, R_OK) == 0 && lab_read_file(path, FILE_BYTES_MAX, &old) == 0 &&
                str_eq(buf_str(&old), text);

    fault_clear();
    return same;
}

static int write_file(void *dir, const char *name, struct str text)
{
    scoped(freep) char *path = xasprintf("%s/%s", (const char *)dir, name);
    scoped(freep) char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));

    TRY(file_make_folders(folder, 0777));
    return is_as(path, text) ? 0 : lab_replace_file(path, text, 0644);
}

/* A text of the other backend or InfluxDB that lies there from before. */
static int remove_others(const struct lab *lab, const char *dir)
{
    for (size_t i = 0; i < countof(conditions); i++) {
        scoped(freep) char *path = xasprintf("%s/%s", dir, conditions[i].path);

        if (!belongs(lab, conditions[i].path) && unlink(path) < 0 && errno != ENOENT &&
            errno != ENOTDIR)
            return fault(-errno, "cannot remove '%s': %m", path);
    }
    return 0;
}

/* Grafana complains of folders that it looks into and does not find. */
static int make_folders(const char *dir)
{
    static const char *const names[] = {
        "grafana/dashboards/brunt",       "grafana/dashboards/custom",
        "grafana/provisioning/alerting",  "grafana/provisioning/plugins",
        "grafana/provisioning/notifiers",
    };

    for (size_t i = 0; i < countof(names); i++) {
        scoped(freep) char *path = xasprintf("%s/%s", dir, names[i]);

        TRY(file_make_folders(path, 0777));
    }
    return 0;
}

int lab_config_write(const struct lab *lab, const char *dir)
{
    scoped(freep) char *copy = xstrdup(dir);

    TRY(make_folders(dir));
    TRY(lab_config_each(lab, write_file, copy));
    return remove_others(lab, dir);
}

/* ---- secrets ---- */

static const struct {
    const char *name;
    size_t offset, size; /* of the text in struct lab, with its NUL */
} secret_rows[] = {
    {"INFLUXDB_TOKEN", offsetof(struct lab, secrets.token), sizeof((struct lab){0}.secrets.token)},
    {"GRAFANA_PASSWORD", offsetof(struct lab, secrets.password),
     sizeof((struct lab){0}.secrets.password)},
    {"DJANGO_SECRET", offsetof(struct lab, secrets.django), sizeof((struct lab){0}.secrets.django)},
};

static bool is_hex(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (ascii_hex(text.p[i]) < 0)
            return false;
    }
    return true;
}

static void read_secret(struct lab *lab, struct str line)
{
    size_t at = str_find(line, '=');
    struct str value = str_from_index(line, at + 1);

    for (size_t i = 0; i < countof(secret_rows); i++) {
        if (str_is(str_from(line.p, at), secret_rows[i].name) &&
            value.n == secret_rows[i].size - 1 && is_hex(value))
            memcpy((char *)lab + secret_rows[i].offset, value.p, value.n);
    }
}

static int make_secret(char *text, size_t size)
{
    unsigned char bytes[64];

    TRY(secure_random(bytes, sizeof(bytes)));
    for (size_t i = 0; i < size - 1; i++)
        text[i] = "0123456789abcdef"[bytes[i] & 15];
    explicit_bzero(bytes, sizeof(bytes));
    return 0;
}

static void put_secrets(const struct lab *lab, struct buf *out)
{
    buf_puts(out,
             "# Secrets of this lab, made by `brunt lab up`. Compose and `brunt lab` read them.\n");
    for (size_t i = 0; i < countof(secret_rows); i++) {
        buf_printf(out, "%s=%s\n", secret_rows[i].name, (const char *)lab + secret_rows[i].offset);
    }
    /* The image wants one beside the token. */
    buf_printf(out, "INFLUXDB_PASSWORD=%s\n", lab->secrets.password);
}

int lab_secrets(struct lab *lab)
{
    scoped(freep) char *path = xasprintf("%s/.env", lab->dir);
    scoped(buf_fini) struct buf text = {0};
    struct str line;

    if (access(path, F_OK) == 0)
        TRY(lab_read_file(path, SECRETS_BYTES_MAX, &text));
    for (struct str rest = buf_str(&text); rest.n && str_split(&rest, '\n', &line);)
        read_secret(lab, line);
    bool complete = true;

    for (size_t i = 0; i < countof(secret_rows); i++) {
        char *value = (char *)lab + secret_rows[i].offset;

        if (value[0])
            continue;
        complete = false;
        TRY(make_secret(value, secret_rows[i].size));
    }
    if (complete)
        return 0;
    buf_reset(&text);
    put_secrets(lab, &text);
    return lab_replace_file(path, buf_str(&text), 0600);
}
