/*
 * brunt spool list|send|drop: what runs could not deliver and left on disk. An action is a row;
 * send and drop take the spools that were named, one after the other, and go on when one fails.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/spool_dir.h"
#include "cli/spool_send.h"
#include "report/humanize.h"

struct spool_command {
    const char *given_dir;
    const char *out;
    bool all, json, quiet;
    span_ns patience;
    struct opt_args args;
    char *dir;
    struct spool_entry *entries;
    size_t n_entries;
};

#define AT(field) offsetof(struct spool_command, field)

#define PATIENCE_DEFAULT (60 * NS_PER_S)

static const struct opt_row rows[] = {
    {.name = "spool-dir",
     .type = OPT_STRING,
     .offset = AT(given_dir),
     .env = "BRUNT_SPOOL_DIR",
     .value_name = "DIR",
     .hint = OPT_HINT_DIR,
     .help = "where spools lie (default ~/.local/state/brunt/spool, or below XDG_STATE_HOME)"},
    {.name = "all", .type = OPT_FLAG, .offset = AT(all), .help = "with send and drop: every spool"},
    {.name = "out",
     .short_name = 'o',
     .type = OPT_STRING,
     .offset = AT(out),
     .value_name = "OUTPUT",
     .help = "with send: another receiver of the same kind than the one that the run was given, "
             "or the same with its token"},
    {.name = "drain-timeout",
     .type = OPT_CALL,
     .offset = AT(patience),
     .value_name = "DURATION",
     .help = "with send: give up when nothing was delivered for so long (default 1m)",
     .call = cli_take_span},
    {.name = "quiet",
     .short_name = 'q',
     .type = OPT_FLAG,
     .offset = AT(quiet),
     .help = "with send: no progress line"},
    {.name = "json", .type = OPT_FLAG, .offset = AT(json), .help = "with list: print it as JSON"},
};

static const struct opt_example examples[] = {
    {"brunt spool list", "what is there, from when, and for which receiver"},
    {"brunt spool send --all", "deliver everything"},
    {"brunt spool send 20261121-1a2b-influxdb", "one spool, by its name in the list"},
    {"brunt spool send RUN-influxdb -o influxdb=http://new-host:8086/k6", "to somewhere else"},
    {"brunt spool drop RUN-influxdb", "delete one; its points are lost"},
};

static const struct opt_table table = {
    .name = "brunt spool",
    .operands = "list|send|drop [NAME...]",
    .summary = "Look at points that could not be delivered, send or delete them.",
    .about =
        "When a receiver is away, a run keeps its points on disk: one spool for each output. What "
        "is left at the end stays there, and the summary says so. `send` delivers it as the run "
        "would have, and a spool that is empty disappears. Tokens are not kept in a spool: send "
        "reads them from the same variables and files that the run had them from, or from --out.\n\n"
        "Exit codes: 0 it was done and nothing is left, 105 interrupted, 255 something is left "
        "or was lost, and the message says why.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 1000,
};

/* ---- list ---- */

static void put_json(const struct spool_command *c, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 2);

    json_open_array(&j);
    for (size_t i = 0; i < c->n_entries; i++) {
        const struct spool_entry *e = &c->entries[i];
        const struct {
            const char *key, *value;
        } texts[] = {{"name", e->name},     {"run", e->run},   {"label", e->label},
                     {"format", e->format}, {"spec", e->spec}, {"trouble", e->trouble}};

        json_open_object(&j);
        for (size_t k = 0; k < countof(texts); k++) {
            json_key(&j, texts[k].key);
            json_put_cstr(&j, texts[k].value);
        }
        json_key(&j, "points");
        json_put_u64(&j, e->points);
        json_key(&j, "bytes");
        json_put_u64(&j, e->bytes);
        json_key(&j, "oldest_ms");
        if (e->oldest) {
            json_put_int(&j, e->oldest / NS_PER_MS);
        } else {
            json_put_null(&j);
        }
        json_key(&j, "busy");
        json_put_bool(&j, e->busy);
        json_close(&j);
    }
    json_close(&j);
    buf_putc(out, '\n');
}

/* "40 s", "3 min", "2 h", "5 d". */
static void put_age(struct buf *out, wall_ns oldest, wall_ns now)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {0, "s"}};
    int64_t age = now > oldest ? (now - oldest) / NS_PER_S : 0;
    size_t i = 0;

    if (!oldest) {
        buf_puts(out, "?");
        return;
    }
    while (age < 2 * units[i].seconds)
        i++;
    buf_printf(out, "%lld %s", (long long)(units[i].seconds ? age / units[i].seconds : age),
               units[i].unit);
}

static void print_entry(const struct spool_entry *e, int name_columns, wall_ns now)
{
    struct buf size = {0}, age = {0};

    humanize(&size, (double)e->bytes, CONTAINS_DATA, TIME_UNIT_AUTO);
    put_age(&age, e->oldest, now);
    if (e->trouble) {
        printf("%-*s  %s\n", name_columns, e->name, e->trouble);
    } else {
        printf("%-*s  %10llu  %8s  %7s  %s%s\n", name_columns, e->name,
               (unsigned long long)e->points, buf_cstr(&size), buf_cstr(&age), e->spec,
               e->busy ? "  (in use)" : "");
    }
    buf_fini(&size);
    buf_fini(&age);
}

