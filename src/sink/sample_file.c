/*
 * Lines gather in a buffer; when it is full, or the oldest line has waited long enough, one write
 * takes all of them. Counts are of samples and are moved when a write is over, so that they are
 * true at any time.
 */
#include "sink/sample_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "proto/content.h"

enum {
    GZIP_BYTES = 1 << 20, /* before gzip: each member starts with nothing known */
};

#define GZIP_FLUSH NS_PER_S /* a member should not be small, either */

struct sample_file {
    struct sample_file_config config;
    const char *path; /* NULL: standard output */
    char *label;
    int fd; /* -1: closed */
    bool is_regular;
    bool is_gzip;
    size_t write_bytes;
    span_ns flush;
    struct buf lines;
    size_t n_lines;   /* with samples */
    mono_ns since;    /* when the first of them came; 0: there are none */
    uint64_t written; /* bytes of the file that are good */
    struct buf packed;
    char trouble[320]; /* complete before `failed` is set */
    struct {
        _Atomic uint64_t produced, acknowledged, dropped, bytes;
        _Atomic bool failed;
    } shared;
};

/* ---- opening ---- */

static bool is_stdout(const char *path)
{
    return !path || !path[0] || strcmp(path, "-") == 0;
}

static int open_path(struct sample_file *f, const char *path)
{
    struct stat st;

    if (is_stdout(path)) {
        f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
        return f->fd < 0 ? fault(FAULT_EXIT(104), "%s: there is no standard output", f->label) : 0;
    }
    f->path = xstrdup(path);
    f->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (f->fd < 0) {
        return fault(FAULT_EXIT(104), "%s: cannot create '%s': %s", f->label, path,
                     strerrordesc_np(errno));
    }
    f->is_regular = fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode);
    f->is_gzip = str_ends(str_of(path), STR(".gz"));
    return 0;
}

static void closep(struct sample_file **f)
{
    sample_file_close(*f);
}

int sample_file_open(const struct sample_file_config *config, struct sample_file **ret)
{
    scoped(closep) struct sample_file *f = xnew(struct sample_file);

    f->fd = -1;
    f->label = xstrdup(config->label);
    f->config = *config;
    TRY(open_path(f, config->path));
    f->write_bytes = f->is_gzip ? GZIP_BYTES : SAMPLE_FILE_BYTES;
    f->flush = f->is_gzip && config->flush < GZIP_FLUSH ? GZIP_FLUSH : config->flush;
    *ret = take(f);
    return 0;
}

void sample_file_close(struct sample_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    buf_fini(&f->lines);
    buf_fini(&f->packed);
    freep(&f->path);
    free(f->label);
    free(f);
}

/* ---- writing ---- */

static void count(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* The lines as a gzip member: they are very much alike, so more effort would save little. Gives 0
 * or an errno. */
static int pack(struct sample_file *f, struct str *ret_bytes)
{
    buf_reset(&f->packed);
    if (content_gzip_fast(buf_str(&f->lines), &f->packed))
        return ENOBUFS;
    *ret_bytes = buf_str(&f->packed);
    return 0;
}

static void tell(const struct sample_file *f)
{
    char text[512];

    if (!f->config.say)
        return;
    snprintf(text, sizeof(text),
             "%s: %s; samples from there on are dropped and counted, the test goes on", f->label,
             f->trouble);
    f->config.say(f->config.say_arg, true, text);
}

static COLD void fail(struct sample_file *f, int error)
{
    snprintf(f->trouble, sizeof(f->trouble), "cannot write %s%s%s: %s", f->path ? "'" : "",
             f->path ? f->path : "standard output", f->path ? "'" : "",
             error == EPIPE ? "nobody reads it any more" : strerrordesc_np(error));
    if (f->is_regular)
        ignored(ftruncate(f->fd, (off_t)f->written));
    atomic_store_explicit(&f->shared.failed, true, memory_order_release);
    tell(f);
}

static void write_lines(struct sample_file *f)
{
    struct str bytes = buf_str(&f->lines);
    int error = f->is_gzip ? pack(f, &bytes) : 0;

    if (!error)
        error = -file_write_all(f->fd, bytes);

    if (error) {
        fail(f, error);
        count(&f->shared.dropped, f->n_lines);
    } else {
        f->written += bytes.n;
        count(&f->shared.acknowledged, f->n_lines);
        count(&f->shared.bytes, bytes.n);
    }
    buf_reset(&f->lines);
    f->n_lines = 0;
    f->since = 0;
}

struct buf *sample_file_buf(struct sample_file *f)
{
    return &f->lines;
}

void sample_file_added(struct sample_file *f, size_t n, mono_ns now)
{
    if (unlikely(sample_file_failed(f))) {
        sample_file_drop(f, n);
        buf_reset(&f->lines);
        return;
    }
    count(&f->shared.produced, n);
    f->n_lines += n;
    if (!f->lines.len)
        return;
    f->since = f->since ? f->since : now;
    if (f->lines.len >= f->write_bytes || now - f->since >= f->flush)
        write_lines(f);
}

void sample_file_drop(struct sample_file *f, size_t n)
{
    count(&f->shared.produced, n);
    count(&f->shared.dropped, n);
}

bool sample_file_failed(const struct sample_file *f)
{
    return atomic_load_explicit(&f->shared.failed, memory_order_acquire);
}

bool sample_file_finish(struct sample_file *f)
{
    if (f->fd < 0)
        return !sample_file_failed(f);
    if (f->lines.len && !sample_file_failed(f))
        write_lines(f);
    int error = close(f->fd) < 0 ? errno : 0;

    f->fd = -1;
    f->is_regular = false;
    if (error && error != EINTR && !sample_file_failed(f))
        fail(f, error);
    return !sample_file_failed(f);
}

void sample_file_account(const struct sample_file *f, struct sink_account *ret_account)
{
    /* Samples that are done were produced before: look at those last. */
    uint64_t acknowledged = atomic_load(&f->shared.acknowledged);
    uint64_t dropped = atomic_load(&f->shared.dropped);
    uint64_t produced = atomic_load(&f->shared.produced);

    *ret_account = (struct sink_account){
        .produced = produced,
        .acknowledged = acknowledged,
        .dropped = dropped,
        .queued = produced - acknowledged - dropped,
        .bytes = atomic_load(&f->shared.bytes),
        .trouble = sample_file_failed(f) ? f->trouble : NULL,
    };
}
