/* brunt lab logs: the end of the services' logs, and what comes after it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/actions.h"
#include "cli/cli.h"
#include "cli/lab_containers.h"
#include "lab/lab_native.h"

enum {
    POLL_MS = 200,
    CHUNK_BYTES = 16 << 10,
};

struct logs {
    struct lab_use use;
    bool follow;
    int64_t n_lines;
    struct {
        char *path;
        off_t at;        /* up to here it was printed */
        struct buf rest; /* of a line whose end has not come yet */
    } files[LAB_PROGRAM_COUNT];
    size_t n_shown; /* how many programs have a log */
};

#define AT(field) offsetof(struct logs, field)

static const struct opt_row option_rows[] = {
    LAB_SERVICE_ROW(AT(use)),
    LAB_DIR_ROW(AT(use)),
    {.name = "follow",
     .short_name = 'f',
     .type = OPT_FLAG,
     .offset = AT(follow),
     .help = "go on with what comes, until Ctrl-C"},
    {.name = "lines",
     .short_name = 'n',
     .type = OPT_INT,
     .offset = AT(n_lines),
     .min = 0,
     .max = 100000,
     .help = "how many lines of each (default 20)"},
};

static const struct opt_example examples[] = {
    {"brunt lab logs", "the last 20 lines of each"},
    {"brunt lab logs -s graphite -f", "carbon and graphite-web, as it comes"},
};

static const struct opt_table table = {
    .name = "brunt lab logs",
    .summary = "Print the end of the services' logs.",
    .about = "A line begins with the name of its program when there are several. Logs are files in "
             "the folder log/ of the lab, and stay there when the lab is down.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
};

/* ---- printing ---- */

static void put_lines(const struct logs *l, size_t program, struct str text, struct buf *out)
{
    struct str line;

    while (text.n && str_split(&text, '\n', &line)) {
        if (l->n_shown > 1)
            buf_printf(out, "%-12s | ", lab_programs[program].name);
        buf_putstr(out, line);
        buf_putc(out, '\n');
    }
}

static void print_tail(struct logs *l, size_t program)
{
    scoped(buf_fini) struct buf text = {0};
    scoped(buf_fini) struct buf out = {0};
    struct stat s;

    if (stat(l->files[program].path, &s) == 0)
        l->files[program].at = s.st_size;
    if (l->n_lines)
        lab_tail(l->files[program].path, (size_t)l->n_lines, &text);
    put_lines(l, program, buf_str(&text), &out);
    cli_write(STDOUT_FILENO, buf_str(&out));
}

/* ---- following ---- */

/* Prints the lines that are whole, and keeps what is behind the last of them. */
static void print_whole(struct logs *l, size_t program)
{
    struct buf *rest = &l->files[program].rest;
    scoped(buf_fini) struct buf out = {0};
    size_t end = rest->len;

    while (end && rest->data[end - 1] != '\n')
        end--;
    put_lines(l, program, str_from(rest->data, end), &out);
    buf_drop(rest, end);
    cli_write(STDOUT_FILENO, buf_str(&out));
}

static void print_more(struct logs *l, size_t program)
{
    struct buf *rest = &l->files[program].rest;
    int fd = open(l->files[program].path, O_RDONLY | O_CLOEXEC);
    struct stat s;
    ssize_t n = 1;

    if (fd < 0)
        return;
    if (fstat(fd, &s) == 0 && s.st_size < l->files[program].at)
        l->files[program].at = 0; /* begun anew by a restart */
    while (n > 0 && rest->len < 1 << 20 && buf_reserve(rest, CHUNK_BYTES) == 0) {
        n = pread(fd, rest->data + rest->len, CHUNK_BYTES, l->files[program].at);
        if (n > 0) {
            rest->len += (size_t)n;
            l->files[program].at += n;
        }
        print_whole(l, program);
    }
    close(fd);
}

static void follow(struct logs *l)
{
    for (;;) {
        for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
            if (l->files[i].path)
                print_more(l, i);
        }
        poll(NULL, 0, POLL_MS);
    }
}

/* ---- which ---- */

static int choose(struct logs *l)
{
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        if (!l->use.chosen[lab_programs[i].service])
            continue;
        l->files[i].path = lab_native_log(&l->use.lab, (enum lab_program)i);
        if (access(l->files[i].path, R_OK) == 0) {
            l->n_shown++;
        } else if (!l->follow) {
            free(l->files[i].path);
            l->files[i].path = NULL;
        }
    }
    if (!l->n_shown && !l->follow) {
        return fault(-ENOENT,
                     "there are no logs in '%s/log': `brunt lab up` starts what writes them",
                     l->use.lab.dir);
    }
    return 0;
}

static int show_containers(struct logs *l)
{
    char lines[32];

    snprintf(lines, sizeof(lines), "--tail=%lld", (long long)l->n_lines);
    return lab_containers_each(
        &l->use, (const char *const[]){"logs", lines, l->follow ? "--follow" : NULL, NULL});
}

static int logs(void *object)
{
    struct logs *l = object;

    TRY(lab_use_open(&l->use, LAB_LOOK));
    if (l->use.lab.backend == LAB_COMPOSE)
        return show_containers(l);
    TRY(choose(l));
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        if (l->files[i].path)
            print_tail(l, i);
    }
    if (l->follow)
        follow(l);
    return 0;
}

static int run(int argc, char **argv)
{
    struct logs l = {.n_lines = 20};
    int r = lab_action(&table, &l, &l.use, argc, argv, logs);

    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        free(l.files[i].path);
        buf_fini(&l.files[i].rest);
    }
    return r;
}

const struct command action_lab_logs = {
    .name = "logs",
    .help = "print the end of the services' logs, or follow them",
    .run = run,
    .options = &table,
};
