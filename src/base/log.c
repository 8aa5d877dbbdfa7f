/*
 * Secrets are blacked out of each text, the line is put together in a buffer of the caller's, and
 * it is written with one call under a lock. Logging is for people: nothing here is on a hot path.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

enum {
    MSG_MAX_BYTES = 512 << 10, /* what is longer is cut */
    VALUE_MAX_BYTES = 32 << 10,
    MSG_COLUMNS = 44, /* the message is padded to this many characters on a terminal */
};

enum shape {
    SHAPE_TERMINAL,
    SHAPE_LOGFMT,
    SHAPE_JSON,
    SHAPE_RAW,
};

struct log {
    struct log_options options;
    enum shape shape;
    wall_ns start;
    int fd; /* -1: nothing is written */
    bool owns_fd;
    pthread_mutex_t lock; /* held while a line is written; of the next two */
    void (*tap)(void *arg, struct str line);
    void *tap_arg;
};

struct line {
    wall_ns at;
    enum log_level level;
    struct str msg;
    struct log_field fields[LOG_FIELDS_MAX]; /* by name */
    size_t n_fields;
};

static const struct {
    const char *name;
    const char *short_name;
    int color;
} levels[] = {
    [LOG_LEVEL_TRACE] = {"trace", "TRAC", 37}, [LOG_LEVEL_DEBUG] = {"debug", "DEBU", 37},
    [LOG_LEVEL_INFO] = {"info", "INFO", 36},   [LOG_LEVEL_WARNING] = {"warning", "WARN", 33},
    [LOG_LEVEL_ERROR] = {"error", "ERRO", 31},
};

static const char *const formats[] = {
    [LOG_FORMAT_TEXT] = "text",
    [LOG_FORMAT_JSON] = "json",
    [LOG_FORMAT_RAW] = "raw",
};

bool log_level_parse(struct str name, enum log_level *ret_level)
{
    if (str_eq_nocase(name, STR("warn")))
        name = STR("warning");
    for (size_t i = 0; i < countof(levels); i++) {
        if (str_eq_nocase(name, str_of(levels[i].name))) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_format_parse(struct str name, enum log_format *ret_format)
{
    for (size_t i = 0; i < countof(formats); i++) {
        if (str_is(name, formats[i])) {
            *ret_format = (enum log_format)i;
            return true;
        }
    }
    return false;
}

/* ---- pieces of a line ---- */

static struct tm local_time(wall_ns at)
{
    time_t seconds = (time_t)(at / NS_PER_S);
    struct tm tm = {0};

    localtime_r(&seconds, &tm);
    return tm;
}

/* RFC 3339 in local time, whole seconds. */
static void put_time(struct buf *out, wall_ns at)
{
    struct tm tm = local_time(at);
    long offset = labs(tm.tm_gmtoff) / 60;
    char text[40];
    size_t n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);

    buf_put(out, text, n);
    if (tm.tm_gmtoff == 0) {
        buf_putc(out, 'Z');
    } else {
        buf_printf(out, "%c%02ld:%02ld", tm.tm_gmtoff < 0 ? '-' : '+', offset / 60, offset % 60);
    }
}

/* The bytes that Go's %q and JSON write as a backslash and a letter. */
static char short_escape(char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *at = c ? strchr(from, c) : NULL;

    if (!at)
        return '\0';
    return to[at - from];
}

static void put_quoted(struct buf *out, struct str s)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        char escape = short_escape(s.p[i]);

        if (escape) {
            buf_putc(out, '\\');
            buf_putc(out, escape);
        } else if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) {
            buf_printf(out, "\\x%02x", (unsigned char)s.p[i]);
        } else {
            buf_putc(out, s.p[i]);
        }
    }
    buf_putc(out, '"');
}

/* As JSON, with the three characters escaped that could end a script element. */
static void put_json(struct buf *out, struct str s)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        char escape = short_escape(c);

        if (escape) {
            buf_putc(out, '\\');
            buf_putc(out, escape);
        } else if ((unsigned char)c < 0x20 || c == '<' || c == '>' || c == '&') {
            buf_printf(out, "\\u%04x", (unsigned char)c);
        } else {
            buf_putc(out, c);
        }
    }
    buf_putc(out, '"');
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = ascii_lower(s.p[i]);

        if (!(c >= 'a' && c <= 'z') && !ascii_digit(c) && (!c || !strchr("-._/@^+", c)))
            return false;
    }
    return true;
}

static void put_value(struct buf *out, struct str s)
{
    if (is_plain(s)) {
        buf_putstr(out, s);
    } else {
        put_quoted(out, s);
    }
}

