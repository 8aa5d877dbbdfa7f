/* brunt lab up: writes the configuration, starts what does not run, and waits until it answers. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/actions.h"
#include "cli/cli.h"
#include "cli/lab_containers.h"
#include "cli/lab_show.h"
#include "cli/lab_start.h"
#include "lab/lab_config.h"
#include "lab/lab_folder.h"
#include "lab/lab_native.h"
#include "lab/lab_probe.h"
#include "lab/lab_process.h"

struct up {
    struct lab_use use;
    const char *backend;
    uint16_t ports[LAB_PORT_COUNT]; /* asked for; 0: not */
    span_ns timeout;
};

#define AT(field) offsetof(struct up, field)

static int take_port(struct up *up, struct str text)
{
    size_t at = str_find(text, '=');
    enum lab_port port = lab_port_find(str_from(text.p, at));
    uint64_t number;

    if (port == LAB_PORT_COUNT || !str_u64(str_from_index(text, at + 1), &number) || number == 0 ||
        number > UINT16_MAX) {
        return fault(-EINVAL,
                     "'%.*s' is not NAME=PORT; names are prometheus, influxdb, carbon, graphite, "
                     "grafana, target, brunt, locust, loadpilot",
                     STR_ARG(text));
    }
    up->ports[port] = (uint16_t)number;
    return 0;
}

static int take_ports(void *object, const struct opt_row *row UNUSED, const char *value)
{
    struct str part;

    for (struct str rest = str_of(value); rest.n && str_split(&rest, ',', &part);)
        TRY(take_port(object, str_trim(part)));
    return 0;
}

static const char *const backends[] = {"native", "compose", NULL};

static const struct opt_row option_rows[] = {
    LAB_SERVICE_ROW(AT(use)),
    LAB_DIR_ROW(AT(use)),
    {.name = "backend",
     .type = OPT_STRING,
     .offset = AT(backend),
     .values = backends,
     .help = "native: programs of this machine; compose: containers, when Docker answers (default "
             "native, or what runs already)"},
    {.name = "ports",
     .type = OPT_CALL,
     .call = take_ports,
     .value_name = "NAME=PORT,...",
     .help = "where services listen; without it their own ports, or free ones where those are "
             "taken. Those of brunt, locust and loadpilot are where Prometheus looks for them"},
    {.name = "timeout",
     .type = OPT_CALL,
     .offset = AT(timeout),
     .value_name = "DURATION",
     .call = cli_take_span,
     .help = "how long services may take until they answer (default 60s)"},
};

static const struct opt_example examples[] = {
    {"brunt lab up", "everything that is installed, and the demo target"},
    {"brunt lab up -s prometheus,grafana", "only these; more may be added later"},
    {"brunt lab up --ports prometheus=9091,loadpilot=9090", "leave port 9090 to LoadPilot"},
    {"brunt lab up --backend compose", "as containers"},
};

static const struct opt_table table = {
    .name = "brunt lab up",
    .summary = "Start a monitoring stack that is ready to read runs.",
    .about = "Prometheus scrapes a run every 2 s and takes remote write, InfluxDB has its "
             "databases, Graphite keeps a value a second, Grafana knows all three and has brunt's "
             "dashboards. Everything lies in one folder and listens on this machine only. What is "
             "not installed is named with the command that installs it, and the rest starts.\n\n"
             "What runs already is left alone, so that `up` may be given again. Ctrl-C ends what "
             "it has started.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
};

/* ---- the choice ---- */

static int choose_backend(struct up *up)
{
    struct lab_use *use = &up->use;
    enum lab_backend asked =
        up->backend && strcmp(up->backend, "compose") == 0 ? LAB_COMPOSE : LAB_NATIVE;
    bool runs = false;

    for (size_t i = 0; i < LAB_SERVICE_COUNT; i++)
        runs |= use->state.services[i];
    if (up->backend && runs && use->lab.backend != asked) {
        return fault(-EBUSY, "the lab in '%s' runs as %s: `brunt lab down` first", use->lab.dir,
                     asked == LAB_COMPOSE ? "processes" : "containers");
    }
    if (up->backend)
        use->lab.backend = asked;
    return use->lab.backend == LAB_COMPOSE ? lab_containers_check() : 0;
}

