/* brunt generate: a script of one's own from a blueprint. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "lab/lab_config.h"
#include "lab/lab_source.h"

enum {
    ANSWER_BYTES = 128,
};

struct generate {
    const char *engine, *name, *blueprint, *to;
    bool list;
};

#define AT(field) offsetof(struct generate, field)

static const char *const engines[] = {"k6", "artillery", NULL};

static const struct opt_row option_rows[] = {
    {.name = "engine",
     .short_name = 'e',
     .type = OPT_STRING,
     .offset = AT(engine),
     .values = engines,
     .help = "what the script is for (default k6; artillery's files are not read yet)"},
    {.name = "name",
     .short_name = 'n',
     .type = OPT_STRING,
     .offset = AT(name),
     .value_name = "NAME",
     .help = "of the script: letters, digits, - and _"},
    {.name = "blueprint",
     .short_name = 'b',
     .type = OPT_STRING,
     .offset = AT(blueprint),
     .value_name = "BLUEPRINT",
     .help = "what it begins as; asked for on a terminal"},
    {.name = "to",
     .type = OPT_STRING,
     .offset = AT(to),
     .value_name = "DIR",
     .hint = OPT_HINT_DIR,
     .help = "the folder it is written to (default k6/scenarios)"},
    {.name = "list", .type = OPT_FLAG, .offset = AT(list), .help = "print the blueprints, and end"},
};

static const struct opt_example examples[] = {
    {"brunt generate --list", "what there is"},
    {"brunt generate -e k6 -n checkout -b steady-load", "writes k6/scenarios/checkout.js"},
    {"brunt k6 -s checkout.js", "runs it"},
};

static const struct opt_table table = {
    .name = "brunt generate",
    .summary = "Write a k6 script that begins as one of five blueprints.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
};

/* ---- blueprints ---- */

/* "steady-load" of "steady-load.js". */
static struct str name_of(const struct lab_source *s)
{
    return str_from(s->path, str_find(str_of(s->path), '.'));
}

/* The comment that a blueprint begins with. */
static struct str about(const struct lab_source *s)
{
    struct str text = str_of(s->text);

    return str_trim(str_from_index(str_from(text.p, str_find(text, '\n')), 2));
}

static const struct lab_source *find(const char *name)
{
    for (const struct lab_source *s = lab_blueprints; s->path; s++) {
        if (str_is(name_of(s), name))
            return s;
    }
    return NULL;
}

static void put_list(struct buf *out)
{
    for (const struct lab_source *s = lab_blueprints; s->path; s++) {
        struct str name = name_of(s), what = about(s);

        buf_printf(out, "  %-20.*s %.*s\n", STR_ARG(name), STR_ARG(what));
    }
}

static int no_blueprint(const char *name)
{
    scoped(buf_fini) struct buf names = {0};

    for (const struct lab_source *s = lab_blueprints; s->path; s++)
        buf_printf(&names, "%s%.*s", s == lab_blueprints ? "" : ", ", STR_ARG(name_of(s)));
    if (!name)
        return fault(-EINVAL, "say which blueprint with -b: %s", buf_cstr(&names));
    return fault(-ENOENT, "there is no blueprint '%s': %s", name, buf_cstr(&names));
}

/* ---- questions ---- */

static bool can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static bool ask(const char *question, char answer[ANSWER_BYTES])
{
    fprintf(stderr, "%s ", question);
    if (!fgets(answer, ANSWER_BYTES, stdin))
        return false;
    answer[strcspn(answer, "\n")] = '\0';
    return true;
}

/* NULL: a fault, in *ret_fault. */
static const struct lab_source *choose(const char *given, int *ret_fault)
{
    scoped(buf_fini) struct buf list = {0};
    char answer[ANSWER_BYTES];

    if (!given && can_ask()) {
        put_list(&list);
        cli_write(STDERR_FILENO, buf_str(&list));
        if (!ask("Which one?", answer)) {
            *ret_fault = fault(-ECANCELED, "nothing was written");
            return NULL;
        }
        given = answer;
    }
    const struct lab_source *source = given ? find(given) : NULL;

    if (!source)
        *ret_fault = no_blueprint(given);
    return source;
}

static int check_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    if (!name[0] || name[strspn(name, allowed)])
        return fault(-EINVAL, "'%s' is no name: letters, digits, - and _", name);
    return 0;
}

/* ---- writing ---- */

static int write_script(const struct generate *g, const char *name, const struct lab_source *source)
{
    const char *folder = g->to ? g->to : "k6/scenarios";
    scoped(freep) char *path = xasprintf("%s/%s.js", folder, name);

    if (access(path, F_OK) == 0)
        return fault(-EEXIST, "'%s' is there already: give another name", path);
    TRY(file_make_folders(folder, 0777));
    TRY(lab_replace_file(path, str_of(source->text), 0644));
    printf("%s\n", path);
    fprintf(stderr, "Run it: brunt k6 -s %s\n", path);
    return 0;
}

static int generate(const struct generate *g)
{
    int r = 0;
    char answer[ANSWER_BYTES];
    const char *name = g->name;

    if (g->engine && strcmp(g->engine, "artillery") == 0) {
        return fault(-ENOTSUP, "Artillery's files are not read yet, so none is written: use -e k6, "
                               "whose blueprints have the same names and load");
    }
    if (!name) {
        if (!can_ask() || !ask("Name of the script:", answer))
            return fault(-EINVAL, "say how it is called: -n NAME");
        name = answer;
    }
    TRY(check_name(name));
    const struct lab_source *source = choose(g->blueprint, &r);

    return source ? write_script(g, name, source) : r;
}

static int list(void)
{
    scoped(buf_fini) struct buf out = {0};

    put_list(&out);
    cli_write(STDOUT_FILENO, buf_str(&out));
    return 0;
}

static int run(int argc, char **argv)
{
    struct generate g = {0};
    scoped(opt_args_fini) struct opt_args args = {0};
    int r = opt_parse(&table, &g, argc, argv, &args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &args);
        args = (struct opt_args){0};
        return r;
    }
    TRY(r);
    return g.list ? list() : generate(&g);
}

const struct command cmd_generate = {
    .name = "generate",
    .help = "write a k6 script that begins as a blueprint",
    .run = run,
    .options = &table,
};