static int list(struct spool_command *c)
{
    struct buf out = {0};
    int columns = 4;

    if (c->json) {
        put_json(c, &out);
        cli_write(STDOUT_FILENO, buf_str(&out));
        buf_fini(&out);
        return 0;
    }
    if (!c->n_entries) {
        printf("nothing is waiting in %s\n", c->dir);
        return 0;
    }
    for (size_t i = 0; i < c->n_entries; i++) {
        int n = (int)strlen(c->entries[i].name);

        columns = n > columns ? n : columns;
    }
    printf("%-*s  %10s  %8s  %7s  %s\n", columns, "NAME", "POINTS", "SIZE", "AGE", "OUTPUT");
    for (size_t i = 0; i < c->n_entries; i++)
        print_entry(&c->entries[i], columns, clock_wall());
    return 0;
}

/* ---- send, drop ---- */

static int send_one(struct spool_command *c, const struct spool_entry *e)
{
    struct spool_send how = {
        .dir = c->dir, .out = c->out, .patience = c->patience, .quiet = c->quiet};

    return spool_send(&how, e);
}

static int drop_one(struct spool_command *c, const struct spool_entry *e)
{
    TRY(spool_drop(c->dir, e->name));
    printf("%s: %llu points dropped\n", e->name, (unsigned long long)e->points);
    return 0;
}

typedef int(each_fn)(struct spool_command *c, const struct spool_entry *e);

static const struct spool_entry *find_entry(const struct spool_command *c, const char *name)
{
    for (size_t i = 0; i < c->n_entries; i++) {
        if (strcmp(c->entries[i].name, name) == 0)
            return &c->entries[i];
    }
    return NULL;
}

static int unknown(const struct spool_command *c, const char *name)
{
    const char *near = c->n_entries ? opt_nearest(name, (const char *const *)&c->entries[0].name,
                                                  c->n_entries, sizeof(c->entries[0]))
                                    : NULL;

    return fault(-ENOENT, "there is no spool '%s' in '%s'%s%s%s", name, c->dir,
                 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Names are all looked up before anything happens to any of them. */
static int check_names(const struct spool_command *c)
{
    for (size_t i = 1; i < c->args.n_operands; i++) {
        if (!find_entry(c, c->args.operands[i]))
            return unknown(c, c->args.operands[i]);
    }
    return 0;
}

/* Says what went wrong with one and goes on, but not after a signal. Returns the exit code. */
static int each(struct spool_command *c, each_fn *fn)
{
    size_t n = c->all ? c->n_entries : c->args.n_operands - 1;
    int code = 0;

    if (c->all == (c->args.n_operands > 1))
        return fault(-EINVAL, "%s needs names of spools, or --all", c->args.operands[0]);
    TRY(check_names(c));
    if (n == 0)
        printf("nothing is waiting in %s\n", c->dir);
    for (size_t i = 0; i < n && code != 105; i++) {
        const char *name = c->all ? c->entries[i].name : c->args.operands[i + 1];
        int r = fn(c, find_entry(c, name));

        fflush(stdout);
        if (r)
            code = cli_fault(r);
    }
    return code;
}

static int send_all(struct spool_command *c)
{
    spool_send_prepare();
    return each(c, send_one);
}

static int drop_all(struct spool_command *c)
{
    return each(c, drop_one);
}

/* ---- the command ---- */

static const struct action {
    const char *name;
    int (*run)(struct spool_command *c);
    const char *options; /* that go with it, beside --spool-dir */
} actions[] = {
    {"list", list, " json "},
    {"send", send_all, " all out drain-timeout quiet "},
    {"drop", drop_all, " all "},
};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; i < countof(actions); i++) {
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    }
    return NULL;
}

static int no_action(const char *name)
{
    const char *near = opt_nearest(name, &actions[0].name, countof(actions), sizeof(actions[0]));

    return fault(-EINVAL, "'%s' is none of list, send and drop%s%s%s", name,
                 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int check_options(const struct spool_command *c, const struct action *a)
{
    for (size_t i = 0; i < countof(rows); i++) {
        scoped(freep) char *word = xasprintf(" %s ", rows[i].name);

        if (rows[i].offset != AT(given_dir) && c->args.given[i] && !strstr(a->options, word))
            return fault(-EINVAL, "--%s does not go with %s", rows[i].name, a->name);
    }
    if (a->run == list && c->args.n_operands > 1)
        return fault(-EINVAL, "list takes no names; it shows all spools");
    return 0;
}

static int run_action(struct spool_command *c)
{
    const struct action *a = find_action(c->args.operands[0]);

    if (!a)
        return no_action(c->args.operands[0]);
    TRY(check_options(c, a));
    /* "off" is for runs that are to have none; others may have left some all the same. */
    bool is_off = c->given_dir && strcmp(c->given_dir, "off") == 0;

    TRY(spool_dir(is_off ? NULL : c->given_dir, &c->dir));
    TRY(spool_list(c->dir, &c->entries, &c->n_entries));
    return a->run(c);
}

static int run_spool(int argc, char **argv)
{
    struct spool_command c = {.patience = PATIENCE_DEFAULT};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP)
        return cli_help(&table, &c.args);
    if (r == 0)
        r = run_action(&c);
    opt_args_fini(&c.args);
    spool_entries_free(c.entries, c.n_entries);
    free(c.dir);
    return r;
}

const struct command cmd_spool = {
    .name = "spool",
    .help = "look at points that could not be delivered, send or delete them",
    .run = run_spool,
    .options = &table,
};
