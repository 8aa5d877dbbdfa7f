/*
 * brunt k6: `brunt run` with what a lab knows: its outputs, its target, and the variables of the
 * .env in the current folder. It builds a command line and hands it on, so that everything else is
 * as with `brunt run`, the exit code too.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/lab_show.h"
#include "cli/lab_start.h"
#include "lab/lab_config.h"
#include "lab/lab_dotenv.h"

extern const struct command cmd_run;

struct k6 {
    struct lab_use use;
    const char *scenario, *project;
    bool no_outputs;
    char **argv; /* of `brunt run`, each its own; NULL-ended */
    size_t n_argv, cap_argv;
};

#define AT(field) offsetof(struct k6, field)

static const struct opt_row option_rows[] = {
    {.name = "scenario",
     .short_name = 's',
     .type = OPT_STRING,
     .offset = AT(scenario),
     .value_name = "FILE",
     .hint = OPT_HINT_FILE,
     .help = "the script: a path, or a name in k6/scenarios/"},
    {.name = "project",
     .short_name = 'p',
     .type = OPT_STRING,
     .offset = AT(project),
     .value_name = "DIR",
     .hint = OPT_HINT_DIR,
     .help = "where FILE and .env are looked for (default: here)"},
    {.name = "no-outputs",
     .type = OPT_FLAG,
     .offset = AT(no_outputs),
     .help = "do not feed the lab"},
    LAB_DIR_ROW(AT(use)),
};

static const struct opt_example examples[] = {
    {"brunt k6 -s toy-fast.js", "a scenario, with results in all databases of the lab"},
    {"brunt k6 -s checkout.js -p ~/shop/load", "one of a project, with its .env"},
    {"CONCURRENCY=5 DURATION=10s brunt k6 -s toy-fast.js", "smaller"},
    {"brunt k6 -s checkout.js -- --vus 5 --report out.html", "with more options of `brunt run`"},
};

static const struct opt_table table = {
    .name = "brunt k6",
    .operands = "[-- OPTION...]",
    .summary = "Run a k6 script with the lab's outputs.",
    .about =
        "TARGET_API_URL, CONCURRENCY and DURATION reach the script as __ENV, from the environment "
        "or from the file .env; the address of the lab's own target is used when nobody names one. "
        "Outputs are those of the services that run (`brunt lab up`). What stands behind -- goes "
        "to `brunt run`. It ends with the exit code of the run.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 1000,
};

static void add(struct k6 *k, char *word)
{
    vec_push(k->argv, k->n_argv, k->cap_argv) = word;
}

static void add_copy(struct k6 *k, const char *word)
{
    add(k, xstrdup(word));
}

/* ---- the script ---- */

static char *join(const char *folder, const char *name)
{
    return folder && name[0] != '/' ? xasprintf("%s/%s", folder, name) : xstrdup(name);
}

static int find_script(const struct k6 *k, char **ret_path)
{
    scoped(freep) char *path = join(k->project, k->scenario);
    scoped(freep) char *own =
        xasprintf("%s/k6/scenarios/%s", k->project ? k->project : ".", k->scenario);

    if (access(path, R_OK) == 0) {
        *ret_path = take(path);
    } else if (access(own, R_OK) == 0) {
        *ret_path = take(own);
    } else {
        return fault(-ENOENT, "there is neither '%s' nor '%s'", path, own);
    }
    return 0;
}

/* ---- variables ---- */

static int read_dotenv(const struct k6 *k, struct buf *ret_text)
{
    scoped(freep) char *path = join(k->project, ".env");

    if (access(path, F_OK) != 0)
        return 0;
    return lab_read_file(path, LAB_DOTENV_BYTES_MAX, ret_text);
}

/* The environment counts more than the file, as with Compose. */
static void add_variable(struct k6 *k, const char *name, struct str dotenv, const char *otherwise)
{
    struct lab_dotenv_entry entry;
    const char *value = cli_env(NULL, name);

    if ((!value || !value[0]) && lab_dotenv_find(dotenv, name, &entry))
        value = entry.value;
    if (!value || !value[0])
        value = otherwise;
    if (!value)
        return;
    add_copy(k, "-e");
    add(k, xasprintf("%s=%s", name, value));
}

static int add_variables(struct k6 *k)
{
    scoped(buf_fini) struct buf text = {0};
    scoped(freep) char *target = lab_runs(&k->use, LAB_PROGRAM_TARGET)
                                     ? lab_address(&k->use, LAB_PROGRAM_TARGET)
                                     : xstrdup("http://localhost:5000");

    TRY(read_dotenv(k, &text));
    add_variable(k, "TARGET_API_URL", buf_str(&text), target);
    add_variable(k, "CONCURRENCY", buf_str(&text), NULL);
    add_variable(k, "DURATION", buf_str(&text), NULL);
    return 0;
}

/* ---- outputs ---- */

static void add_outputs(struct k6 *k)
{
    char **all;
    size_t n = lab_outputs(&k->use, &all);

    for (size_t i = 0; i < n; i++) {
        add_copy(k, "-o");
        add(k, all[i]);
    }
    free(all);
    if (!n) {
        fprintf(stderr,
                "no database of the lab in '%s' runs, so none gets results: `brunt lab up`\n",
                k->use.lab.dir);
    }
}

/* ---- the run ---- */

static int build(struct k6 *k, const struct opt_args *args)
{
    char *script = NULL;

    if (!k->scenario)
        return fault(-EINVAL, "say which script: brunt k6 -s FILE");
    TRY(find_script(k, &script));
    add_copy(k, "run");
    int r = add_variables(k);

    if (r == 0 && !k->no_outputs)
        add_outputs(k);
    for (size_t i = 0; i < args->n_operands; i++)
        add_copy(k, args->operands[i]);
    add(k, script);
    add(k, NULL);
    return r;
}

static int start(struct k6 *k, const struct opt_args *args)
{
    TRY(lab_use_open(&k->use, LAB_LOOK));
    TRY(build(k, args));
    return cmd_run.run((int)k->n_argv - 1, k->argv);
}

static int k6_run(int argc, char **argv)
{
    struct k6 k = {.use.lock = -1};
    struct opt_args args = {0};
    int r = opt_parse(&table, &k, argc, argv, &args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &args);
        args = (struct opt_args){0};
    } else if (r == 0) {
        r = start(&k, &args);
    }
    for (size_t i = 0; i < k.n_argv; i++)
        free(k.argv[i]);
    free(k.argv);
    lab_use_close(&k.use);
    opt_args_fini(&args);
    return r;
}

const struct command cmd_k6 = {
    .name = "k6",
    .help = "run a k6 script with the lab's outputs and target",
    .run = k6_run,
    .options = &table,
};
