/* Command lines, environments and signs of readiness, by program. */
#include "lab/lab_native.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "lab/lab_config.h"
#include "lab/lab_probe.h"
#include "lab/lab_process.h"

/* What a server on a busy machine may take for one small answer. */
#define ANSWER_TIME (3 * NS_PER_S)

enum {
    ARGS_MAX = 12,
    TAIL_BYTES_MAX = 64 << 10,
    VERSION_BYTES_MAX = 4096,
};

/* How a program is run; texts are filled in by lab_fill. */
struct launch {
    const char *argv[ARGS_MAX];
    const char *env[4];
    const char *folders[2]; /* made before; below the lab's folder */
    enum lab_port port;
    const char *ready; /* path that answers 200 or 204; NULL: it accepts connections */
};

/* The front of Debian's graphite-web is Apache; Django's own server does for one reader. The first
 * command makes the database, or finds that it is there. */
#define DJANGO                                                                                       \
    "/usr/bin/python3 -m django migrate --run-syncdb >/dev/null && exec /usr/bin/python3 -m django " \
    "runserver --noreload 127.0.0.1:@port.graphite@"

static const struct launch launches[LAB_PROGRAM_COUNT] = {
    [LAB_PROGRAM_PROMETHEUS] =
        {
            .argv = {"@program.prometheus@", "--config.file=prometheus/prometheus.yml",
                     "--storage.tsdb.path=data/prometheus", "--storage.tsdb.retention.time=15d",
                     "--web.listen-address=127.0.0.1:@port.prometheus@",
                     "--web.enable-remote-write-receiver", "--enable-feature=native-histograms"},
            .folders = {"data/prometheus"},
            .port = LAB_PORT_PROMETHEUS,
            .ready = "/-/ready",
        },
    [LAB_PROGRAM_INFLUXDB1] =
        {
            .argv = {"@program.influxdb@", "-config", "influxdb/influxdb.conf"},
            .folders = {"data/influxdb"},
            .port = LAB_PORT_INFLUXDB,
            .ready = "/ping",
        },
    [LAB_PROGRAM_INFLUXDB2] =
        {
            .argv = {"@program.influxdb2@", "run", "--bolt-path=data/influxdb2/influxd.bolt",
                     "--sqlite-path=data/influxdb2/influxd.sqlite",
                     "--engine-path=data/influxdb2/engine",
                     "--http-bind-address=127.0.0.1:@port.influxdb@", "--reporting-disabled"},
            .folders = {"data/influxdb2"},
            .port = LAB_PORT_INFLUXDB,
            .ready = "/health",
        },
    [LAB_PROGRAM_CARBON] =
        {
            .argv = {"@program.carbon@", "--config=graphite/carbon.conf", "--nodaemon", "start"},
            .folders = {"data/graphite/whisper", "data/graphite/log"},
            .port = LAB_PORT_CARBON,
        },
    [LAB_PROGRAM_GRAPHITE_WEB] =
        {
            .argv = {"/bin/sh", "-c", DJANGO},
            .env = {"PYTHONPATH=@dir@/graphite", "DJANGO_SETTINGS_MODULE=brunt_graphite",
                    "BRUNT_LAB_SECRET=@secret.django@"},
            .folders = {"data/graphite/whisper", "data/graphite/log"},
            .port = LAB_PORT_GRAPHITE,
            .ready = "/tags",
        },
    [LAB_PROGRAM_GRAFANA] =
        {
            .argv = {"@program.grafana@", "server", "--config=grafana/grafana.ini"},
            .env = {"BRUNT_LAB=@dir@", "GRAFANA_PASSWORD=@secret.password@",
                    "INFLUXDB_TOKEN=@secret.token@"},
            .folders = {"data/grafana"},
            .port = LAB_PORT_GRAFANA,
            .ready = "/api/health",
        },
    [LAB_PROGRAM_TARGET] =
        {
            .argv = {"@program.target@", "target", "--listen", "127.0.0.1:@port.target@"},
            .port = LAB_PORT_TARGET,
            .ready = "/health",
        },
};

/* ---- finding ---- */

static bool is_program(const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 && S_ISREG(s.st_mode) && access(path, X_OK) == 0;
}

static char *find_in(struct str folders, const char *name)
{
    struct str folder;

    while (folders.n && str_split(&folders, ':', &folder)) {
        char *path = xasprintf("%.*s/%s", STR_ARG(folder), name);

        /* A relative one would not be found again in the lab's folder. */
        if (path[0] == '/' && is_program(path))
            return path;
        free(path);
    }
    return NULL;
}

static char *find_program(const char *const *names)
{
    const char *path = getenv("PATH"); /* NOLINT(concurrency-mt-unsafe): nothing sets variables */
    char *found = NULL;

    for (; *names && !found; names++) {
        found = find_in(str_of(path), *names);
        if (!found) {
            found =
                find_in(STR("/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/grafana/bin:"
                            "/usr/share/grafana/bin"),
                        *names);
        }
    }
    return found;
}

