#pragma once
/*
 * The lab: a monitoring stack on this machine. A service (what users name) consists of programs
 * (what runs natively); both, and the ports they use, are rows of lab_service.def. Everything a lab
 * writes lies in one folder:
 *
 *     .brunt-lab               marks the folder as a lab: only such a one is ever removed
 *     state                    what was started (lab_state.h)
 *     .env                     secrets of this lab, readable by its owner only
 *     prometheus/ influxdb/ graphite/ grafana/ compose.yaml    configuration (lab_config.h)
 *     data/SERVICE/            what the services keep
 *     log/PROGRAM.log
 *
 * Programs run in the lab's folder, so that their configuration can name paths relative to it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum lab_service {
#define SERVICE(id, ...) LAB_##id,
#include "lab/lab_service.def"
#undef SERVICE
    LAB_SERVICE_COUNT,
    LAB_NONE = LAB_SERVICE_COUNT,
};

enum lab_program {
#define PROGRAM(id, ...) LAB_PROGRAM_##id,
#include "lab/lab_service.def"
#undef PROGRAM
    LAB_PROGRAM_COUNT,
};

enum lab_port {
#define PORT(id, ...) LAB_PORT_##id,
#include "lab/lab_service.def"
#undef PORT
    LAB_PORT_COUNT,
};

enum lab_backend {
    LAB_NATIVE,  /* programs found on this machine, as processes of their own sessions */
    LAB_COMPOSE, /* containers, by `docker compose` */
};

struct lab_service_row {
    const char *name;
    const char *purpose;
    const char *install; /* the command that installs it on Debian; "": nothing is needed */
};

struct lab_program_row {
    const char *name;
    enum lab_service service;
    const char *const *found_as; /* names in PATH, NULL-ended; the first is "": brunt itself */
};

struct lab_port_row {
    const char *name;
    uint16_t number;           /* unless another is asked for */
    enum lab_service listener; /* LAB_NONE: Prometheus looks there for somebody else */
};

extern const struct lab_service_row lab_services[LAB_SERVICE_COUNT];
extern const struct lab_program_row lab_programs[LAB_PROGRAM_COUNT];
extern const struct lab_port_row lab_ports[LAB_PORT_COUNT];

/* What a lab is made of; everything that configuration files and command lines are filled with. */
struct lab {
    char *dir; /* absolute */
    enum lab_backend backend;
    int influx_version;     /* of the API: 1 or 2 */
    bool prometheus_is_new; /* 3.8 or later: native histograms are a setting, no flag */
    uint16_t ports[LAB_PORT_COUNT];
    char *paths[LAB_PROGRAM_COUNT]; /* of executables; NULL: not found */
    struct {
        char token[65]; /* hexadecimal, NUL-terminated; "": there is none yet */
        char password[33];
        char django[65];
    } secrets;
};

/* Organisation and bucket of an InfluxDB 2 of the lab: those that ltlab's dashboards ask. */
#define LAB_ORGANIZATION "myorg"
#define LAB_BUCKET       "loadtests"

/* Default ports, the given folder (copied), the native backend, InfluxDB 1. */
void lab_init(struct lab *lab, const char *dir);
void lab_fini(struct lab *lab);

/*
 * The lab's folder: `given`, or $BRUNT_LAB, or brunt/lab below $XDG_DATA_HOME or ~/.local/share;
 * relative ones are below the current folder. The caller frees it. Returns 0, or a fault when there
 * is no home to put it in. `env` looks up variables.
 */
MUST_USE int lab_dir(const char *given, const char *(*env)(void *arg, const char *name), void *arg,
                     char **ret_dir);

/* The one of that name, or the count. */
enum lab_service lab_service_find(struct str name);
enum lab_program lab_program_find(struct str name);
enum lab_port lab_port_find(struct str name);

/* Whether a program is one of the lab's: of its InfluxDBs only the one that is there is. */
bool lab_has_program(const struct lab *lab, enum lab_program program);

/*
 * Appends `text` with placeholders filled in: @host@ (where services find this machine), @listen@,
 * @lab@, @dir@, @port.NAME@, @inner.NAME@ (behind the container's port), @url.NAME@,
 * @influxdb.organization@,
 * @influxdb.bucket@, @prometheus.native@ (a line of its configuration), @program.NAME@,
 * @secret.NAME@. What is no placeholder stays as it is.
 */
struct buf;
void lab_fill(const struct lab *lab, const char *text, struct buf *out);
