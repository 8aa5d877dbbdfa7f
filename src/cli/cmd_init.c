/*
 * brunt init [DIR]: the files that a first scenario in Python needs. What is there stays as it is:
 * running it again only adds what is missing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "dashboard/board.h"

static const char example[] =
    "\"\"\"A first scenario: see that a service is alive, most of the time, and look at its front "
    "page.\n"
    "\n"
    "    brunt run scenarios/example.py --target http://localhost:8000\n"
    "\"\"\"\n"
    "from loadpilot import LoadClient, VUser, scenario, task\n"
    "\n"
    "\n"
    "@scenario(rps=20, duration=\"1m\", ramp_up=\"10s\", thresholds={\"p99_ms\": 500, "
    "\"error_rate\": 1})\n"
    "class ExampleFlow(VUser):\n"
    "    def on_start(self, client: LoadClient):\n"
    "        \"\"\"Once for each virtual user: the place to log in.\"\"\"\n"
    "\n"
    "    @task(weight=3)\n"
    "    def health(self, client: LoadClient):\n"
    "        client.get(\"/health\")\n"
    "\n"
    "    def check_health(self, status_code, body):\n"
    "        assert status_code == 200\n"
    "\n"
    "    @task(weight=1)\n"
    "    def root(self, client: LoadClient):\n"
    "        client.get(\"/\")\n";

static const char env_example[] =
    "# Copy to .env: what the paths of scenarios are relative to, unless --target says it.\n"
    "LOADPILOT_TARGET=http://localhost:8000\n";

/* Nothing in it is a secret: both servers can be reached from this machine only. */
static const char compose[] =
    "# Prometheus and Grafana beside runs of `brunt run -o prometheus=:9090 ...`:\n"
    "#\n"
    "#     docker compose -f monitoring/docker-compose.yml up -d\n"
    "#\n"
    "# Then http://127.0.0.1:3000, folder LoadPilot. `brunt lab up` does the same and more.\n"
    "name: loadpilot\n"
    "\n"
    "services:\n"
    "  prometheus:\n"
    "    image: prom/prometheus:v3.5.0\n"
    "    ports: ['127.0.0.1:9091:9090']\n"
    "    extra_hosts: ['host.docker.internal:host-gateway']\n"
    "    configs:\n"
    "      - {source: prometheus, target: /etc/prometheus/prometheus.yml}\n"
    "  grafana:\n"
    "    image: grafana/grafana:11.6.0\n"
    "    ports: ['127.0.0.1:3000:3000']\n"
    "    environment:\n"
    "      GF_AUTH_ANONYMOUS_ENABLED: 'true'\n"
    "      GF_AUTH_ANONYMOUS_ORG_ROLE: Viewer\n"
    "    volumes:\n"
    "      - ./grafana-dashboard.json:/etc/dashboards/loadpilot.json:ro\n"
    "    configs:\n"
    "      - {source: datasources, target: /etc/grafana/provisioning/datasources/prometheus.yml}\n"
    "      - {source: dashboards, target: /etc/grafana/provisioning/dashboards/loadpilot.yml}\n"
    "\n"
    "configs:\n"
    "  prometheus:\n"
    "    content: |\n"
    "      global: {scrape_interval: 2s}\n"
    "      scrape_configs:\n"
    "        - job_name: loadpilot\n"
    "          static_configs:\n"
    "            - targets: ['host.docker.internal:9090']\n"
    "  datasources:\n"
    "    content: |\n"
    "      apiVersion: 1\n"
    "      datasources:\n"
    "        - name: Prometheus\n"
    "          uid: prometheus\n"
    "          type: prometheus\n"
    "          url: http://prometheus:9090\n"
    "          isDefault: true\n"
    "          jsonData: {timeInterval: 2s}\n"
    "  dashboards:\n"
    "    content: |\n"
    "      apiVersion: 1\n"
    "      providers:\n"
    "        - {name: loadpilot, folder: LoadPilot, type: file, options: {path: /etc/dashboards}}\n";

/* NULL text: the dashboard of a run. */
static const struct {
    const char *folder, *path, *text;
} files[] = {
    {"scenarios", "scenarios/example.py", example},
    {NULL, ".env.example", env_example},
    {"monitoring", "monitoring/docker-compose.yml", compose},
    {NULL, "monitoring/grafana-dashboard.json", NULL},
};

struct init_command {
    struct opt_args args;
};

static const struct opt_example examples[] = {
    {"brunt init", "here"},
    {"brunt init loadtests", "in a folder, which is made"},
};

static const struct opt_table table = {
    .name = "brunt init",
    .operands = "[DIR]",
    .summary = "Write an example scenario in Python, its settings, and what shows its runs.",
    .about =
        "Makes scenarios/example.py, .env.example, and Prometheus and Grafana for docker compose "
        "under monitoring/, in DIR, or here. Files that exist are left alone.",
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 1,
    .operand_hint = OPT_HINT_DIR,
};

/* Says what it did; a file that is there is no fault. */
static int make_file(const char *path, struct str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0 && errno == EEXIST) {
        printf("  there   %s\n", path);
        return 0;
    }
    if (fd < 0)
        return fault(-errno, "cannot make '%s': %s", path, strerror(errno));
    close(fd);
    TRY(cli_write_file(path, text));
    printf("  made    %s\n", path);
    return 0;
}

static int make_all(const char *dir)
{
    scoped(buf_fini) struct buf board = {0};

    TRY(board_json(board_find(STR("live")), &(struct board_form){.dialect = DIALECT_PROMETHEUS},
                   &board));
    TRY(file_make_folder(dir, 0755));
    for (size_t i = 0; i < countof(files); i++) {
        scoped(freep) char *path = xasprintf("%s/%s", dir, files[i].path);

        if (files[i].folder) {
            scoped(freep) char *folder = xasprintf("%s/%s", dir, files[i].folder);

            TRY(file_make_folder(folder, 0755));
        }
        TRY(make_file(path, files[i].text ? str_of(files[i].text) : buf_str(&board)));
    }
    printf("\nNow: brunt run %s/%s --target URL\n", dir, files[0].path);
    return 0;
}

static int run_init(int argc, char **argv)
{
    struct init_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
        c.args = (struct opt_args){0};
    } else if (r == 0) {
        r = make_all(c.args.n_operands ? c.args.operands[0] : ".");
    }
    opt_args_fini(&c.args);
    return r;
}

const struct command cmd_init = {
    .name = "init",
    .help = "write an example scenario in Python",
    .run = run_init,
    .options = &table,
};
