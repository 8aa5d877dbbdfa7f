/* Turns exchanges into HAR entries, and those into a file or rows of the store. */
#include "cli/run_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/loadtest.h"
#include "metric/exchange.h"
#include "report/har.h"
#include "report/humanize.h"
#include "run/run.h"
#include "store/store.h"

enum {
    TICKS_PER_PUT = 5,
    SHOWN_MAX = 3,    /* failures below the summary */
    URL_COLUMNS = 80, /* of a URL, and of a body's first line, there */
    HAR_LIMIT = 1 << 30,
};

struct run_capture {
    struct loadtest *test;
    void (*put)(void *arg, const struct store_exchange *all, size_t n);
    void *put_arg;
    unsigned n_ticks; /* since the last `put` */
    uint64_t put_version;
};

static int check_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0)
        return fault(-errno, "cannot write '%s' for --har", path);
    close(fd);
    return 0;
}

int run_capture_new(struct loadtest *t, struct run_capture **ret_capture)
{
    if (t->own.har && !t->own.capture)
        return fault(-EINVAL,
                     "--har has nothing to write with --capture off: leave one of them out");
    if (t->own.har)
        TRY(check_file(t->own.har));
    *ret_capture = xnew(struct run_capture);
    (*ret_capture)->test = t;
    return 0;
}

void run_capture_free(struct run_capture *c)
{
    free(c);
}

void run_capture_to(struct run_capture *c,
                    void (*put)(void *arg, const struct store_exchange *all, size_t n), void *arg)
{
    c->put = put;
    c->put_arg = arg;
}

/* ---- rows of the store ---- */

static struct store_exchange row_of(const struct run *run, const struct exchange *x,
                                    struct arena *arena)
{
    struct buf har = BUF_INIT(HAR_LIMIT);
    mono_ns start = run_started_mono(run);
    const char *code = x->error_code ? arena_printf(arena, "%d", x->error_code) : "";

    har_entry(x, &har);
    struct store_exchange row = {
        .kind = x->kind == EXCHANGE_FAILED ? STR("failed") : STR("slow"),
        .name = x->name,
        .method = x->method,
        .url = x->url,
        .status = x->status,
        .error_code = str_of(code),
        .error = x->error,
        .scenario = x->scenario,
        .at = start && x->began > start ? x->began - start : 0,
        .duration = x->duration,
        .har = arena_str(arena, buf_str(&har)),
    };

    buf_fini(&har);
    return row;
}

static void put_all(struct run_capture *c, struct run *run)
{
    struct run_exchanges all;

    c->n_ticks = 0;
    run_exchanges(run, &all);
    if (!c->put || all.version == c->put_version)
        return;
    struct arena arena = {.block_bytes = 256 << 10};
    struct store_exchange *rows = xnew_n(struct store_exchange, all.n);

    for (size_t i = 0; i < all.n; i++)
        rows[i] = row_of(run, all.items[i], &arena);
    c->put(c->put_arg, rows, all.n);
    c->put_version = all.version;
    free(rows);
    arena_fini(&arena);
}

void run_capture_tick(struct run_capture *c, struct run *run)
{
    if (c && ++c->n_ticks >= TICKS_PER_PUT)
        put_all(c, run);
}

/* ---- the file ---- */

static void write_har(const struct run_capture *c, struct run *run)
{
    struct buf text = BUF_INIT(HAR_LIMIT), entry = BUF_INIT(HAR_LIMIT);
    char comment[100] = "";
    struct run_exchanges all;
    struct har har;

    run_exchanges(run, &all);
    if (all.left_out) {
        snprintf(comment, sizeof(comment),
                 "%" PRIu64 " more failed, of further endpoints and errors that have no room here",
                 all.left_out);
    }
    har_begin(&har, &text);
    for (size_t i = 0; i < all.n; i++) {
        buf_reset(&entry);
        har_entries(all.items[i], &entry);
        har_put(&har, buf_str(&entry));
    }
    har_end(&har, str_of(comment));
    if (cli_write_file(c->test->own.har, buf_str(&text)) < 0)
        log_error(c->test->log, "the exchanges are not written: %s", fault_text());
    buf_fini(&entry);
    buf_fini(&text);
}

