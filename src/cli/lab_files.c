/* brunt lab files: the configuration files alone, to read and to copy. */
#include <stdio.h>

#include "base/opt.h"
#include "cli/actions.h"
#include "cli/lab_use.h"
#include "lab/lab_config.h"

struct files {
    struct lab_use use;
    const char *to, *backend;
    int64_t influxdb;
};

#define AT(field) offsetof(struct files, field)

static const char *const backends[] = {"native", "compose", NULL};

static const struct opt_row option_rows[] = {
    {.name = "to",
     .type = OPT_STRING,
     .offset = AT(to),
     .value_name = "DIR",
     .hint = OPT_HINT_DIR,
     .help = "write them there; without it their names are printed"},
    {.name = "backend",
     .type = OPT_STRING,
     .offset = AT(backend),
     .values = backends,
     .help = "of which kind of lab (default native)"},
    {.name = "influxdb",
     .type = OPT_INT,
     .offset = AT(influxdb),
     .min = 1,
     .max = 2,
     .value_name = "VERSION",
     .help = "of InfluxDB (default 1; containers have 2)"},
};

static const struct opt_example examples[] = {
    {"brunt lab files --to conf", "prometheus.yml, rules, alerts, Grafana's provisioning ..."},
    {"brunt lab files --to conf --backend compose", "and compose.yaml"},
};

static const struct opt_table table = {
    .name = "brunt lab files",
    .summary =
        "Write the lab's configuration files, with default ports, without starting anything.",
    .about = "They contain no secrets: what is behind a $ is taken from the environment.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
};

static int print_name(void *arg UNUSED, const char *path, struct str text UNUSED)
{
    printf("%s\n", path);
    return 0;
}

static int files(void *object)
{
    struct files *f = object;

    lab_init(&f->use.lab, ".");
    f->use.lab.backend =
        f->backend && strcmp(f->backend, "compose") == 0 ? LAB_COMPOSE : LAB_NATIVE;
    f->use.lab.influx_version = f->use.lab.backend == LAB_COMPOSE || f->influxdb == 2 ? 2 : 1;
    if (!f->to)
        return lab_config_each(&f->use.lab, print_name, NULL);
    return lab_config_write(&f->use.lab, f->to);
}

static int run(int argc, char **argv)
{
    struct files f = {0};

    return lab_action(&table, &f, &f.use, argc, argv, files);
}

const struct command action_lab_files = {
    .name = "files",
    .help = "write the configuration files alone",
    .run = run,
    .options = &table,
};
