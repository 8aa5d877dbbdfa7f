/* Tables for people and JSON for programs, from the same questions. */
#include "cli/lab_show.h"

#include "base/buf.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/lab_start.h"
#include "lab/lab_native.h"
#include "lab/lab_probe.h"

static const char *const conditions[] = {
    [LAB_IS_STOPPED] = "stopped",
    [LAB_IS_READY] = "ready",
    [LAB_IS_SILENT] = "does not answer",
    [LAB_IS_GONE] = "has ended",
};

/* With containers there are no processes of ours: an answer is all there is to see. */
static bool was_started(const struct lab_use *use, enum lab_program program)
{
    if (use->lab.backend == LAB_COMPOSE && program != LAB_PROGRAM_TARGET)
        return use->has_state && use->state.services[lab_programs[program].service];
    return use->state.processes[program].pid != 0;
}

enum lab_condition lab_condition_of(const struct lab_use *use, enum lab_program program)
{
    bool contained = use->lab.backend == LAB_COMPOSE && program != LAB_PROGRAM_TARGET;

    if (!was_started(use, program))
        return LAB_IS_STOPPED;
    if (!contained && !lab_runs(use, program))
        return LAB_IS_GONE;
    return lab_native_ready(&use->lab, program) ? LAB_IS_READY : LAB_IS_SILENT;
}

char *lab_address(const struct lab_use *use, enum lab_program program)
{
    static const struct {
        const char *scheme;
        enum lab_port port;
    } rows[LAB_PROGRAM_COUNT] = {
        [LAB_PROGRAM_PROMETHEUS] = {"http", LAB_PORT_PROMETHEUS},
        [LAB_PROGRAM_INFLUXDB1] = {"http", LAB_PORT_INFLUXDB},
        [LAB_PROGRAM_INFLUXDB2] = {"http", LAB_PORT_INFLUXDB},
        [LAB_PROGRAM_CARBON] = {"tcp", LAB_PORT_CARBON},
        [LAB_PROGRAM_GRAPHITE_WEB] = {"http", LAB_PORT_GRAPHITE},
        [LAB_PROGRAM_GRAFANA] = {"http", LAB_PORT_GRAFANA},
        [LAB_PROGRAM_TARGET] = {"http", LAB_PORT_TARGET},
    };

    return xasprintf("%s://127.0.0.1:%d", rows[program].scheme, use->lab.ports[rows[program].port]);
}

/* ---- status ---- */

/* Of the two InfluxDBs and of Compose's graphite the one row that there is. */
static bool has_row(const struct lab_use *use, enum lab_program program)
{
    return lab_has_program(&use->lab, program) && use->chosen[lab_programs[program].service];
}

struct status_row {
    enum lab_program program;
    enum lab_condition condition;
    char *address;
    int32_t pid;
};

static size_t read_rows(const struct lab_use *use, struct status_row rows[LAB_PROGRAM_COUNT],
                        size_t *ret_n_bad)
{
    size_t n = 0;

    *ret_n_bad = 0;
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        enum lab_program program = (enum lab_program)i;

        if (!has_row(use, program))
            continue;
        struct status_row *row = &rows[n++];

        row->program = program;
        row->condition = lab_condition_of(use, program);
        row->address = lab_address(use, program);
        row->pid = row->condition == LAB_IS_READY || row->condition == LAB_IS_SILENT
                       ? use->state.processes[i].pid
                       : 0;
        *ret_n_bad += row->condition == LAB_IS_SILENT || row->condition == LAB_IS_GONE;
    }
    return n;
}

void lab_show_status(const struct lab_use *use, struct buf *out, size_t *ret_n_bad)
{
    struct status_row rows[LAB_PROGRAM_COUNT];
    size_t n = read_rows(use, rows, ret_n_bad);

    buf_printf(out, "%-13s %-16s %-8s %s\n", "PROGRAM", "STATE", "PID", "ADDRESS");
    for (size_t i = 0; i < n; i++) {
        const struct status_row *row = &rows[i];
        bool stopped = row->condition == LAB_IS_STOPPED;
        char pid[16] = "-";

        if (row->pid)
            snprintf(pid, sizeof(pid), "%d", row->pid);
        buf_printf(out, "%-13s %-16s %-8s %s\n", lab_programs[row->program].name,
                   conditions[row->condition], pid, stopped ? "-" : row->address);
        free(rows[i].address);
    }
    buf_printf(out, "\nfolder %s, %s\n", use->lab.dir,
               use->lab.backend == LAB_COMPOSE ? "containers" : "processes of this machine");
}

