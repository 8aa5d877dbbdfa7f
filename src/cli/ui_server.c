/* Site and server put together; the token that was made goes into the URL, which is printed once.
 */
#include "cli/ui_server.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/ui_connections.h"
#include "web/web_guard.h"
#include "web/web_server.h"
#include "web/web_site.h"

enum {
    THREADS = 4,   /* that answer: enough that a long report delays no list */
    NICENESS = 10, /* of these: a document of a long run costs a processor for a while */
};

struct ui_server {
    struct web_site *site;
    struct web_server *server;
    const char *connections; /* the file; NULL: the default */
    char *url;
};

/* ---- its address ---- */

/* Where others would find it: a wildcard is no place to go to. */
static void put_host(struct buf *out, const char *address)
{
    struct str host = web_host_of(str_of(address));
    char name[256] = "localhost";

    if (!str_is(host, "0.0.0.0") && !str_is(host, "::")) {
        buf_puts(out, address);
        return;
    }
    ignored(gethostname(name, sizeof(name) - 1));
    buf_printf(out, "%s%s", name, strrchr(address, ':'));
}

static void make_url(struct ui_server *u, const char *given_token)
{
    const char *token = web_server_token(u->server);
    struct buf url = {0};

    buf_puts(&url, "http://");
    put_host(&url, web_server_address(u->server));
    buf_putc(&url, '/');
    if (token[0] && !(given_token && given_token[0]))
        buf_printf(&url, "#token=%s", token);
    u->url = buf_take(&url, NULL);
}

/* ---- beginning and end ---- */

static int listen_somewhere(struct ui_server *u, const struct ui_server_config *config)
{
    struct web_server_config web = {
        .address = config->address ? config->address : UI_ADDRESS,
        .option = config->option,
        .token = config->token,
        .token_option = "--ui-token (or BRUNT_UI_TOKEN)",
        .makes_token = true,
        .has_open_files = true,
        .answer = web_site_answer,
        .arg = u->site,
        .n_threads = THREADS,
        .niceness = NICENESS,
    };
    int r = web_server_new(&web, &u->server);

    /* Another page is there already, and nobody asked for this port. */
    if (r == -EADDRINUSE && !config->address) {
        web.address = "127.0.0.1:0";
        r = web_server_new(&web, &u->server);
    }
    return r;
}

int ui_server_new(const struct ui_server_config *config, struct ui_server **ret_server)
{
    struct ui_server *u = xnew(struct ui_server);

    u->connections = config->connections;
    const struct web_site_config site = {
        .store = config->store,
        .live = config->live,
        .live_self = config->live_self,
        .connections = &ui_connection_ops,
        .connections_self = &u->connections,
    };

    u->site = web_site_new(&site);
    int r = listen_somewhere(u, config);

    if (r < 0) {
        ui_server_free(u);
        TRY(r);
    }
    make_url(u, config->token);
    *ret_server = u;
    return 0;
}

void ui_server_free(struct ui_server *u)
{
    if (!u)
        return;
    web_server_free(u->server);
    web_site_free(u->site);
    free(u->url);
    free(u);
}

const char *ui_server_url(const struct ui_server *u)
{
    return u->url;
}

/* ---- the browser ---- */

static const char *env_of(const char *name)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing sets variables */

    return value && value[0] ? value : NULL;
}

static bool has_display(void)
{
    return env_of("DISPLAY") || env_of("WAYLAND_DISPLAY");
}

/* $BROWSER is a list of commands, of which the first counts; xdg-open knows the desktop's. */
static struct str browser(void)
{
    struct str given = str_of(env_of("BROWSER"));

    if (given.n)
        return str_from(given.p, str_find(given, ':'));
    return has_display() ? STR("xdg-open") : (struct str){0};
}

/* In a process group of its own and with no signal blocked: our Ctrl-C is not the browser's. */
static int spawn(char *const argv[], pid_t *ret_pid)
{
    posix_spawnattr_t attr;
    sigset_t none;

    sigemptyset(&none);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    int r = posix_spawn(ret_pid, "/bin/sh", NULL, &attr, argv, environ);

    posix_spawnattr_destroy(&attr);
    return r;
}

/* The shell takes $BROWSER apart and goes on in the background, so that nobody has to wait. */
bool ui_open_browser(const char *url)
{
    struct str command = browser();
    char shell[] = "sh", option[] = "-c";
    pid_t pid;
    int status;

    if (!command.n)
        return false;
    scoped(freep) char *address = xstrdup(url);
    scoped(freep) char *script =
        xasprintf("command -v %.*s >/dev/null || exit 1\n"
                  "%.*s \"$1\" </dev/null >/dev/null 2>&1 &",
                  (int)str_find(command, ' '), command.p, STR_ARG(command));
    char *const argv[] = {shell, option, script, shell, address, NULL};

    if (spawn(argv, &pid))
        return false;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
