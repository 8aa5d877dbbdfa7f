/* The tables, and how placeholders are filled in. */
#include "lab/lab.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

const struct lab_service_row lab_services[LAB_SERVICE_COUNT] = {
#define SERVICE(id, name, purpose, install) [LAB_##id] = {name, purpose, install},
#include "lab/lab_service.def"
#undef SERVICE
};

const struct lab_program_row lab_programs[LAB_PROGRAM_COUNT] = {
#define PROGRAM(id, name, service, ...) \
    [LAB_PROGRAM_##id] = {name, LAB_##service, (const char *const[]){__VA_ARGS__, NULL}},
#include "lab/lab_service.def"
#undef PROGRAM
};

const struct lab_port_row lab_ports[LAB_PORT_COUNT] = {
#define PORT(id, name, number, listener) [LAB_PORT_##id] = {name, number, LAB_##listener},
#include "lab/lab_service.def"
#undef PORT
};

void lab_init(struct lab *lab, const char *dir)
{
    *lab = (struct lab){.dir = xstrdup(dir), .influx_version = 1};
    for (size_t i = 0; i < LAB_PORT_COUNT; i++)
        lab->ports[i] = lab_ports[i].number;
}

void lab_fini(struct lab *lab)
{
    if (!lab)
        return;
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++)
        free(lab->paths[i]);
    explicit_bzero(&lab->secrets, sizeof(lab->secrets));
    free(lab->dir);
    *lab = (struct lab){0};
}

/* ---- the folder ---- */

static char *absolute(const char *path)
{
    char here[PATH_MAX];

    if (path[0] == '/' || !getcwd(here, sizeof(here)))
        return xstrdup(path);
    return xasprintf("%s/%s", here, path);
}

int lab_dir(const char *given, const char *(*env)(void *arg, const char *name), void *arg,
            char **ret_dir)
{
    const char *asked = given && given[0] ? given : env(arg, "BRUNT_LAB");
    const char *data = env(arg, "XDG_DATA_HOME"), *home = env(arg, "HOME");

    if (asked && asked[0]) {
        *ret_dir = absolute(asked);
    } else if (data && data[0] == '/') { /* one that is not absolute is to be ignored */
        *ret_dir = xasprintf("%s/brunt/lab", data);
    } else if (home && home[0]) {
        *ret_dir = xasprintf("%s/.local/share/brunt/lab", home);
    } else {
        return fault(FAULT_EXIT(104),
                     "HOME is not set: say where the lab lies with --dir or BRUNT_LAB");
    }
    return 0;
}

/* ---- names ---- */

enum lab_service lab_service_find(struct str name)
{
    size_t i = 0;

    while (i < LAB_SERVICE_COUNT && !str_is(name, lab_services[i].name))
        i++;
    return (enum lab_service)i;
}

enum lab_program lab_program_find(struct str name)
{
    size_t i = 0;

    while (i < LAB_PROGRAM_COUNT && !str_is(name, lab_programs[i].name))
        i++;
    return (enum lab_program)i;
}

enum lab_port lab_port_find(struct str name)
{
    size_t i = 0;

    while (i < LAB_PORT_COUNT && !str_is(name, lab_ports[i].name))
        i++;
    return (enum lab_port)i;
}

bool lab_has_program(const struct lab *lab, enum lab_program program)
{
    if (program == LAB_PROGRAM_INFLUXDB1)
        return lab->influx_version == 1;
    if (program == LAB_PROGRAM_INFLUXDB2)
        return lab->influx_version == 2;
    return true;
}

/* ---- placeholders ---- */

/* Each puts what stands for `name`; false: nothing is called so. */
typedef bool(put_fn)(const struct lab *lab, struct str name, struct buf *out);

static bool put_port(const struct lab *lab, struct str name, struct buf *out)
{
    enum lab_port port = lab_port_find(name);

    if (port == LAB_PORT_COUNT)
        return false;
    buf_put_u64(out, lab->ports[port]);
    return true;
}

/* A container's services listen on their own ports, whatever this machine has for them. */
static bool put_inner(const struct lab *lab, struct str name, struct buf *out)
{
    enum lab_port port = lab_port_find(name);

    if (port == LAB_PORT_COUNT)
        return false;
    if (lab->backend == LAB_NATIVE) {
        buf_put_u64(out, lab->ports[port]);
    } else {
        buf_put_u64(out, port == LAB_PORT_GRAPHITE ? 80 : lab_ports[port].number);
    }
    return true;
}

static bool put_url(const struct lab *lab, struct str name, struct buf *out)
{
    if (lab_port_find(name) == LAB_PORT_COUNT)
        return false;
    if (lab->backend == LAB_NATIVE) {
        buf_puts(out, "http://127.0.0.1:");
    } else {
        buf_printf(out, "http://%.*s:", STR_ARG(name));
    }
    return put_inner(lab, name, out);
}

static bool put_program(const struct lab *lab, struct str name, struct buf *out)
{
    enum lab_program program = lab_program_find(name);

    if (program == LAB_PROGRAM_COUNT || !lab->paths[program])
        return false;
    buf_puts(out, lab->paths[program]);
    return true;
}

static bool put_secret(const struct lab *lab, struct str name, struct buf *out)
{
    const char *secret = str_is(name, "token")      ? lab->secrets.token
                         : str_is(name, "password") ? lab->secrets.password
                         : str_is(name, "django")   ? lab->secrets.django
                                                    : NULL;

    if (secret)
        buf_puts(out, secret);
    return secret;
}

static bool put_word(const struct lab *lab, struct str name, struct buf *out)
{
    bool native = lab->backend == LAB_NATIVE;
    const char *const rows[][2] = {
        {"host", native ? "127.0.0.1" : "host.docker.internal"},
        {"listen", native ? "127.0.0.1" : "0.0.0.0"},
        {"lab", native ? "$BRUNT_LAB" : "/lab"}, /* as Grafana's provisioning writes variables */
        {"dir", lab->dir},
        {"influxdb.organization", LAB_ORGANIZATION},
        {"influxdb.bucket", LAB_BUCKET},
        {"prometheus.native", lab->prometheus_is_new
                                  ? "scrape_native_histograms: true"
                                  : "# scrape_native_histograms: true (from Prometheus 3.8 on, "
                                    "which ignores the flag)"},
    };

    for (size_t i = 0; i < countof(rows); i++) {
        if (str_is(name, rows[i][0])) {
            buf_puts(out, rows[i][1]);
            return true;
        }
    }
    return false;
}

static bool put_name(const struct lab *lab, struct str name, struct buf *out)
{
    static const struct {
        struct str prefix;
        put_fn *put;
    } rows[] = {
        {STR("port."), put_port},       {STR("inner."), put_inner},   {STR("url."), put_url},
        {STR("program."), put_program}, {STR("secret."), put_secret},
    };

    for (size_t i = 0; i < countof(rows); i++) {
        if (str_starts(name, rows[i].prefix))
            return rows[i].put(lab, str_from_index(name, rows[i].prefix.n), out);
    }
    return put_word(lab, name, out);
}

void lab_fill(const struct lab *lab, const char *text, struct buf *out)
{
    struct str rest = str_of(text);

    while (rest.n) {
        size_t at = str_find(rest, '@');
        struct str behind = str_from_index(rest, at + 1);
        struct str name = str_from(behind.p, str_find(behind, '@'));

        buf_put(out, rest.p, at);
        if (at == rest.n)
            return;
        if (name.n < behind.n && put_name(lab, name, out)) {
            rest = str_from_index(behind, name.n + 1);
        } else {
            buf_putc(out, '@');
            rest = behind;
        }
    }
}
