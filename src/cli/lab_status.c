/* brunt lab status: what runs, where, and whether it answers. */
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/opt.h"
#include "cli/actions.h"
#include "cli/cli.h"
#include "cli/lab_show.h"

enum {
    EXIT_BAD = 1, /* something that was started does not work */
};

struct status {
    struct lab_use use;
    bool json;
};

#define AT(field) offsetof(struct status, field)

static const struct opt_row option_rows[] = {
    LAB_SERVICE_ROW(AT(use)),
    LAB_DIR_ROW(AT(use)),
    {.name = "json", .type = OPT_FLAG, .offset = AT(json), .help = "print it as JSON"},
};

static const struct opt_example examples[] = {
    {"brunt lab status", "a line for each program"},
    {"brunt lab status --json | jq -r '.programs[] | select(.state != \"ready\") | .name'",
     "what does not work"},
};

static const struct opt_table table = {
    .name = "brunt lab status",
    .summary = "Show what of the lab runs, where it listens, and whether it answers.",
    .about = "Ends with 1 when something that was started does not answer or has ended.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
};

static int status(void *object)
{
    struct status *s = object;
    scoped(buf_fini) struct buf out = {0};
    size_t n_bad;

    TRY(lab_use_open(&s->use, LAB_LOOK));
    if (s->json) {
        lab_show_json(&s->use, &out, &n_bad);
    } else {
        lab_show_status(&s->use, &out, &n_bad);
        if (s->use.has_state) {
            buf_putc(&out, '\n');
            lab_show_usage(&s->use, &out);
        }
    }
    cli_write(STDOUT_FILENO, buf_str(&out));
    return n_bad ? EXIT_BAD : 0;
}

static int run(int argc, char **argv)
{
    struct status s = {0};

    return lab_action(&table, &s, &s.use, argc, argv, status);
}

const struct command action_lab_status = {
    .name = "status",
    .help = "show what runs, and whether it answers",
    .run = run,
    .options = &table,
};