void run_capture_finish(struct run_capture *c, struct run *run)
{
    if (!c)
        return;
    put_all(c, run);
    if (c->test->own.har)
        write_har(c, run);
}

/* ---- below the summary ---- */

/* The first line of it that says something, without what a terminal would obey. */
static void put_line(struct buf *out, struct str text)
{
    text = str_trim(text);
    text.n = str_find(text, '\n');
    text = str_trim(text);
    for (size_t i = 0, n_columns = 0; i < text.n && n_columns < URL_COLUMNS; n_columns++) {
        size_t n = utf8_length((const unsigned char *)text.p + i, text.n - i);
        /* U+0080 to U+009F are control characters as well. */
        bool is_control = n < 2 ? text.p[i] < ' ' || text.p[i] == 0x7f
                                : n == 2 && (unsigned char)text.p[i] == 0xc2 &&
                                      (unsigned char)text.p[i + 1] < 0xa0;

        if (is_control)
            buf_putc(out, '.');
        else
            buf_put(out, text.p + i, n);
        i += n ? n : 1;
        if (n_columns + 1 == URL_COLUMNS && i < text.n)
            buf_puts(out, "…");
    }
}

/* With the time until there was a connection, which may be all there is. */
static span_ns lasted(const struct exchange *x)
{
    const struct exchange_timings *t = &x->timings;

    return x->duration ? x->duration
                       : t->blocked + (t->dns > 0 ? t->dns : 0) + (t->connect > 0 ? t->connect : 0);
}

static void put_outcome(struct buf *out, const struct exchange *x)
{
    if (x->status)
        buf_printf(out, " → %d after ", x->status);
    else
        buf_puts(out, " → no answer after ");
    humanize(out, (double)lasted(x) / 1e6, CONTAINS_TIME, TIME_UNIT_AUTO);
    if (x->error.n) {
        buf_puts(out, ": ");
        put_line(out, x->error);
    } else if (x->response_body.is_text && x->response_body.data.n) {
        buf_puts(out, ": ");
        put_line(out, x->response_body.data);
    }
}

static void put_failure(struct buf *out, const struct exchange *x, bool colored)
{
    buf_puts(out, colored ? "  \033[31mfirst failure:\033[0m " : "  first failure: ");
    put_line(out, x->method);
    buf_putc(out, ' ');
    put_line(out, x->url);
    put_outcome(out, x);
    buf_putc(out, '\n');
}

/* Whether an earlier one is of the same endpoint and error. */
static bool is_first(const struct run_exchanges *all, size_t i)
{
    const struct exchange *x = all->items[i];

    for (size_t k = 0; k < i; k++) {
        if (all->items[k]->code == x->code && str_eq(all->items[k]->method, x->method) &&
            str_eq(all->items[k]->name, x->name))
            return false;
    }
    return true;
}

void run_capture_show(struct run_capture *c, struct run *run)
{
    const struct plan_options *o = c->test->plan->options;
    bool colored = loadtest_colors(c->test, STDOUT_FILENO);
    struct run_exchanges all;
    struct buf out = {0};
    size_t n = 0;

    if (o->quiet || strcmp(o->summary_mode, "disabled") == 0 || c->test->script->has_handle_summary)
        return;
    run_exchanges(run, &all);
    for (size_t i = 0; i < all.n && all.items[i]->kind == EXCHANGE_FAILED && n < SHOWN_MAX; i++) {
        if (!is_first(&all, i))
            continue;
        put_failure(&out, all.items[i], colored);
        n++;
    }
    if (n)
        buf_putc(&out, '\n');
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
}
