/*
 * Every sample as a row, in the format of k6's --out csv: name, time, value, a column for each
 * system tag that is on, all other tags as k=v&k2=v2 in one column. RFC 4180.
 *
 * What stands behind the value is the same for all samples of a tag set: it is made once and
 * copied.
 */
#include "base/duration.h"
#include "base/mem.h"
#include "metric/systag.h"
#include "sink/sample_file.h"
#include "sink/sample_text.h"
#include "sink/sink.h"

#define DEFAULT_FILE "file.csv"

struct csv_options {
    const char *file;
    span_ns save_interval;
    const char *time_format;
};

struct sink_csv {
    struct sink sink;
    struct sample_file *file;
    enum time_format time_format;
    struct str columns[SYSTAG_COUNT]; /* the tags that have one, sorted */
    size_t n_columns;
    struct text_cache tails; /* by tag set */
    struct time_writer time;
};

/* ---- fields ---- */

/* Go's rule, which k6's files follow: also when a space comes first. */
static bool needs_quotes(struct str text)
{
    if (str_is(text, "\\."))
        return true;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == ',' || text.p[i] == '"' || text.p[i] == '\n' || text.p[i] == '\r')
            return true;
    }
    return text.n > 0 && ascii_space(text.p[0]);
}

static void put_field(struct buf *out, struct str text)
{
    if (!needs_quotes(text)) {
        buf_putstr(out, text);
        return;
    }
    buf_putc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            buf_putc(out, '"');
        buf_putc(out, text.p[i]);
    }
    buf_putc(out, '"');
}

static bool is_column(const struct sink_csv *s, struct str key)
{
    for (size_t i = 0; i < s->n_columns; i++) {
        if (str_eq(s->columns[i], key))
            return true;
    }
    return false;
}

static void put_extra_tags(const struct sink_csv *s, const struct tagset *tags, struct buf *out)
{
    struct buf extra = {0};

    for (size_t i = 0; i < tags->n; i++) {
        const struct tag *tag = &tags->tags[i];

        if (is_column(s, tag->key))
            continue;
        if (extra.len)
            buf_putc(&extra, '&');
        buf_putstr(&extra, tag_text(tags, tag->key));
        buf_putc(&extra, '=');
        buf_putstr(&extra, tag_text(tags, tag->value));
    }
    put_field(out, buf_str(&extra));
    buf_fini(&extra);
}

/* All columns behind the value. */
static void make_tail(void *arg, const void *key, struct buf *out)
{
    const struct sink_csv *s = arg;
    const struct tagset *tags = key;

    for (size_t i = 0; i < s->n_columns; i++) {
        struct str value;

        buf_putc(out, ',');
        if (tagset_get(tags, s->columns[i], &value))
            put_field(out, tag_text(tags, value));
    }
    buf_putc(out, ',');
    put_extra_tags(s, tags, out);
    buf_putc(out, ',');
}

static void put_pair(void *arg, struct str key, struct str value)
{
    struct buf *out = arg;

    if (out->len)
        buf_putc(out, '&');
    buf_putstr(out, key);
    buf_putc(out, '=');
    buf_putstr(out, value);
}

static void put_metadata(struct buf *out, const struct sink_sample *sample)
{
    struct buf text = {0};

    sample_metadata(sample, put_pair, &text);
    put_field(out, buf_str(&text));
    buf_fini(&text);
}

/* ---- rows ---- */

/* `vu` and `iter` are no tags and get no column. */
static void choose_columns(struct sink_csv *s, uint32_t system_tags)
{
    system_tags &= ~systag_metadata;
    for (unsigned bit = 0; bit < SYSTAG_COUNT; bit++) {
        size_t at = s->n_columns;

        if (!(system_tags & 1U << bit))
            continue;
        struct str name = systag_name((enum systag)(1U << bit));

        for (; at > 0 && str_cmp(name, s->columns[at - 1]) < 0; at--)
            s->columns[at] = s->columns[at - 1];
        s->columns[at] = name;
        s->n_columns++;
    }
}

static void put_header(const struct sink_csv *s, struct buf *out)
{
    buf_puts(out, "metric_name,timestamp,metric_value");
    for (size_t i = 0; i < s->n_columns; i++) {
        buf_putc(out, ',');
        buf_putstr(out, s->columns[i]);
    }
    buf_puts(out, ",extra_tags,metadata\n");
}

static char *copy(char *at, struct str text)
{
    memcpy(at, text.p, text.n);
    return at + text.n;
}

/* Names of metrics are words: they never need quotes. */
static void put_row(struct sink_csv *s, struct buf *out, const struct sink_sample *sample)
{
    struct str name = str_of(sample->metric->name);
    struct str tail = text_cache_get(&s->tails, sample->tags);

    if (buf_reserve(out, name.n + tail.n + TIME_TEXT_BYTES + FIXED6_TEXT_BYTES + 2))
        return;
    char *at = copy(out->data + out->len, name);

    *at++ = ',';
    at += time_write(&s->time, s->time_format, sample->at, at);
    *at++ = ',';
    at += fixed6_write(sample->value, at);
    at = copy(at, tail);
    out->len = (size_t)(at - out->data);
    if (unlikely(sample_has_metadata(sample)))
        put_metadata(out, sample);
    buf_putc(out, '\n');
}

