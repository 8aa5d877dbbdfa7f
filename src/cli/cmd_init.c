/*
 * brunt init [DIR]: the files that a first scenario in Python needs. What is there stays as it is:
 * running it again only adds what is missing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"

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

static const struct {
    const char *folder, *path, *text;
} files[] = {
    {"scenarios", "scenarios/example.py", example},
    {NULL, ".env.example", env_example},
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
    .summary = "Write an example scenario in Python, and a sample of its settings.",
    .about =
        "Makes scenarios/example.py and .env.example in DIR, or here. Files that exist are left "
        "alone.",
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 1,
    .operand_hint = OPT_HINT_DIR,
};

/* Says what it did; a file that is there is no fault. */
static int make_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0 && errno == EEXIST) {
        printf("  there   %s\n", path);
        return 0;
    }
    if (fd < 0)
        return fault(-errno, "cannot make '%s': %s", path, strerror(errno));
    close(fd);
    TRY(cli_write_file(path, str_of(text)));
    printf("  made    %s\n", path);
    return 0;
}

static int make_all(const char *dir)
{
    TRY(file_make_folder(dir, 0755));
    for (size_t i = 0; i < countof(files); i++) {
        scoped(freep) char *path = xasprintf("%s/%s", dir, files[i].path);

        if (files[i].folder) {
            scoped(freep) char *folder = xasprintf("%s/%s", dir, files[i].folder);

            TRY(file_make_folder(folder, 0755));
        }
        TRY(make_file(path, files[i].text));
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