static int find_programs(struct lab_use *use)
{
    char self[PATH_MAX] = {0};
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (n <= 0)
        return fault(-errno, "/proc does not tell where brunt lies: %m");
    lab_native_find(&use->lab, self);
    if (use->lab.backend == LAB_COMPOSE) { /* those of compose.yaml, not of this machine */
        use->lab.influx_version = 2;
        use->lab.prometheus_is_new = false;
    } else if (lab_service_runs(use, LAB_INFLUXDB)) { /* another may have been installed since */
        use->lab.influx_version = use->state.influx_version;
    }
    return 0;
}

/* Which services to start; those that are not installed are named. */
static int choose_services(struct lab_use *use, bool wanted[LAB_SERVICE_COUNT])
{
    scoped(buf_fini) struct buf text = {0};
    bool any = false;

    if (use->lab.backend == LAB_NATIVE)
        lab_show_missing(use, use->chosen, &text);
    for (size_t i = 0; i < LAB_SERVICE_COUNT; i++) {
        wanted[i] = use->chosen[i] &&
                    (use->lab.backend == LAB_COMPOSE ||
                     lab_native_missing(&use->lab, (enum lab_service)i) == LAB_PROGRAM_COUNT);
        any |= wanted[i];
    }
    cli_write(STDERR_FILENO, buf_str(&text));
    if (!any)
        return fault(-ENOENT, "nothing of what was asked for is installed");
    return 0;
}

/* ---- ports ---- */

static int choose_port(struct up *up, enum lab_port port)
{
    struct lab *lab = &up->use.lab;
    uint16_t asked = up->ports[port];

    lab->ports[port] = asked ? asked : lab_ports[port].number;
    if (lab_port_is_free(lab->ports[port]))
        return 0;
    if (asked) {
        return fault(-EADDRINUSE, "port %d, asked for %s, is taken: `ss -ltnp` tells by whom",
                     asked, lab_ports[port].name);
    }
    lab->ports[port] = lab_port_pick(lab->ports, LAB_PORT_COUNT);
    if (!lab->ports[port])
        return fault(-EADDRINUSE, "there is no free port for %s", lab_ports[port].name);
    fprintf(stderr, "port %d is taken: %s listens on %d\n", lab_ports[port].number,
            lab_ports[port].name, lab->ports[port]);
    return 0;
}

static int keep_port(const struct up *up, enum lab_port port)
{
    if (up->ports[port] && up->ports[port] != up->use.lab.ports[port]) {
        return fault(-EBUSY, "%s runs already, on port %d: `brunt lab down` first",
                     lab_ports[port].name, up->use.lab.ports[port]);
    }
    return 0;
}

static bool is_running(const struct lab_use *use, enum lab_service service)
{
    return use->lab.backend == LAB_COMPOSE && service != LAB_TARGET
               ? use->has_state && use->state.services[service]
               : lab_service_runs(use, service);
}

static int choose_ports(struct up *up, const bool wanted[LAB_SERVICE_COUNT])
{
    struct lab *lab = &up->use.lab;

    for (size_t i = 0; i < LAB_PORT_COUNT; i++) {
        enum lab_service listener = lab_ports[i].listener;

        if (listener == LAB_NONE) {
            lab->ports[i] = up->ports[i] ? up->ports[i] : lab->ports[i];
        } else if (is_running(&up->use, listener)) {
            TRY(keep_port(up, (enum lab_port)i));
        } else if (wanted[listener]) {
            TRY(choose_port(up, (enum lab_port)i));
        }
    }
    /* Where Prometheus had to give way on 9090 may be a LoadPilot coordinator, or a run of ours. */
    if (!up->ports[LAB_PORT_LOADPILOT] && lab->ports[LAB_PORT_PROMETHEUS] != 9090)
        lab->ports[LAB_PORT_LOADPILOT] = 9090;
    return 0;
}

