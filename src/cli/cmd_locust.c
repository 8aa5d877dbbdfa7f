/*
 * brunt locust: `brunt run` with Locust's command line. It finds the locustfile, puts brunt's own
 * options (behind `--`) before it and Locust's after it, and hands that on; Python reads Locust's
 * part, because a locustfile may add to it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/cmd_run.h"
#include "cli/command.h"
#include "cli/locust_options.h"
#include "locust/locust_conf.h"
#include "run/run.h"

/* Of Locust's API that py/locust has. */
#define LOCUST_VERSION "2.47.0"

enum {
    CONF_BYTES_MAX = 1 << 20,
    SCRIPT_BYTES_MAX = 16 << 20,
    DEPTH_MAX = 16, /* folders in folders */
};

struct locust_command {
    int n_locust; /* arguments before `--`, argv[1..n_locust] */
    int argc;
    char **argv;
    char *files;         /* as -f has them */
    bool files_are_args; /* they stand on the command line */
    char *first;         /* the file that is run */
    char *temporary;     /* what standard input was written to */
    char **to;           /* of `brunt run`, each its own; NULL-ended */
    size_t n_to, cap_to;
};

static void command_fini(struct locust_command *c)
{
    if (c->temporary)
        unlink(c->temporary);
    free(c->temporary);
    free(c->files);
    free(c->first);
    for (size_t i = 0; i < c->n_to; i++)
        free(c->to[i]);
    free(c->to);
}

/* ---- which files ---- */

/* The value of an option as it may be written, or NULL; looks at argv[*at] and maybe the next. */
static const char *value_at(const struct locust_command *c, int *at, char letter, const char *name)
{
    const char *arg = c->argv[*at];
    size_t n = strlen(name);

    if (strncmp(arg, "--", 2) == 0 && strncmp(arg + 2, name, n) == 0) {
        if (arg[2 + n] == '=')
            return arg + 3 + n;
        return arg[2 + n] == '\0' && *at < c->n_locust ? c->argv[++*at] : NULL;
    }
    if (!letter || arg[0] != '-' || arg[1] != letter)
        return NULL;
    if (arg[2])
        return arg + (arg[2] == '=' ? 3 : 2);
    return *at < c->n_locust ? c->argv[++*at] : NULL;
}

/* The last of them counts. */
static const char *argument(const struct locust_command *c, char letter, const char *name)
{
    const char *found = NULL;

    for (int i = 1; i <= c->n_locust; i++) {
        const char *value = value_at(c, &i, letter, name);

        found = value ? value : found;
    }
    return found;
}

/* The key `locustfile` of a file of settings replaces *files; a file that is not there says
 * nothing. */
static void look_in(const char *path, char **files)
{
    struct buf text = BUF_INIT(CONF_BYTES_MAX + (1 << 16));
    enum locust_conf_form form =
        str_ends(str_of(path), STR(".toml")) ? LOCUST_CONF_TOML : LOCUST_CONF_PLAIN;
    struct str value;

    if (cli_read_file(path, &text) == 0 &&
        locust_conf_get(buf_str(&text), form, STR("locustfile"), &value) && value.n) {
        free(*files);
        *files = xstrndup(value.p, value.n);
    }
    fault_clear();
    buf_fini(&text);
}

static void look_in_settings(struct locust_command *c)
{
    const char *home = cli_env(NULL, "HOME"), *config = argument(c, 0, "config");
    scoped(freep) char *own = xasprintf("%s/.locust.conf", home ? home : "");

    look_in(own, &c->files);
    look_in("locust.conf", &c->files);
    look_in("pyproject.toml", &c->files);
    if (config)
        look_in(config, &c->files);
}

/* From the weakest word on it to the strongest. */
static void find_files(struct locust_command *c)
{
    const char *env = cli_env(NULL, "LOCUST_LOCUSTFILE");
    const char *given = argument(c, 'f', "locustfile");

    look_in_settings(c);
    if (given || (env && env[0])) {
        free(c->files);
        c->files = xstrdup(given ? given : env);
    }
    c->files_are_args = given != NULL;
    if (!c->files)
        c->files = xstrdup(access("locustfile.py", F_OK) < 0 && access("locustfile", F_OK) == 0
                               ? "locustfile"
                               : "locustfile.py");
}

/* ---- the first of them ---- */

static int is_shown(const struct dirent *d)
{
    return d->d_name[0] != '.' && d->d_name[0] != '_';
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static char *first_within(const char *folder, int depth);

static char *first_of(const char *path, int depth)
{
    if (is_folder(path))
        return depth < DEPTH_MAX ? first_within(path, depth + 1) : NULL;
    return str_ends(str_of(path), STR(".py")) ? xstrdup(path) : NULL;
}

/* Files of the folder itself before those of folders in it. */
static char *first_within(const char *folder, int depth)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_shown, alphasort);
    char *found = NULL;

    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < n && !found; i++) {
            scoped(freep) char *path = xasprintf("%s/%s", folder, entries[i]->d_name);

            if (is_folder(path) == (pass == 1))
                found = first_of(path, depth);
        }
    }
    for (int i = 0; i < n; i++)
        free(entries[i]);
    if (n >= 0)
        free(entries);
    return found;
}

