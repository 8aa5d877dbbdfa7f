/*
 * brunt connection add|list|show|test|remove: the Grafana connections that runs are published to.
 * An action is a row: what it is called, which options go with it, and what it does with the list.
 * Keys come from a file, the environment or the terminal, and are never printed.
 */
#include <errno.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/connection_trial.h"
#include "sink/connection.h"

struct connection_command {
    const char *file;
    const char *endpoint, *username, *key_file, *key_env, *namespace;
    struct opt_list tags;
    bool disabled, json, replace;
    struct opt_args args;
    struct connections list;
    const char *path;
};

#define AT(field) offsetof(struct connection_command, field)

static const struct opt_row rows[] = {
    {.name = "connections",
     .type = OPT_STRING,
     .offset = AT(file),
     .env = "BRUNT_CONNECTIONS",
     .value_name = "FILE",
     .hint = OPT_HINT_FILE,
     .help = "where connections are kept (default ~/.config/brunt/connections.json, or below "
             "XDG_CONFIG_HOME)"},
    {.name = "endpoint",
     .type = OPT_STRING,
     .offset = AT(endpoint),
     .value_name = "URL",
     .help = "with add: the Graphite ingest URL; it ends with /graphite/metrics"},
    {.name = "username",
     .type = OPT_STRING,
     .offset = AT(username),
     .value_name = "NUMBER",
     .help = "with add: the Graphite instance's number"},
    {.name = "api-key-file",
     .type = OPT_STRING,
     .offset = AT(key_file),
     .value_name = "FILE",
     .hint = OPT_HINT_FILE,
     .help = "with add: read the access token from a file now (- is standard input); without this "
             "and --api-key-env it is asked for on the terminal"},
    {.name = "api-key-env",
     .type = OPT_STRING,
     .offset = AT(key_env),
     .value_name = "NAME",
     .help = "with add: the token stays in this variable of the environment, and is fetched when "
             "it is needed"},
    {.name = "default-tag",
     .type = OPT_LIST,
     .offset = AT(tags),
     .value_name = "KEY:VALUE",
     .help = "with add: a tag for every point; may be given several times"},
    {.name = "namespace",
     .type = OPT_STRING,
     .offset = AT(namespace),
     .value_name = "NAME",
     .help = "with add: what metric names begin with (default lp.run_results)"},
    {.name = "disabled",
     .type = OPT_FLAG,
     .offset = AT(disabled),
     .help = "with add: do not publish runs to it unasked"},
    {.name = "replace",
     .type = OPT_FLAG,
     .offset = AT(replace),
     .help = "with add: in place of the connection that has the name"},
    {.name = "json", .type = OPT_FLAG, .offset = AT(json), .help = "with list: print it as JSON"},
};

static const struct opt_example examples[] = {
    {"brunt connection add prod --endpoint https://graphite-prod-1.grafana.net/graphite/metrics "
     "--username 123456",
     "make one; the token is asked for"},
    {"brunt connection add ci --endpoint URL --username 123456 --api-key-env GRAFANA_TOKEN",
     "the token is in the environment of each run"},
    {"brunt connection test prod", "whether the service takes the token"},
    {"brunt connection list", "what there is"},
    {"brunt connection remove prod", "forget it"},
};

static const struct opt_table table = {
    .name = "brunt connection",
    .operands = "add|list|show|test|remove [NAME]",
    .summary = "Grafana connections, to which runs are published as Leapwork Performance does.",
    .about = "A run goes to every enabled connection; -o leapwork=NAME names one. `test` sends an "
             "array without points and says what the server answered.\n\n"
             "Exit codes: 0 it was done, 104 a connection or its file is wrong or incomplete, 255 "
             "anything else.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 2,
};

/* ---- the token ---- */