/* ---- files ---- */

/* Outputs read the token from a file, so that it does not stand in a command line. */
static int write_token(const struct lab *lab)
{
    scoped(freep) char *dir = xasprintf("%s/influxdb", lab->dir);
    scoped(freep) char *path = xasprintf("%s/token", dir);

    if (lab->influx_version != 2)
        return 0;
    TRY(file_make_folders(dir, 0777));
    return lab_replace_file(path, str_of(lab->secrets.token), 0600);
}

/* Dashboards are the work of another command, which says in its own words what goes wrong. */
static int write_dashboards(const struct lab *lab)
{
    static char dashboard[] = "dashboard", export[] = "export", to[] = "--to";
    scoped(freep) char *dir = xasprintf("%s/grafana/dashboards/brunt", lab->dir);
    scoped(freep) char *logs = xasprintf("%s/log", lab->dir);
    scoped(freep) char *log = xasprintf("%s/dashboards.log", logs);
    char *argv[] = {lab->paths[LAB_PROGRAM_TARGET], dashboard, export, to, dir, NULL};

    TRY(file_make_folders(logs, 0777));
    if (lab_call(NULL, argv, log) != 0)
        fprintf(stderr, "brunt's dashboards were not written: see %s\n", log);
    return 0;
}

static int write_files(struct lab *lab)
{
    TRY(lab_secrets(lab));
    TRY(lab_config_write(lab, lab->dir));
    TRY(write_token(lab));
    return write_dashboards(lab);
}

/* ---- starting ---- */

static int start_containers(struct up *up, bool wanted[LAB_SERVICE_COUNT])
{
    bool target[LAB_SERVICE_COUNT] = {[LAB_TARGET] = wanted[LAB_TARGET]};

    for (size_t i = 0; i < LAB_SERVICE_COUNT; i++)
        up->use.state.services[i] |= wanted[i];
    TRY(lab_use_save(&up->use));
    TRY(lab_containers_each(&up->use, (const char *const[]){"up", "-d", "--wait", NULL}));
    return lab_start(&up->use, target, up->timeout);
}

static void show(const struct lab_use *use)
{
    scoped(buf_fini) struct buf out = {0};
    size_t n_bad;

    lab_show_status(use, &out, &n_bad);
    buf_putc(&out, '\n');
    lab_show_usage(use, &out);
    cli_write(STDOUT_FILENO, buf_str(&out));
}

/* A folder is made only when there is something to put in it. */
static int take_folder(struct up *up)
{
    struct lab_use *use = &up->use;

    TRY(lab_folder_open(use->lab.dir));
    if (use->lock >= 0)
        return 0;
    /* Somebody else may have started a lab there a moment ago. */
    TRY(lab_use_lock(use));
    TRY(choose_backend(up));
    return find_programs(use);
}

static int up_run(void *object)
{
    struct up *up = object;
    bool wanted[LAB_SERVICE_COUNT] = {0};

    TRY(lab_use_open(&up->use, LAB_CHANGE));
    TRY(choose_backend(up));
    TRY(find_programs(&up->use));
    TRY(choose_services(&up->use, wanted));
    TRY(take_folder(up));
    TRY(choose_ports(up, wanted));
    TRY(write_files(&up->use.lab));
    TRY(up->use.lab.backend == LAB_COMPOSE ? start_containers(up, wanted)
                                           : lab_start(&up->use, wanted, up->timeout));
    show(&up->use);
    return 0;
}

static int run(int argc, char **argv)
{
    struct up up = {.timeout = 60 * NS_PER_S};

    return lab_action(&table, &up, &up.use, argc, argv, up_run);
}

const struct command action_lab_up = {
    .name = "up",
    .help = "write the configuration, start what does not run, wait until it answers",
    .run = run,
    .options = &table,
};