static size_t count_chars(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

/* ---- the four shapes ---- */

static void put_terminal(struct buf *out, const struct log *log, const struct line *line)
{
    int color = levels[line->level].color;
    int seconds = (int)((line->at - log->start) / NS_PER_S);

    buf_printf(out, "\033[%dm%s\033[0m[%04d] ", color, levels[line->level].short_name, seconds);
    buf_putstr(out, line->msg);
    for (size_t n = count_chars(line->msg); n < MSG_COLUMNS; n++)
        buf_putc(out, ' ');
    for (size_t i = 0; i < line->n_fields; i++) {
        buf_printf(out, " \033[%dm%.*s\033[0m=", color, STR_ARG(line->fields[i].name));
        put_value(out, line->fields[i].value);
    }
}

static void put_logfmt(struct buf *out, const struct log *log, const struct line *line)
{
    (void)log;
    buf_puts(out, "time=\"");
    put_time(out, line->at);
    buf_printf(out, "\" level=%s", levels[line->level].name);
    if (line->msg.n) {
        buf_puts(out, " msg=");
        put_value(out, line->msg);
    }
    for (size_t i = 0; i < line->n_fields; i++) {
        buf_printf(out, " %.*s=", STR_ARG(line->fields[i].name));
        put_value(out, line->fields[i].value);
    }
}

/* The keys of an object are in the order of their names, ours among them. */
static void put_json_line(struct buf *out, const struct log *log, const struct line *line)
{
    (void)log;
    scoped(buf_fini) struct buf time = {0};
    struct log_field all[LOG_FIELDS_MAX + 3];
    size_t n = 0, i_own = 0, i_field = 0;

    put_time(&time, line->at);
    const struct log_field own[] = {
        {STR("level"), str_of(levels[line->level].name)},
        {STR("msg"), line->msg},
        {STR("time"), buf_str(&time)},
    };

    while (i_own < countof(own) || i_field < line->n_fields) {
        bool take_own =
            i_field == line->n_fields ||
            (i_own < countof(own) && str_cmp(own[i_own].name, line->fields[i_field].name) <= 0);

        all[n++] = take_own ? own[i_own++] : line->fields[i_field++];
    }
    for (size_t i = 0; i < n; i++) {
        buf_putc(out, i ? ',' : '{');
        put_json(out, all[i].name);
        buf_putc(out, ':');
        put_json(out, all[i].value);
    }
    buf_putc(out, '}');
}

static void put_raw(struct buf *out, const struct log *log, const struct line *line)
{
    (void)log;
    buf_putstr(out, line->msg);
}

typedef void(shape_fn)(struct buf *out, const struct log *log, const struct line *line);

static shape_fn *const shapes[] = {
    [SHAPE_TERMINAL] = put_terminal,
    [SHAPE_LOGFMT] = put_logfmt,
    [SHAPE_JSON] = put_json_line,
    [SHAPE_RAW] = put_raw,
};

/* ---- writing ---- */

static void write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = write(fd, p, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        p += done;
        n -= (size_t)done;
    }
}

static void emit(struct log *log, struct str line)
{
    pthread_mutex_lock(&log->lock);
    if (log->options.emit) {
        log->options.emit(log->options.emit_arg, line);
    } else {
        write_all(log->fd, line.p, line.n);
    }
    if (log->tap)
        log->tap(log->tap_arg, line);
    pthread_mutex_unlock(&log->lock);
}

/* Keeps the fields that fit, in the order of their names; equal names stay in the caller's. */
static void sort_fields(struct line *line, const struct log_field *fields, size_t n)
{
    for (size_t i = 0; i < n && line->n_fields < LOG_FIELDS_MAX; i++) {
        size_t at = line->n_fields++;

        for (; at > 0 && str_cmp(line->fields[at - 1].name, fields[i].name) > 0; at--)
            line->fields[at] = line->fields[at - 1];
        line->fields[at] = fields[i];
    }
}

static wall_ns wall_of(const struct log_options *o)
{
    return o->wall ? o->wall() : clock_wall();
}

/*
 * The text without secrets, in `a`, and cut to `limit` bytes. Done before anything is escaped: a
 * secret with a quote in it would not be found afterwards.
 */
static struct str safe_text(struct log *log, struct arena *a, struct str text, size_t limit)
{
    scoped(buf_fini) struct buf safe = {0};

    if (text.n > limit)
        text.n = limit;
    return redact_add(log->options.redact, text, &safe) ? STR("(a text too long to log)")
                                                        : arena_str(a, buf_str(&safe));
}