/* Without echo; the terminal is put back whatever happens but a kill. */
static int ask_key(struct buf *ret_key)
{
    struct termios before, quiet;
    char line[4096];

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before)) {
        return fault(-EINVAL, "there is no terminal to ask for the access token: give "
                              "--api-key-file or --api-key-env");
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    fputs("Access token (is not shown): ", stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    char *got = fgets(line, sizeof(line), stdin);

    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    if (got)
        buf_putstr(ret_key, str_trim(str_of(line)));
    explicit_bzero(line, sizeof(line));
    return ret_key->len ? 0 : fault(FAULT_EXIT(104), "Grafana connection is missing apiKey");
}

static int read_key(const struct connection_command *c, struct buf *ret_key)
{
    scoped(buf_fini) struct buf file = BUF_INIT(1 << 20);

    if (c->key_file && c->key_env)
        return fault(-EINVAL, "give --api-key-file or --api-key-env, not both");
    if (c->key_env) {
        buf_printf(ret_key, "env:%s", c->key_env);
        return 0;
    }
    if (!c->key_file)
        return ask_key(ret_key);
    TRY(cli_read_file(c->key_file, &file));
    buf_putstr(ret_key, str_trim(buf_str(&file)));
    if (file.data)
        explicit_bzero(file.data, file.cap);
    return ret_key->len ? 0 : fault(FAULT_EXIT(104), "the file '%s' is empty", c->key_file);
}

/* ---- actions ---- */

static int find_one(struct connection_command *c, const char *name, struct connection **ret)
{
    *ret = connections_find(&c->list, name);
    if (*ret)
        return 0;
    const char *near =
        c->list.n ? opt_nearest(name, &c->list.items[0].name, c->list.n, sizeof(c->list.items[0]))
                  : NULL;

    return fault(-ENOENT, "there is no connection '%s' in '%s'%s%s%s", name, c->path,
                 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* As the file's reader would have it, so that what is written can be read. */
static int fill(struct connection_command *c, struct connection *one, struct str key)
{
    one->endpoint = c->endpoint;
    one->username = c->username;
    one->namespace = c->namespace && c->namespace[0] ? c->namespace : one->namespace;
    one->enabled = !c->disabled;
    one->api_key = "asked for below";
    TRY(connection_check(one));
    one->api_key = arena_str(&c->list.arena, key).p;
    for (size_t i = 0; i < c->tags.n_items; i++)
        TRY(connection_add_tag(&c->list, one, c->tags.items[i]));
    return 0;
}

static int add(struct connection_command *c, const char *name)
{
    scoped(buf_fini) struct buf key = {0};
    struct connection *old = connections_find(&c->list, name);

    TRY(connection_check_name(name));
    if (old && !c->replace) {
        return fault(-EEXIST,
                     "there is a connection '%s' already; --replace puts this one in its "
                     "place",
                     name);
    }
    if (old)
        connections_remove(&c->list, old);
    struct connection *one = connections_add(&c->list, name);

    /* What is wrong is said before anybody types a token. */
    TRY(fill(c, one, STR("")));
    TRY(read_key(c, &key));
    one->api_key = arena_str(&c->list.arena, buf_str(&key)).p;
    if (key.data)
        explicit_bzero(key.data, key.cap);
    TRY(connections_save(&c->list, c->path));
    printf("connection '%s' is in %s; `brunt connection test %s` tries it\n", name, c->path, name);
    return 0;
}

/* Where the token is, without the token. */
static const char *key_place(const struct connection *one)
{
    if (!one->api_key || !one->api_key[0])
        return "missing";
    if (strncmp(one->api_key, "env:", 4) == 0 || strncmp(one->api_key, "file:", 5) == 0)
        return one->api_key;
    return "stored";
}

static void put_json(const struct connection *one, struct json_out *j)
{
    const struct {
        const char *key, *value;
    } texts[] = {{"name", one->name},         {"provider", "grafana"},
                 {"endpoint", one->endpoint}, {"username", one->username},
                 {"apiKey", key_place(one)},  {"metricNamespace", one->namespace}};

    json_open_object(j);
    for (size_t i = 0; i < countof(texts); i++) {
        json_key(j, texts[i].key);
        json_put_cstr(j, texts[i].value);
    }
    json_key(j, "enabled");
    json_put_bool(j, one->enabled);
    json_key(j, "defaultTags");
    json_open_array(j);
    for (size_t i = 0; i < one->n_default_tags; i++)
        json_put_cstr(j, one->default_tags[i]);
    json_close(j);
    json_close(j);
}

static int list_json(const struct connection_command *c)
{
    struct buf out = {0};
    struct json_out j = JSON_OUT(&out, 2);

    json_open_array(&j);
    for (size_t i = 0; i < c->list.n; i++)
        put_json(&c->list.items[i], &j);
    json_close(&j);
    buf_putc(&out, '\n');
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
    return 0;
}

static int list(struct connection_command *c, const char *name UNUSED)
{
    int columns = 4;

    if (c->json)
        return list_json(c);
    if (!c->list.n) {
        printf("there are no connections in %s\n", c->path);
        return 0;
    }
    for (size_t i = 0; i < c->list.n; i++) {
        int n = (int)strlen(c->list.items[i].name);

        columns = n > columns ? n : columns;
    }
    printf("%-*s  %-8s  %-10s  %s\n", columns, "NAME", "ENABLED", "USERNAME", "ENDPOINT");
    for (size_t i = 0; i < c->list.n; i++) {
        const struct connection *one = &c->list.items[i];

        printf("%-*s  %-8s  %-10s  %s\n", columns, one->name, one->enabled ? "yes" : "no",
               one->username ? one->username : "missing",
               one->endpoint ? one->endpoint : "missing");
    }
    return 0;
}

static int show(struct connection_command *c, const char *name)
{
    scoped(buf_fini) struct buf query = {0};
    struct connection *one;

    TRY(find_one(c, name, &one));
    printf("name        %s\nprovider    Grafana\nenabled     %s\nendpoint    %s\n", one->name,
           one->enabled ? "yes" : "no", one->endpoint ? one->endpoint : "missing");
    if (one->endpoint) {
        connection_query_url(one, &query);
        printf("data source %s\n", buf_cstr(&query));
    }
    printf("username    %s\naccess token %s\nnamespace   %s\n",
           one->username ? one->username : "missing", key_place(one), one->namespace);
    for (size_t i = 0; i < one->n_default_tags; i++)
        printf("tag         %s\n", one->default_tags[i]);
    return 0;
}

static int test(struct connection_command *c, const char *name)
{
    scoped(buf_fini) struct buf said = {0};
    struct connection *one;

    TRY(find_one(c, name, &one));
    TRY(connection_trial(one, &said));
    cli_write(STDOUT_FILENO, buf_str(&said));
    return 0;
}

static int remove_one(struct connection_command *c, const char *name)
{
    struct connection *one;

    TRY(find_one(c, name, &one));
    connections_remove(&c->list, one);
    TRY(connections_save(&c->list, c->path));
    printf("connection '%s' is no longer in %s\n", name, c->path);
    return 0;
}

/* ---- the command ---- */

static const struct action {
    const char *name;
    int (*run)(struct connection_command *c, const char *name);
    bool takes_name;
    const char *options; /* that go with it, beside --connections */
} actions[] = {
    {"add", add, true,
     " endpoint username api-key-file api-key-env default-tag namespace disabled replace "},
    {"list", list, false, " json "},
    {"show", show, true, ""},
    {"test", test, true, ""},
    {"remove", remove_one, true, ""},
};

static int find_action(const char *name, const struct action **ret_action)
{
    for (size_t i = 0; i < countof(actions); i++) {
        if (strcmp(actions[i].name, name) == 0) {
            *ret_action = &actions[i];
            return 0;
        }
    }
    const char *near = opt_nearest(name, &actions[0].name, countof(actions), sizeof(actions[0]));

    return fault(-EINVAL, "'%s' is none of add, list, show, test and remove%s%s%s", name,
                 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int check_usage(const struct connection_command *c, const struct action *a)
{
    for (size_t i = 0; i < countof(rows); i++) {
        scoped(freep) char *word = xasprintf(" %s ", rows[i].name);

        if (rows[i].offset != AT(file) && c->args.given[i] && !strstr(a->options, word))
            return fault(-EINVAL, "--%s does not go with %s", rows[i].name, a->name);
    }
    if (a->takes_name != (c->args.n_operands == 2)) {
        return fault(-EINVAL,
                     a->takes_name ? "%s needs the name of a connection" : "%s takes no name",
                     a->name);
    }
    return 0;
}

static int run_action(struct connection_command *c)
{
    const struct action *a = NULL;

    TRY(find_action(c->args.operands[0], &a));
    TRY(check_usage(c, a));
    c->path = c->file ? c->file : connections_path(&c->list, cli_env, NULL);
    if (!c->path)
        return fault(-ENOENT, "there is no home directory for connections: give --connections");
    TRY(connections_load(&c->list, c->path));
    return a->run(c, a->takes_name ? c->args.operands[1] : NULL);
}

static int run_connection(int argc, char **argv)
{
    struct connection_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        opt_list_fini(&c.tags);
        return cli_help(&table, &c.args);
    }
    if (r == 0)
        r = run_action(&c);
    opt_list_fini(&c.tags);
    opt_args_fini(&c.args);
    connections_fini(&c.list);
    return r;
}

const struct command cmd_connection = {
    .name = "connection",
    .help = "Grafana connections that runs are published to",
    .run = run_connection,
    .options = &table,
};