/* Each worker reads the script, so that it has to be a file. */
static int take_stdin(struct locust_command *c)
{
    scoped(buf_fini) struct buf text = BUF_INIT(SCRIPT_BYTES_MAX);
    const char *folder = cli_env(NULL, "TMPDIR");
    char *path = xasprintf("%s/locustfile-XXXXXX.py", folder && folder[0] ? folder : "/tmp");
    int fd = mkstemps(path, 3);

    if (fd < 0) {
        int r = fault(-errno, "-f -: cannot make the file %s: %m", path);

        free(path);
        return r;
    }
    close(fd);
    c->temporary = path;
    TRY(cli_read_file("-", &text));
    TRY(cli_write_file(path, buf_str(&text)));
    c->first = xstrdup(path);
    return 0;
}

static int find_first(struct locust_command *c)
{
    struct str rest = str_of(c->files), part;

    if (strcmp(c->files, "-") == 0)
        return take_stdin(c);
    while (rest.n && !c->first && str_split(&rest, ',', &part)) {
        scoped(freep) char *path = xstrndup(str_trim(part).p, str_trim(part).n);

        if (strstr(path, "://"))
            return fault(FAULT_EXIT(1), "-f %s: fetch it into a file first, and read it", path);
        if (access(path, R_OK) < 0)
            return fault(FAULT_EXIT(1),
                         "-f: cannot read '%s': %m; name the locustfile with -f FILE", path);
        c->first = first_of(path, 0);
    }
    if (!c->first)
        return fault(FAULT_EXIT(1), "-f %s: there is no file in it that ends in .py", c->files);
    return 0;
}

/* ---- the command line of `brunt run` ---- */

static void add(struct locust_command *c, const char *word)
{
    vec_push(c->to, c->n_to, c->cap_to) = xstrdup(word);
}

static bool shows_brunts(const struct locust_command *c)
{
    const char *summary = cli_env(NULL, "BRUNT_SUMMARY");
    bool found = summary && strcmp(summary, "brunt") == 0;

    for (int i = c->n_locust + 2; i < c->argc; i++) {
        if (strncmp(c->argv[i], "--summary=", 10) == 0)
            found = strcmp(c->argv[i] + 10, "brunt") == 0;
        else if (strcmp(c->argv[i], "--summary") == 0 && i + 1 < c->argc)
            found = strcmp(c->argv[i + 1], "brunt") == 0;
    }
    return found;
}

/* --processes is --workers, which has to be known before the file is read. */
static void add_workers(struct locust_command *c)
{
    const char *given = argument(c, 0, "processes"), *env = cli_env(NULL, "LOCUST_PROCESSES");
    int64_t n = 0;

    if (!str_i64(str_of(given ? given : env), &n) || n == 0)
        return; /* Python says what is wrong with it */
    scoped(freep) char *word =
        xasprintf("--workers=%lld", n > 0 ? (long long)n : (long long)run_processors());

    add(c, word);
}

static void put_together(struct locust_command *c)
{
    add(c, "run");
    if (!shows_brunts(c)) {
        add(c, "--quiet");
        add(c, "--summary-mode=disabled");
    }
    add_workers(c);
    for (int i = c->n_locust + 2; i < c->argc; i++)
        add(c, c->argv[i]);
    add(c, c->first);
    add(c, "--");
    add(c, "--brunt-locust");
    if (!c->files_are_args) {
        add(c, "-f");
        add(c, c->files);
    }
    for (int i = 1; i <= c->n_locust; i++)
        add(c, c->argv[i]);
    vec_push(c->to, c->n_to, c->cap_to) = NULL;
    c->n_to--;
}

/* ---- the command ---- */

static bool has(const struct locust_command *c, const char *brief, const char *name)
{
    for (int i = 1; i <= c->n_locust; i++) {
        if (strcmp(c->argv[i], brief) == 0 || strcmp(c->argv[i], name) == 0)
            return true;
    }
    return false;
}

static int run(struct locust_command *c)
{
    if (has(c, "-h", "--help"))
        return cli_help(&locust_options, &(struct opt_args){0});
    if (has(c, "-V", "--version")) {
        printf("locust %s from brunt %s\n", LOCUST_VERSION, BRUNT_VERSION);
        return 0;
    }
    find_files(c);
    TRY(find_first(c));
    put_together(c);
    return cmd_run_as(RUN_STYLE_LOCUST, (int)c->n_to, c->to);
}

static int run_locust(int argc, char **argv)
{
    struct locust_command c = {.argc = argc, .argv = argv, .n_locust = argc - 1};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            c.n_locust = i - 1;
            break;
        }
    }
    int r = run(&c);

    command_fini(&c);
    return r;
}

const struct command cmd_locust = {
    .name = "locust",
    .help = "run a locustfile with Locust's command line",
    .run = run_locust,
    .options = &locust_options,
};