/* What `PATH WORD` prints, as far as it goes. */
static void ask_version(const char *path, const char *word, struct buf *out)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    pid_t pid = fork();

    if (pid == 0) {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        execl(path, path, word, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while (pid > 0 && out->len < VERSION_BYTES_MAX && buf_reserve(out, VERSION_BYTES_MAX) == 0) {
        ssize_t n = read(ends[0], out->data + out->len, VERSION_BYTES_MAX);

        if (n <= 0)
            break;
        out->len += (size_t)n;
    }
    close(ends[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

static int influx_version(const char *path)
{
    scoped(buf_fini) struct buf text = {0};

    ask_version(path, "version", &text);
    struct str all = buf_str(&text);

    return str_find_str(all, STR("InfluxDB v2")) < all.n ? 2 : 1;
}

bool lab_prometheus_is_new(struct str text)
{
    struct str name = STR("prometheus, version ");
    struct str version = str_from_index(text, str_find_str(text, name) + name.n);
    struct str major, minor;
    uint64_t a, b;

    return version.n && str_split(&version, '.', &major) && version.n &&
           str_split(&version, '.', &minor) && str_u64(major, &a) && str_u64(minor, &b) &&
           (a > 3 || (a == 3 && b >= 8));
}

void lab_native_find(struct lab *lab, const char *self)
{
    const char *prometheus, *influxdb;

    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        const char *const *names = lab_programs[i].found_as;

        free(lab->paths[i]);
        lab->paths[i] = names[0][0] ? find_program(names) : xstrdup(self);
    }
    prometheus = lab->paths[LAB_PROGRAM_PROMETHEUS];
    influxdb = lab->paths[LAB_PROGRAM_INFLUXDB1];
    if (influxdb)
        lab->influx_version = influx_version(influxdb);
    if (prometheus) {
        scoped(buf_fini) struct buf text = {0};

        ask_version(prometheus, "--version", &text);
        lab->prometheus_is_new = lab_prometheus_is_new(buf_str(&text));
    }
}

enum lab_program lab_native_missing(const struct lab *lab, enum lab_service service)
{
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        if (lab_programs[i].service == service && lab_has_program(lab, (enum lab_program)i) &&
            !lab->paths[i])
            return (enum lab_program)i;
    }
    return LAB_PROGRAM_COUNT;
}

/* ---- starting ---- */

char *lab_native_log(const struct lab *lab, enum lab_program program)
{
    return xasprintf("%s/log/%s.log", lab->dir, lab_programs[program].name);
}

/* Filled-in copies of a NULL-ended list; the caller frees them. */
static void fill_list(const struct lab *lab, const char *const *texts, size_t n_max,
                      char **ret_list)
{
    for (size_t i = 0; i < n_max && texts[i]; i++) {
        struct buf text = {0};

        lab_fill(lab, texts[i], &text);
        ret_list[i] = xstrdup(buf_cstr(&text));
        buf_fini(&text);
    }
}

static void free_list(char **list)
{
    for (; *list; list++)
        free(*list);
}

/* Grafana needs its own files: a package's are in /usr/share, an archive's above its program. */
static char *grafana_home(const char *path)
{
    scoped(freep) char *real = realpath(path, NULL);
    char *slash = real ? strrchr(real, '/') : NULL;

    if (slash) {
        *slash = '\0';
        slash = strrchr(real, '/');
    }
    if (slash && strcmp(slash, "/bin") == 0) {
        *slash = '\0';
        scoped(freep) char *conf = xasprintf("%s/conf/defaults.ini", real);

        if (access(conf, R_OK) == 0)
            return xasprintf("--homepath=%s", real);
    }
    return xstrdup("--homepath=/usr/share/grafana");
}

/* grafana-server, older than `grafana`, has no word "server". */
static void suit_grafana(const struct lab *lab, char **argv)
{
    const char *path = lab->paths[LAB_PROGRAM_GRAFANA];
    size_t n = 0;

    while (argv[n])
        n++;
    if (str_ends(str_of(path), STR("grafana-server"))) {
        free(argv[1]);
        argv[1] = argv[--n];
    }
    argv[n] = grafana_home(path);
}

static int make_folders(const struct lab *lab, const struct launch *launch)
{
    scoped(freep) char *log = xasprintf("%s/log", lab->dir);

    TRY(file_make_folders(log, 0777));
    for (size_t i = 0; i < countof(launch->folders) && launch->folders[i]; i++) {
        scoped(freep) char *path = xasprintf("%s/%s", lab->dir, launch->folders[i]);

        TRY(file_make_folders(path, 0777));
    }
    return 0;
}

/* A log from before is kept once, beside, so that neither grows for ever. */
static void turn_log(const char *path)
{
    scoped(freep) char *beside = xasprintf("%s.1", path);
    struct stat s;

    if (stat(path, &s) == 0 && s.st_size > 1 << 20)
        ignored(rename(path, beside));
}

int lab_native_start(const struct lab *lab, enum lab_program program,
                     int (*started)(void *arg, const struct lab_process *p), void *arg,
                     struct lab_process *ret_process)
{
    const struct launch *launch = &launches[program];
    scoped(freep) char *log = lab_native_log(lab, program);
    char *argv[ARGS_MAX + 2] = {0}, *env[countof(launch->env) + 1] = {0};

    TRY(make_folders(lab, launch));
    turn_log(log);
    fill_list(lab, launch->argv, countof(launch->argv), argv);
    fill_list(lab, launch->env, countof(launch->env), env);
    if (program == LAB_PROGRAM_GRAFANA)
        suit_grafana(lab, argv);
    struct lab_spawn spawn = {lab->dir, log, argv, env, started, arg};
    int r = lab_spawn(&spawn, ret_process);

    free_list(argv);
    free_list(env);
    return r;
}

/* ---- ready ---- */

bool lab_native_ready(const struct lab *lab, enum lab_program program)
{
    const struct launch *launch = &launches[program];
    struct lab_request request = {lab->ports[launch->port], launch->ready, NULL, NULL, ANSWER_TIME};

    if (!launch->ready)
        return lab_probe_tcp(request.port, ANSWER_TIME);
    int status = lab_probe_http(&request, NULL);

    return status == 200 || status == 204;
}

/* ---- preparing ---- */

static int ask(const struct lab *lab, const char *path, const char *body, const char *type,
               const char *what)
{
    struct lab_request request = {lab->ports[LAB_PORT_INFLUXDB], path, body, type, 15 * NS_PER_S};
    scoped(buf_fini) struct buf answer = {0};
    int status = lab_probe_http(&request, &answer);

    if (status >= 200 && status < 300)
        return 0;
    struct str text = str_trim(buf_str(&answer));

    return fault(-EIO, "InfluxDB does not %s: %s%.*s", what,
                 status ? "it answers " : "there was no answer in 15 s",
                 (int)(text.n < 300 ? text.n : 300), text.n ? text.p : "");
}

static int make_databases(const struct lab *lab)
{
    static const char *const names[] = {"k6", "brunt"};

    for (size_t i = 0; i < countof(names); i++) {
        scoped(freep) char *body = xasprintf("q=CREATE%%20DATABASE%%20%s", names[i]);

        TRY(ask(lab, "/query", body, "application/x-www-form-urlencoded", "make a database"));
    }
    return 0;
}

/* The first user, organisation, bucket and token; a server that has them says so, and is left
 * alone. */
static int set_up_influx2(const struct lab *lab)
{
    struct lab_request question = {lab->ports[LAB_PORT_INFLUXDB], "/api/v2/setup", NULL, NULL,
                                   5 * NS_PER_S};
    scoped(buf_fini) struct buf answer = {0};
    struct str text;

    lab_probe_http(&question, &answer);
    text = buf_str(&answer);
    if (str_find_str(text, STR("\"allowed\"")) < text.n &&
        str_find_str(text, STR("true")) == text.n)
        return 0;
    scoped(freep) char *body =
        xasprintf("{\"username\":\"admin\",\"password\":\"%s\",\"org\":\"" LAB_ORGANIZATION
                  "\",\"bucket\":\"" LAB_BUCKET "\",\"retentionPeriodSeconds\":0,\"token\":\"%s\"}",
                  lab->secrets.password, lab->secrets.token);
    int r = ask(lab, "/api/v2/setup", body, "application/json", "set up its first user");

    explicit_bzero(body, strlen(body));
    return r;
}

int lab_native_prepare(const struct lab *lab, enum lab_program program)
{
    if (program == LAB_PROGRAM_INFLUXDB1)
        return make_databases(lab);
    if (program == LAB_PROGRAM_INFLUXDB2)
        return set_up_influx2(lab);
    return 0;
}

/* ---- logs ---- */

static void keep_last_lines(struct buf *text, size_t n)
{
    size_t at = text->len;

    if (at && text->data[at - 1] == '\n')
        at--;
    while (at > 0 && (text->data[at - 1] != '\n' || --n > 0))
        at--;
    buf_drop(text, at);
}

void lab_tail(const char *path, size_t n, struct buf *out)
{
    scoped(buf_fini) struct buf text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat s;

    if (fd < 0)
        return;
    if (fstat(fd, &s) == 0 && s.st_size > 0) {
        off_t from = s.st_size > TAIL_BYTES_MAX ? s.st_size - TAIL_BYTES_MAX : 0;

        ignored(buf_reserve(&text, TAIL_BYTES_MAX));
        ssize_t got = pread(fd, text.data, TAIL_BYTES_MAX, from);

        text.len = got > 0 ? (size_t)got : 0;
    }
    close(fd);
    if (n)
        keep_last_lines(&text, n);
    buf_putstr(out, buf_str(&text));
}
