/* brunt outputs: where measurements can go, and what each kind can be told. */
#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "sink/sinks.h"

struct outputs_options {
    bool json;
};

static const struct opt_row rows[] = {
    {.name = "json",
     .type = OPT_FLAG,
     .offset = offsetof(struct outputs_options, json),
     .help = "print it as JSON"},
};

static const struct opt_example examples[] = {
    {"brunt outputs", "what there is"},
    {"brunt outputs influxdb", "what it can be told, with defaults and variables"},
    {"brunt run -o prometheus -o json=all.json.gz script.js", "two at once"},
    {"brunt run -o 'influxdb=http://127.0.0.1:8086/k6?label=lab' script.js",
     "a setting behind the ?"},
};

static const struct opt_table table = {
    .name = "brunt outputs",
    .operands = "[NAME]",
    .summary = "List where a run can send its measurements, or the settings of one output.",
    .about =
        "An output is written NAME[=ARGUMENT][?key=value&...] behind -o, any number of times; "
        "values are percent-decoded. A secret may be written env:NAME or file:PATH, so that it "
        "does not stand in the command line. Settings are also taken from variables and from "
        "\"collectors\" of the file that --config names, of which the earlier counts more.\n\n"
        "All outputs know ?label=NAME (its name in messages and accounts), ?vocab=NAME (brunt, "
        "k6, loadpilot, locust, leapwork) and ?compat=exact (the original's way, where it is "
        "wrong too).",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 1,
};

static void put_list(struct buf *out)
{
    for (size_t i = 0; i < n_sink_classes; i++)
        buf_printf(out, "  %-14s %s\n", sink_classes[i]->name, sink_classes[i]->summary);
    buf_puts(out, "\nbrunt outputs NAME tells more.\n");
}

static void put_param(struct buf *out, const struct sink_param *row)
{
    buf_printf(out, "  %s%s", row->key, row->type == SINK_PAIRS ? ".NAME" : "");
    if (row->values)
        buf_printf(out, " = %s", row->values);
    buf_printf(out, "\n      %s", row->help);
    if (row->dflt && row->dflt[0])
        buf_printf(out, " (default: %s)", row->dflt);
    if (row->env)
        buf_printf(out, " [%s]", row->env);
    buf_putc(out, '\n');
}

static void put_class(struct buf *out, const struct sink_class *class)
{
    buf_printf(out, "%s: %s\n\n  -o %s", class->name, class->summary, class->name);
    if (class->arg)
        buf_printf(out, "[=%s]", class->arg);
    if (class->n_params)
        buf_puts(out, "[?key=value&...]");
    buf_printf(out, "\n  -o '%s'\n", class->example);
    for (const char *const *a = class->aliases; a && *a; a++)
        buf_printf(out, "%s%s", a == class->aliases ? "\nAlso called " : ", ", *a);
    if (class->aliases)
        buf_puts(out, ".\n");
    if (class->n_params)
        buf_puts(out, "\nSettings:\n");
    for (size_t i = 0; i < class->n_params; i++)
        put_param(out, &class->params[i]);
}

static void json_string(struct json_out *j, const char *key, const char *value)
{
    json_key(j, key);
    json_put_cstr(j, value);
}

static void json_class(struct json_out *j, const struct sink_class *class)
{
    json_open_object(j);
    json_string(j, "name", class->name);
    json_string(j, "summary", class->summary);
    json_string(j, "argument", class->arg);
    json_string(j, "example", class->example);
    json_key(j, "settings");
    json_open_array(j);
    for (size_t i = 0; i < class->n_params; i++) {
        const struct sink_param *row = &class->params[i];

        json_open_object(j);
        json_string(j, "key", row->key);
        json_string(j, "default", row->dflt);
        json_string(j, "values", row->values);
        json_string(j, "env", row->env);
        json_string(j, "help", row->help);
        json_close(j);
    }
    json_close(j);
    json_close(j);
}

static void put_json(struct buf *out, const struct sink_class *only)
{
    struct json_out j = JSON_OUT(out, 2);

    json_open_array(&j);
    for (size_t i = 0; i < n_sink_classes; i++) {
        if (!only || only == sink_classes[i])
            json_class(&j, sink_classes[i]);
    }
    json_close(&j);
    buf_putc(out, '\n');
}

static int show(const struct outputs_options *options, const struct opt_args *args)
{
    const struct sink_class *class = NULL;
    struct buf out = {0};

    if (args->n_operands) {
        class = sink_class_find(str_of(args->operands[0]));
        if (!class) {
            return fault(-ENOENT, "no output is called \"%s\"; `brunt outputs` lists them",
                         args->operands[0]);
        }
    }
    if (options->json) {
        put_json(&out, class);
    } else if (class) {
        put_class(&out, class);
    } else {
        put_list(&out);
    }
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
    return 0;
}

static int outputs_run(int argc, char **argv)
{
    struct outputs_options options = {0};
    struct opt_args args;
    int r = opt_parse(&table, &options, argc, argv, &args);

    if (r == OPT_E_HELP)
        return cli_help(&table, &args);
    TRY(r);
    r = show(&options, &args);
    opt_args_fini(&args);
    return r;
}

const struct command cmd_outputs = {
    .name = "outputs",
    .help = "list where measurements can be sent",
    .run = outputs_run,
    .options = &table,
};