void log_write(struct log *log, enum log_level level, struct str msg,
               const struct log_field *fields, size_t n_fields)
{
    if (!log_wants(log, level))
        return;
    scoped(arena_fini) struct arena texts = {0};
    scoped(buf_fini) struct buf out = {0};
    struct line line = {.at = wall_of(&log->options), .level = level};

    line.msg = safe_text(log, &texts, msg, MSG_MAX_BYTES);
    sort_fields(&line, fields, n_fields);
    for (size_t i = 0; i < line.n_fields; i++)
        line.fields[i].value = safe_text(log, &texts, line.fields[i].value, VALUE_MAX_BYTES);
    shapes[log->shape](&out, log, &line);
    buf_putc(&out, '\n');
    emit(log, buf_str(&out));
}

void log_put_line(struct log *log, struct str text)
{
    scoped(buf_fini) struct buf out = {0};

    if (!log || (log->fd < 0 && !log->options.emit))
        return;
    buf_putstr(&out, text);
    buf_putc(&out, '\n');
    emit(log, buf_str(&out));
}

void log_printf(struct log *log, enum log_level level, const char *fmt, ...)
{
    if (!log_wants(log, level))
        return;
    scoped(buf_fini) struct buf msg = BUF_INIT(MSG_MAX_BYTES);
    va_list args;

    va_start(args, fmt);
    int r = buf_vprintf(&msg, fmt, args);
    va_end(args);
    if (r)
        buf_puts(&msg, "(a message too long to log)");
    log_write(log, level, buf_str(&msg), NULL, 0);
}

/* ---- opening ---- */

static enum shape shape_of(int fd, const struct log_options *o)
{
    if (o->format == LOG_FORMAT_JSON)
        return SHAPE_JSON;
    if (o->format == LOG_FORMAT_RAW)
        return SHAPE_RAW;
    if (o->color == LOG_COLOR_ALWAYS)
        return SHAPE_TERMINAL;
    const char *no_color = getenv("NO_COLOR"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */

    if (o->color == LOG_COLOR_NEVER || (no_color && *no_color))
        return SHAPE_LOGFMT;
    return fd >= 0 && isatty(fd) ? SHAPE_TERMINAL : SHAPE_LOGFMT;
}

struct log *log_new(int fd, const struct log_options *options)
{
    struct log *log = xnew(struct log);

    log->options = *options;
    log->fd = fd;
    log->shape = shape_of(fd, options);
    log->start = wall_of(options);
    pthread_mutex_init(&log->lock, NULL);
    return log;
}

void log_free(struct log *log)
{
    if (!log)
        return;
    if (log->owns_fd)
        close(log->fd);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

void log_set_tap(struct log *log, void (*tap)(void *arg, struct str line), void *arg)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->tap = tap;
    log->tap_arg = arg;
    pthread_mutex_unlock(&log->lock);
}

bool log_wants(const struct log *log, enum log_level level)
{
    return log && level >= log->options.level && (log->fd >= 0 || log->options.emit);
}

/* The part after "file=": PATH[,level=LEVEL]. */
static int open_file(struct str spec, const struct log_options *options, struct log **ret_log)
{
    struct log_options o = *options;
    struct str path = {0}, setting;
    enum log_level level;

    ignored(str_split(&spec, ',', &path));
    while (str_split(&spec, ',', &setting)) {
        struct str name = {0};

        ignored(str_split(&setting, '=', &name));
        if (!str_is(name, "level")) {
            return fault(-EINVAL, "unknown log file setting '%.*s'; there is 'level'",
                         STR_ARG(name));
        }
        if (!log_level_parse(setting, &level))
            return fault(-EINVAL, "unknown log level '%.*s'", STR_ARG(setting));
        o.level = level > o.level ? level : o.level;
    }
    if (!path.n)
        return fault(-EINVAL, "the log output 'file' needs a path: file=PATH");
    scoped(freep) char *name = xstrndup(path.p, path.n);
    int fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return fault(-errno, "cannot open the log file '%s': %m", name);
    *ret_log = log_new(fd, &o);
    (*ret_log)->owns_fd = true;
    return 0;
}

int log_open(const char *output, const struct log_options *options, struct log **ret_log)
{
    static const struct {
        const char *name;
        int fd;
    } streams[] = {{"stderr", STDERR_FILENO}, {"stdout", STDOUT_FILENO}, {"none", -1}};
    struct str spec = str_of(output);

    for (size_t i = 0; i < countof(streams); i++) {
        if (str_is(spec, streams[i].name)) {
            *ret_log = log_new(streams[i].fd, options);
            return 0;
        }
    }
    if (str_starts(spec, STR("file=")))
        return open_file(str_from_index(spec, 5), options, ret_log);
    if (str_is(spec, "loki") || str_starts(spec, STR("loki="))) {
        return fault(-ENOTSUP, "the log output 'loki' is not there yet; use file=PATH and ship "
                               "the file");
    }
    return fault(-EINVAL, "unsupported log output '%s'; there are: stderr, stdout, none, file=PATH",
                 output);
}
