/* Terminals, files and faults, as every command meets them. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/opt.h"

int cli_fault(int code)
{
    fprintf(stderr, "brunt: %s\n", fault_text());
    if (getenv("BRUNT_DEBUG"))
        fprintf(stderr, "%s", fault_trace());
    return fault_exit_code(code);
}

const char *cli_env(void *arg UNUSED, const char *name)
{
    return getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing sets variables */
}

int cli_help(const struct opt_table *table, struct opt_args *args)
{
    struct buf out = {0};

    opt_help(table, cli_columns(STDOUT_FILENO), &out);
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
    opt_args_fini(args);
    return 0;
}

int cli_take_span(void *object, const struct opt_row *row, const char *value)
{
    span_ns span;

    if (duration_parse_strict(str_of(value), &span) || span < 0)
        return fault(-EINVAL, "'%s' is not a duration such as 30s or 5m", value);
    *(span_ns *)((char *)object + row->offset) = span;
    return 0;
}

/* In the order of enum loop_io. */
const char *const cli_io_values[] = {"epoll", "auto", "io_uring", NULL};

enum loop_io cli_io(const char *value)
{
    for (unsigned i = 0; value && cli_io_values[i]; i++) {
        if (strcmp(value, cli_io_values[i]) == 0)
            return (enum loop_io)i;
    }
    return LOOP_IO_AUTO;
}

bool cli_is_terminal(int fd)
{
    const char *term = getenv("TERM");

    return isatty(fd) && !(term && strcmp(term, "dumb") == 0);
}

bool cli_wants_color(int fd)
{
    const char *no = getenv("NO_COLOR");

    return cli_is_terminal(fd) && !(no && no[0]);
}

size_t cli_columns(int fd)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
        return 80;
    return size.ws_col;
}

void cli_write(int fd, struct str s)
{
    ignored(file_write_all(fd, s));
}

static int read_all(int fd, const char *path, struct buf *data)
{
    int r = file_read_all(fd, data);

    if (r == BUF_E_LIMIT)
        return fault(-EFBIG, "'%s' is too large", path);
    return r < 0 ? fault(r, "cannot read '%s': %m", path) : 0;
}

int cli_read_file(const char *path, struct buf *ret_data)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", ret_data);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return fault(-errno, "cannot open '%s': %m", path);
    int r = read_all(fd, path, ret_data);

    close(fd);
    TRY(r);
    return 0;
}

int cli_write_file(const char *path, struct str data)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        return fault(-errno, "cannot write '%s': %m", path);
    int r = file_write_all(fd, data);

    if (r < 0)
        r = fault(r, "cannot write '%s': %m", path);
    close(fd);
    return r;
}
