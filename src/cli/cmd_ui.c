/*
 * brunt ui: the page alone, over the runs that were stored, until Ctrl-C. The main thread does
 * nothing but wait for that.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"
#include "cli/ui_server.h"
#include "store/store.h"

struct ui_command {
    const char *store, *listen, *token, *connections;
    bool opens;
    struct opt_args args;
};

#define AT(field) offsetof(struct ui_command, field)

static const struct opt_row rows[] = {
    HISTORY_STORE_ROW(AT(store)),
    {.name = "listen",
     .short_name = 'l',
     .type = OPT_STRING,
     .offset = AT(listen),
     .env = "BRUNT_UI_LISTEN",
     .value_name = "ADDRESS:PORT",
     .help = "where to serve (default " UI_ADDRESS ", a free port when that one is taken); port 0 "
             "is a free one"},
    {.name = "token",
     .type = OPT_STRING,
     .offset = AT(token),
     .env = "BRUNT_UI_TOKEN",
     .value_name = "TOKEN",
     .help = "what the page must show; an address that is not loopback gets one when none is "
             "given"},
    {.name = "open", .type = OPT_FLAG, .offset = AT(opens), .help = "open the page in the browser"},
    {.name = "connections",
     .type = OPT_STRING,
     .offset = AT(connections),
     .env = "BRUNT_CONNECTIONS",
     .value_name = "FILE",
     .hint = OPT_HINT_FILE,
     .help = "where connections are kept (default ~/.config/brunt/connections.json)"},
};

static const struct opt_example examples[] = {
    {"brunt ui --open", "all runs, in the browser"},
    {"brunt ui --store ci.db --listen 127.0.0.1:0", "another history, at a free port"},
    {"brunt ui --listen 0.0.0.0:6460", "for other machines: the URL has a token"},
};

static const struct opt_table table = {
    .name = "brunt ui",
    .summary = "Serve the page over the history of runs: lists, runs, comparisons, trends.",
    .about = "The page shows runs that `brunt run` stores while they run and when they are over. "
             "`brunt run --ui` serves the same page with the run that is under way.\n\n"
             "Exit codes: 0 ended by Ctrl-C, 104 an address that cannot be, 255 anything else.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
};

/* What is wrong with the file is said before anything is served. */
static int check_store(const char *path)
{
    struct store *store = NULL;
    int r = store_open(path, STORE_WRITE, &store);

    if (r == -EACCES || r == -EROFS || r == -EPERM)
        r = store_open(path, STORE_READ, &store);
    store_close(store);
    return r;
}

static int wait_for_end(struct ui_command *c, struct ui_server *server, const sigset_t *signals)
{
    const char *url = ui_server_url(server);
    int got;

    printf("the page is at %s\n", url);
    if (c->opens && !ui_open_browser(url))
        printf("there is no browser to open it in: set BROWSER, or follow the link\n");
    printf("Ctrl-C ends it\n");
    fflush(stdout);
    return sigwait(signals, &got) ? fault(-EIO, "cannot wait for signals: %m") : 0;
}

static int serve(struct ui_command *c)
{
    scoped(freep) char *path = history_path(c->store);
    struct ui_server_config config = {.address = c->listen,
                                      .option = "--listen",
                                      .token = c->token,
                                      .store = path,
                                      .connections = c->connections};
    struct ui_server *server = NULL;
    sigset_t signals;

    TRY(check_store(path));
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    TRY(ui_server_new(&config, &server));
    int r = wait_for_end(c, server, &signals);

    ui_server_free(server);
    return r;
}

static int run_ui(int argc, char **argv)
{
    struct ui_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP)
        return cli_help(&table, &c.args);
    if (r == 0)
        r = serve(&c);
    opt_args_fini(&c.args);
    return r;
}

const struct command cmd_ui = {
    .name = "ui",
    .help = "the page over all stored runs",
    .run = run_ui,
    .options = &table,
};
