/* brunt COMMAND: finds the command and turns what it returns into an exit code. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"

extern const struct command cmd_run;
extern const struct command cmd_inspect;
extern const struct command cmd_init;
extern const struct command cmd_ctl;
extern const struct command cmd_metrics;
extern const struct command cmd_outputs;
extern const struct command cmd_show;
extern const struct command cmd_compare;
extern const struct command cmd_report;
extern const struct command cmd_connection;
extern const struct command cmd_publish;
extern const struct command cmd_spool;
extern const struct command cmd_ui;
extern const struct command cmd_history;
extern const struct command cmd_tag;
extern const struct command cmd_rm;
extern const struct command cmd_export;
extern const struct command cmd_import;
extern const struct command cmd_version;
extern const struct command cmd_worker;
extern const struct command cmd_bridge;
extern const struct command cmd_dashboard;
extern const struct command cmd_lab;
extern const struct command cmd_k6;
extern const struct command cmd_locust;
extern const struct command cmd_generate;
extern const struct command cmd_completion;

const struct command *const cli_commands[] = {
    &cmd_run,      &cmd_find,   &cmd_ui,         &cmd_history, &cmd_compare,    &cmd_show,
    &cmd_report,   &cmd_tag,    &cmd_rm,         &cmd_export,  &cmd_import,     &cmd_ctl,
    &cmd_inspect,  &cmd_init,   &cmd_outputs,    &cmd_metrics, &cmd_connection, &cmd_publish,
    &cmd_spool,    &cmd_target, &cmd_dashboard,  &cmd_lab,     &cmd_k6,         &cmd_locust,
    &cmd_generate, &cmd_bridge, &cmd_completion, &cmd_version, &cmd_worker,     NULL,
};

static const char banner[] =
    "brunt runs the load tests you have, on one engine, and tells what really happened.\n";

static void print_help(void)
{
    struct buf out = {0};

    buf_printf(&out, "%s\nUsage: brunt COMMAND [options]\n\nCommands:\n", banner);
    for (size_t i = 0; cli_commands[i] && cli_commands[i]->help; i++)
        buf_printf(&out, "  %-12s %s\n", cli_commands[i]->name, cli_commands[i]->help);
    buf_puts(&out,
             "\nExamples:\n"
             "  brunt run script.js                             run a k6 script\n"
             "  brunt run -u 50 -d 30s script.js                with 50 users for 30 s\n"
             "  brunt run scenario.py --target URL              a LoadPilot scenario in Python\n"
             "  brunt locust -f locustfile.py --headless -u 100 -t 1m\n"
             "                                                  a locustfile, as Locust runs it\n"
             "  brunt run http://127.0.0.1:8080/ -c 50 -d 10s   one URL, no script\n"
             "  brunt find script.js --slo 'http_req_duration p(99)<200'\n"
             "                                                  how much load it holds\n"
             "  brunt target --listen 127.0.0.1:8080            a server to try things on\n"
             "\nbrunt COMMAND --help tells more.\n");
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++)
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[32];
    size_t n = 0;

    for (; cli_commands[n] && n < countof(names); n++)
        names[n] = cli_commands[n]->name;
    const char *near = opt_nearest(name, names, n, sizeof(names[0]));

    fprintf(stderr, "brunt: there is no command '%s'", name);
    if (near)
        fprintf(stderr, "; did you mean '%s'?", near);
    fprintf(stderr, "\n`brunt help` lists them.\n");
    return 255;
}

static int dispatch(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";

    if (strcmp(name, "--version") == 0)
        name = "version";
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        if (argc < 3 || !find(argv[2])) {
            print_help();
            return 0;
        }
        char *help[] = {argv[2], (char[]){"--help"}, NULL};

        return find(argv[2])->run(2, help);
    }
    const struct command *command = find(name);

    if (!command)
        return unknown(name);
    int r = command->run(argc - 1, argv + 1);

    return r < 0 ? cli_fault(r) : r;
}

int main(int argc, char **argv)
{
    /* A reader that went away, and a file at its limit, are told by write(), not by a signal. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    mem_tune();
    int code = dispatch(argc, argv);

    fault_clear();
    return code;
}
