/* `brunt target`: starts the demo target, or lists its routes. */
#include <stdio.h>

#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "target/target.h"

struct settings {
    struct target_options target;
    int64_t threads, seed;
    const char *io;
    bool list;
};

#define AT(field) offsetof(struct settings, field)

/* clang-format off */
static const struct opt_row rows[] = {
    {.name = "listen", .short_name = 'l', .type = OPT_STRING, .offset = AT(target.listen), .value_name = "ADDRESS:PORT",
     .env = "BRUNT_TARGET_LISTEN", .help = "where to listen; port 0 is a free one (default 127.0.0.1:8080)"},
    {.name = "threads", .short_name = 't', .type = OPT_INT, .offset = AT(threads), .min = 1, .max = 16,
     .help = "threads that answer (default: one per processor)"},
    {.name = "io", .type = OPT_STRING, .offset = AT(io), .values = cli_io_values,
     .help = "how to talk to the kernel: epoll, io_uring, or auto (the default): io_uring where it is allowed, else epoll"},
    {.name = "tls", .type = OPT_FLAG, .offset = AT(target.tls), .help = "speak HTTPS, with a certificate made on the spot"},
    {.name = "seed", .type = OPT_INT, .offset = AT(seed), .help = "make random delays and failures repeatable"},
    {.name = "slowness", .type = OPT_NUMBER, .offset = AT(target.slowness), .min = 0.001, .max = 1000, .value_name = "FACTOR",
     .help = "stretch or shorten delays that are simulated: /slow, /jobs, /v1, /svc, ... (default 1)"},
    {.name = "list", .type = OPT_FLAG, .offset = AT(list), .help = "print the routes, and end"},
};
/* clang-format on */

static const struct opt_example examples[] = {
    {"brunt target --listen 127.0.0.1:8080", "serves on one port until Ctrl-C"},
    {"brunt run -e BASE_URL=http://127.0.0.1:8080 examples/checkout.js",
     "shops there, from another terminal"},
    {"brunt target --seed 7 --slowness 0.1", "the same answers in every run, ten times as fast"},
};

static const struct opt_table table = {
    .name = "brunt target",
    .summary =
        "Start a server to test against: a demo shop, a chat API, services that fail, a cloud "
        "that bills, a toy API, an httpbin, and misbehaviour on demand.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
};

static int print(void (*put)(struct buf *out))
{
    scoped(buf_fini) struct buf out = {0};

    put(&out);
    fputs(buf_cstr(&out), stdout);
    return 0;
}

static void put_help(struct buf *out)
{
    opt_help(&table, 0, out);
}

static int run(int argc, char **argv)
{
    struct settings s = {0};
    scoped(opt_args_fini) struct opt_args args = {0};
    int r = opt_parse(&table, &s, argc, argv, &args);

    if (r == OPT_E_HELP)
        return print(put_help);
    TRY(r);
    if (s.list)
        return print(target_list);
    s.target.n_threads = (int)s.threads;
    s.target.io = cli_io(s.io);
    s.target.seed = (uint64_t)s.seed;
    return target_run(&s.target);
}

const struct command cmd_target = {
    .name = "target",
    .help = "start a server to test against",
    .run = run,
    .options = &table,
};