void lab_show_json(const struct lab_use *use, struct buf *out, size_t *ret_n_bad)
{
    static const char *const words[] = {"stopped", "ready", "silent", "gone"};
    struct status_row rows[LAB_PROGRAM_COUNT];
    size_t n = read_rows(use, rows, ret_n_bad);
    struct json_out j = JSON_OUT(out, 2);

    json_open_object(&j);
    json_key(&j, "dir");
    json_put_cstr(&j, use->lab.dir);
    json_key(&j, "backend");
    json_put_cstr(&j, use->lab.backend == LAB_COMPOSE ? "compose" : "native");
    json_key(&j, "programs");
    json_open_array(&j);
    for (size_t i = 0; i < n; i++) {
        json_open_object(&j);
        json_key(&j, "name");
        json_put_cstr(&j, lab_programs[rows[i].program].name);
        json_key(&j, "service");
        json_put_cstr(&j, lab_services[lab_programs[rows[i].program].service].name);
        json_key(&j, "state");
        json_put_cstr(&j, words[rows[i].condition]);
        json_key(&j, "pid");
        if (rows[i].pid) {
            json_put_int(&j, rows[i].pid);
        } else {
            json_put_null(&j);
        }
        json_key(&j, "url");
        json_put_cstr(&j, rows[i].address);
        json_close(&j);
        free(rows[i].address);
    }
    json_close(&j);
    json_key(&j, "ports");
    json_open_object(&j);
    for (size_t i = 0; i < LAB_PORT_COUNT; i++) {
        json_key(&j, lab_ports[i].name);
        json_put_int(&j, use->lab.ports[i]);
    }
    json_close(&j);
    json_close(&j);
    buf_putc(out, '\n');
}

/* ---- how it is fed ---- */

static bool service_started(const struct lab_use *use, enum lab_service service)
{
    return use->lab.backend == LAB_COMPOSE && service != LAB_TARGET
               ? use->has_state && use->state.services[service]
               : lab_service_runs(use, service);
}

size_t lab_outputs(const struct lab_use *use, char ***ret_outputs)
{
    const uint16_t *ports = use->lab.ports;
    char **all = xnew_n(char *, LAB_SERVICE_COUNT);
    size_t n = 0;

    if (service_started(use, LAB_PROMETHEUS)) {
        all[n++] = xasprintf("remote-write=http://127.0.0.1:%d/api/v1/write?interval=1s",
                             ports[LAB_PORT_PROMETHEUS]);
    }
    if (service_started(use, LAB_INFLUXDB) && use->lab.influx_version == 1)
        all[n++] = xasprintf("influxdb=http://127.0.0.1:%d/k6", ports[LAB_PORT_INFLUXDB]);
    if (service_started(use, LAB_INFLUXDB) && use->lab.influx_version == 2) {
        all[n++] = xasprintf("xk6-influxdb=http://127.0.0.1:%d/" LAB_BUCKET
                             "?organization=" LAB_ORGANIZATION "&token=file:%s/influxdb/token",
                             ports[LAB_PORT_INFLUXDB], use->lab.dir);
    }
    if (service_started(use, LAB_GRAPHITE))
        all[n++] = xasprintf("graphite=tcp://127.0.0.1:%d", ports[LAB_PORT_CARBON]);
    *ret_outputs = all;
    return n;
}

static void show_outputs(const struct lab_use *use, struct buf *out)
{
    char **all;
    size_t n = lab_outputs(use, &all);

    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "  brunt run -o '%s' script.js\n", all[i]);
        free(all[i]);
    }
    free(all);
    if (service_started(use, LAB_PROMETHEUS)) {
        buf_printf(out,
                   "  brunt run -o prometheus=%s:%d --linger script.js    # scraped every 2 s\n",
                   use->lab.backend == LAB_NATIVE ? "127.0.0.1" : "0.0.0.0",
                   use->lab.ports[LAB_PORT_BRUNT]);
    }
}

void lab_show_usage(const struct lab_use *use, struct buf *out)
{
    const uint16_t *ports = use->lab.ports;

    buf_puts(out, "Feed it, one or several:\n");
    show_outputs(use, out);
    buf_puts(out, "  brunt k6 -s script.js    # all of them\n");
    if (service_started(use, LAB_TARGET)) {
        buf_printf(out, "\nSomething to test: http://127.0.0.1:%d, TARGET_API_URL for `brunt k6`\n",
                   ports[LAB_PORT_TARGET]);
    }
    if (service_started(use, LAB_GRAFANA)) {
        buf_printf(out,
                   "\nDashboards: http://127.0.0.1:%d/dashboards\n"
                   "To change them there: user admin, password in %s/.env\n",
                   ports[LAB_PORT_GRAFANA], use->lab.dir);
    }
    if (service_started(use, LAB_PROMETHEUS)) {
        buf_printf(out, "\nAlerts: http://127.0.0.1:%d/alerts\n", ports[LAB_PORT_PROMETHEUS]);
    }
}

/* ---- what is missing ---- */

void lab_show_missing(const struct lab_use *use, const bool wanted[LAB_SERVICE_COUNT],
                      struct buf *out)
{
    for (size_t i = 0; i < LAB_SERVICE_COUNT; i++) {
        enum lab_program program = lab_native_missing(&use->lab, (enum lab_service)i);

        if (!wanted[i] || program == LAB_PROGRAM_COUNT)
            continue;
        buf_printf(out, "%s is not here (no program '%s'): it %s. To install it:\n  %s\n",
                   lab_services[i].name, lab_programs[program].found_as[0], lab_services[i].purpose,
                   lab_services[i].install);
    }
}