static void csv_samples(struct sink *sink, const struct sink_sample *samples, size_t n)
{
    struct sink_csv *s = container_of(sink, struct sink_csv, sink);
    struct buf *out = sample_file_buf(s->file);

    if (sample_file_failed(s->file)) {
        sample_file_drop(s->file, n);
        return;
    }
    mono_ns now = clock_mono();
    size_t n_waiting = 0;

    for (size_t i = 0; i < n; i++) {
        put_row(s, out, &samples[i]);
        sample_file_line(s->file, out, &n_waiting, now);
    }
    sample_file_added(s->file, n_waiting, now);
}

/* ---- the sink ---- */

static void csv_account(const struct sink *sink, struct sink_account *ret_account)
{
    sample_file_account(((const struct sink_csv *)sink)->file, ret_account);
}

static int csv_finish(struct sink *sink)
{
    sink->failed |= !sample_file_finish(container_of(sink, struct sink_csv, sink)->file);
    return 0;
}

static void csv_close_sink(struct sink *sink)
{
    struct sink_csv *s = container_of(sink, struct sink_csv, sink);

    text_cache_fini(&s->tails);
    sample_file_close(s->file);
    free(s);
}

static const struct sink_ops csv_ops = {
    .samples = csv_samples,
    .account = csv_account,
    .finish = csv_finish,
    .close = csv_close_sink,
};

/* ---- what it is told ---- */

/* One pair of k6's form, csv=fileName=samples.csv,timeFormat=unix_milli; over what else was told.
 */
static int take_pair(struct csv_options *o, struct arena *arena, struct str pair)
{
    size_t at = str_find(pair, '=');
    struct str key = str_from(pair.p, at), value = str_from_index(pair, at + 1);

    if (at == pair.n) {
        return fault(FAULT_EXIT(104),
                     "csv: \"%.*s\" has no =; write csv=FILE or "
                     "csv=fileName=FILE,timeFormat=unix_milli,saveInterval=1s",
                     STR_ARG(pair));
    }
    if (str_is(key, "fileName") || str_is(key, "file_name")) {
        o->file = arena_str(arena, value).p;
    } else if (str_is(key, "timeFormat") || str_is(key, "time_format")) {
        o->time_format = arena_str(arena, value).p;
    } else if (str_is(key, "saveInterval") || str_is(key, "save_interval")) {
        if (duration_parse(value, &o->save_interval)) {
            return fault(FAULT_EXIT(104), "csv: saveInterval=%.*s is no time such as 1s",
                         STR_ARG(value));
        }
    } else {
        return fault(FAULT_EXIT(104),
                     "csv: there is no \"%.*s\"; there are fileName, timeFormat and saveInterval",
                     STR_ARG(key));
    }
    return 0;
}

/* A file name, or k6's pairs. */
static int take_arg(struct csv_options *o, struct arena *arena, struct str arg)
{
    struct str pair;

    if (str_find(arg, '=') == arg.n) {
        if (arg.n)
            o->file = arena_str(arena, arg).p;
        return 0;
    }
    while (str_split(&arg, ',', &pair))
        TRY(take_pair(o, arena, pair));
    return 0;
}

static int open_file(const struct sink_setup *setup, struct arena *arena,
                     enum time_format *ret_format, struct sample_file **ret_file)
{
    struct csv_options o = *(const struct csv_options *)setup->options;

    TRY(take_arg(&o, arena, str_of(setup->arg)));
    if (!time_format_find(str_of(o.time_format), ret_format)) {
        return fault(FAULT_EXIT(104),
                     "csv: there is no time format \"%s\"; there are unix, unix_milli, "
                     "unix_micro, unix_nano, rfc3339 and rfc3339_nano",
                     o.time_format);
    }
    struct sample_file_config config = {.path = o.file,
                                        .label = setup->label,
                                        .flush = o.save_interval,
                                        .say = setup->say,
                                        .say_arg = setup->say_arg};

    TRY(sample_file_open(&config, ret_file));
    return 0;
}

static int csv_open(const struct sink_setup *setup, struct sink **ret_sink)
{
    scoped(arena_fini) struct arena arena = {0};
    struct sample_file *file = NULL;
    enum time_format format = TIME_UNIX;

    TRY(open_file(setup, &arena, &format, &file));
    struct sink_csv *s = xnew(struct sink_csv);

    s->sink = (struct sink){.ops = &csv_ops, .class = setup->class, .label = setup->label};
    s->file = file;
    s->time_format = format;
    s->tails = (struct text_cache){.make = make_tail, .arg = s};
    choose_columns(s, setup->system_tags);
    put_header(s, sample_file_buf(file));
    *ret_sink = &s->sink;
    return 0;
}

static const struct sink_param csv_params[] = {
    {"file", SINK_STRING, offsetof(struct csv_options, file), "K6_CSV_FILENAME", DEFAULT_FILE, NULL,
     "where to write when nothing stands behind the ="},
    {"save_interval", SINK_SPAN, offsetof(struct csv_options, save_interval),
     "K6_CSV_SAVE_INTERVAL", "1s", NULL, "how long a row may wait before it is written"},
    {"time_format", SINK_STRING, offsetof(struct csv_options, time_format), "K6_CSV_TIME_FORMAT",
     "unix", NULL, "unix, unix_milli, unix_micro, unix_nano, rfc3339 or rfc3339_nano"},
};

const struct sink_class sink_csv_class = {
    .name = "csv",
    .summary = "every sample as a row, as k6 writes them",
    .arg = "FILE",
    .example = "csv=samples.csv?time_format=rfc3339_nano",
    .params = csv_params,
    .n_params = countof(csv_params),
    .options_size = sizeof(struct csv_options),
    .open = csv_open,
};
