/* brunt metrics: what a run's measurements are called, in our words and in others'. */
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "vocab/vocab.h"

struct metrics_options {
    const char *vocab;
    bool json;
};

static const struct opt_row rows[] = {
    {.name = "vocab",
     .type = OPT_STRING,
     .offset = offsetof(struct metrics_options, vocab),
     .value_name = "LIST",
     .help = "only these vocabularies: brunt, k6, loadpilot, locust, leapwork"},
    {.name = "json",
     .type = OPT_FLAG,
     .offset = offsetof(struct metrics_options, json),
     .help = "print them as JSON"},
};

static const struct opt_example examples[] = {
    {"brunt metrics", "all vocabularies"},
    {"brunt metrics --vocab locust", "the names that Locust's dashboards ask for"},
    {"brunt run -o 'prometheus?vocab=locust' script.js", "a run that such a dashboard reads"},
};

static const struct opt_table table = {
    .name = "brunt metrics",
    .summary = "List the names under which outputs give measurements.",
    .about = "A vocabulary is a set of names that somebody's dashboards know. Outputs take "
             "?vocab=NAME, or several with commas between them. With ?compat=exact numbers are "
             "computed as the original does, where it is wrong too.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
};

static void put_entry(void *arg, const struct vocab_entry *e)
{
    struct buf *out = arg;

    buf_printf(out, "  %s  (%s%s%s)\n      %s", e->name, e->type, e->unit[0] ? ", " : "", e->unit,
               e->help);
    buf_printf(out, "\n      from %s%s%s\n", e->source, e->labels[0] ? "; labels " : "", e->labels);
}

static void put_member(struct json_out *j, const char *key, const char *value)
{
    json_key(j, key);
    json_put_cstr(j, value);
}

static void json_entry(void *arg, const struct vocab_entry *e)
{
    struct json_out *j = arg;

    json_open_object(j);
    put_member(j, "name", e->name);
    put_member(j, "type", e->type);
    put_member(j, "unit", e->unit);
    put_member(j, "labels", e->labels);
    put_member(j, "source", e->source);
    put_member(j, "help", e->help);
    json_close(j);
}

static void put_text(struct buf *out, uint32_t vocabs)
{
    bool first = true;

    for (enum vocab_id id = 0; id < VOCAB_COUNT; id++) {
        if (!(vocabs >> id & 1))
            continue;
        buf_printf(out, "%s%s\n\n", first ? "" : "\n", vocab_name(id));
        vocab_entries(id, put_entry, out);
        first = false;
    }
}

static void put_json(struct buf *out, uint32_t vocabs)
{
    struct json_out j = JSON_OUT(out, 2);

    json_open_object(&j);
    for (enum vocab_id id = 0; id < VOCAB_COUNT; id++) {
        if (!(vocabs >> id & 1))
            continue;
        json_key(&j, vocab_name(id));
        json_open_array(&j);
        vocab_entries(id, json_entry, &j);
        json_close(&j);
    }
    json_close(&j);
    buf_putc(out, '\n');
}

static int show(const struct metrics_options *options)
{
    uint32_t vocabs = (UINT32_C(1) << VOCAB_COUNT) - 1;
    struct buf out = {0};

    if (options->vocab)
        TRY(vocab_parse(str_of(options->vocab), &vocabs));
    if (options->json) {
        put_json(&out, vocabs);
    } else {
        put_text(&out, vocabs);
    }
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
    return 0;
}

static int metrics_run(int argc, char **argv)
{
    struct metrics_options options = {0};
    struct opt_args args;
    int r = opt_parse(&table, &options, argc, argv, &args);

    if (r == OPT_E_HELP)
        return cli_help(&table, &args);
    TRY(r);
    r = show(&options);
    opt_args_fini(&args);
    return r;
}

const struct command cmd_metrics = {
    .name = "metrics",
    .help = "list the names of measurements, in every vocabulary",
    .run = metrics_run,
    .options = &table,
};
