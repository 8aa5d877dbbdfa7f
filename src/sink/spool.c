/*
 * A spool is a queue of records over numbered segments: the last is written, reading goes from the
 * first on, and one that is read and done is removed. Nothing of a record stays in memory.
 *
 * What a crash can leave, and what opening makes of it:
 *
 *   half a record at the end      cut off: spool_append() had not returned
 *   a record that is done, still  the file "done" is written before segments are removed; ids up to
 *   on disk                       the one in it are passed over
 *   a record delivered, its id    it is sent again, with the same values: delivery is at least once
 *   not yet in "done"
 */
#include "sink/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "sink/spool_priv.h"

enum {
    SEGMENT_BYTES = 16 << 20, /* from here on a new one is begun */
    SEGMENT_MIN_BYTES = 64 << 10,
    SEGMENTS_IN_CAP = 8, /* a small cap has small segments, or done records would fill it */
};

struct segment {
    unsigned number;
    uint64_t size;
};

struct spool {
    char *dir, *name;
    struct about about;
    uint64_t max_bytes, segment_bytes;

    bool is_held; /* the folder is there, and ours; before, nothing below is meant */
    bool has_about;
    struct folder folder;
    struct done_file done;
    struct segment *segments; /* ascending, without gaps in time */
    size_t n_segments, cap_segments;
    uint64_t last_id;
    uint64_t points, bytes, damaged;

    int write_fd; /* the last segment; -1: not open */
    char *write_path;
    size_t read_i; /* the segment being read */
    uint64_t read_at;
    int read_fd; /* segment read_i; -1: not open */
    char *read_path;
    struct buf scratch;
};

static void end_reading(struct spool *s)
{
    if (s->read_fd >= 0)
        close(s->read_fd);
    s->read_fd = -1;
    free(s->read_path);
    s->read_path = NULL;
}

static void end_writing(struct spool *s)
{
    if (s->write_fd >= 0)
        close(s->write_fd);
    s->write_fd = -1;
    free(s->write_path);
    s->write_path = NULL;
}

static void spool_free(struct spool *s)
{
    if (!s)
        return;
    end_reading(s);
    end_writing(s);
    done_close(&s->done);
    folder_close(&s->folder);
    about_fini(&s->about);
    buf_fini(&s->scratch);
    free(s->segments);
    free(s->dir);
    free(s->name);
    free(s);
}

static void spool_freep(struct spool **s)
{
    spool_free(*s);
}

static struct spool *spool_alloc(const char *dir, const char *name, uint64_t max_bytes)
{
    struct spool *s = xnew(struct spool);
    uint64_t part = max_bytes / SEGMENTS_IN_CAP;

    s->dir = xstrdup(dir);
    s->name = xstrdup(name);
    s->max_bytes = max_bytes;
    s->segment_bytes = part > SEGMENT_BYTES       ? SEGMENT_BYTES
                       : part > SEGMENT_MIN_BYTES ? part
                                                  : SEGMENT_MIN_BYTES;
    s->folder = FOLDER_INIT;
    s->done.fd = s->write_fd = s->read_fd = -1;
    return s;
}

/* ---- opening what is there ---- */

/* Cuts off what is behind the last whole record of the segment that will be written on. */
static int cut_tail(struct spool *s, struct segment *last, int fd, const char *path,
                    const struct record_tail *tail)
{
    s->damaged += tail->n_points;
    if (tail->at >= last->size)
        return 0;
    if (ftruncate(fd, (off_t)tail->at) < 0 || fdatasync(fd) < 0)
        return fault(-errno, "cannot cut the torn end off '%s': %m", path);
    last->size = tail->at;
    return 0;
}

static int load_segment(struct spool *s, unsigned number, bool is_last, struct spool_found *found)
{
    scoped(freep) char *path = NULL;
    struct record_tail tail = {0};
    uint64_t size;
    int fd;

    TRY(segment_open(&s->folder, number, is_last ? O_RDWR : O_RDONLY, &fd, &path, &size));
    struct segment *segment = &vec_push(s->segments, s->n_segments, s->cap_segments);

    *segment = (struct segment){number, size};
    int r = segment_walk(fd, path, size, found, &tail);

    if (r == 0 && is_last)
        r = cut_tail(s, segment, fd, path, &tail);
    close(fd);
    return r;
}

static int load_segments(struct spool *s)
{
    scoped(freep) unsigned *numbers = NULL;
    struct spool_found found;
    size_t n = 0;

    TRY(segment_numbers(&s->folder, &numbers, &n));
    found_init(&found, &s->done);
    for (size_t i = 0; i < n; i++)
        TRY(load_segment(s, numbers[i], i + 1 == n, &found));
    s->last_id = found.last_id;
    s->points = found.points;
    s->bytes = found.bytes;
    s->damaged += found.damaged;
    return 0;
}

/* What another run wrote under our name can only be sent as what it is. */
static int check_about(const struct spool *s, const struct about *there)
{
    if (strcmp(there->format, s->about.format) == 0)
        return 0;
    return fault(-EEXIST,
                 "the spool '%s' holds points in the format %s, not %s; send or drop them first "
                 "(brunt spool)",
                 s->folder.path, there->format, s->about.format);
}

static int load_about(struct spool *s)
{
    struct about there = {0};
    int r = about_read(&s->folder, &there);

    s->has_about = r == 0;
    if (r == FOLDER_E_NONE)
        return 0;
    TRY(r);
    if (s->about.format) {
        r = check_about(s, &there);
        about_fini(&there);
        return r;
    }
    s->about = there;
    return 0;
}

static int load(struct spool *s)
{
    TRY(load_about(s));
    TRY(done_open(&s->folder, &s->done));
    TRY(load_segments(s));
    s->is_held = true;
    return 0;
}

static int check_config(const struct spool_config *c)
{
    if (!folder_is_name(c->run) || !folder_is_name(c->label)) {
        return fault(-EINVAL,
                     "a spool cannot be named '%s-%s': letters, digits, '.', '_' and '-' can be",
                     c->run, c->label);
    }
    return 0;
}

int spool_open(const struct spool_config *config, struct spool **ret_spool)
{
    TRY(check_config(config));
    scoped(freep) char *name = xasprintf("%s-%s", config->run, config->label);
    scoped(spool_freep) struct spool *s = spool_alloc(config->dir, name, config->max_bytes);

    s->about = (struct about){.run = xstrdup(config->run),
                              .label = xstrdup(config->label),
                              .format = xstrdup(config->format),
                              .spec = xstrdup(config->spec)};
    int r = folder_open(s->dir, s->name, &s->folder);

    if (r != FOLDER_E_NONE) {
        TRY(r);
        TRY(load(s));
    }
    *ret_spool = take(s);
    return 0;
}

int spool_reopen(const char *dir, const char *name, struct spool **ret_spool)
{
    scoped(spool_freep) struct spool *s = spool_alloc(dir, name, UINT64_MAX);

    TRY(spool_hold(dir, name, &s->folder));
    TRY(load(s));
    *ret_spool = take(s);
    return 0;
}

void spool_close(struct spool *s)
{
    if (s && s->is_held && s->points == 0) {
        end_reading(s);
        end_writing(s);
        done_close(&s->done);
        ignored(folder_remove(&s->folder));
    }
    spool_free(s);
}

/* ---- writing ---- */

/* What could not be read is left as it is, for another attempt and for whoever mends it. */
static int hold(struct spool *s)
{
    TRY(folder_make(s->dir, s->name, &s->folder));
    int r = load(s);

    if (r == 0)
        return 0;
    s->n_segments = 0;
    s->damaged = 0;
    folder_close(&s->folder);
    return r;
}

static int make(struct spool *s)
{
    if (!s->is_held)
        TRY(hold(s));
    if (s->has_about)
        return 0;
    TRY(about_write(&s->folder, &s->about));
    s->has_about = true;
    return 0;
}

static int begin_segment(struct spool *s)
{
    unsigned number = s->n_segments ? s->segments[s->n_segments - 1].number + 1 : 1;
    uint64_t size;

    end_writing(s);
    TRY(segment_open(&s->folder, number, O_RDWR | O_CREAT | O_EXCL, &s->write_fd, &s->write_path,
                     &size));
    vec_push(s->segments, s->n_segments, s->cap_segments) = (struct segment){number, size};
    return folder_sync(&s->folder);
}

static int segment_gone(const struct spool *s)
{
    return fault(-ENOENT, "a segment of the spool '%s' has disappeared", s->folder.path);
}

static int open_for_writing(struct spool *s)
{
    uint64_t size;

    if (s->write_fd >= 0)
        return 0;
    int r = segment_open(&s->folder, s->segments[s->n_segments - 1].number, O_RDWR, &s->write_fd,
                         &s->write_path, &size);

    return r == FOLDER_E_NONE ? segment_gone(s) : r;
}

/* Makes the last segment one that can take more. */
static int ready_segment(struct spool *s)
{
    if (!s->n_segments || s->segments[s->n_segments - 1].size >= s->segment_bytes)
        return begin_segment(s);
    return open_for_writing(s);
}

static int write_at(int fd, const char *path, uint64_t at, struct str s)
{
    while (s.n) {
        ssize_t n = pwrite(fd, s.p, s.n, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fault(n < 0 ? -errno : -EIO, "cannot write '%s': %m", path);
        s = str_from_index(s, (size_t)n);
        at += (uint64_t)n;
    }
    if (fdatasync(fd) < 0)
        return fault(-errno, "cannot write '%s' to disk: %m", path);
    return 0;
}

/*
 * Writes the record in s->scratch. What a failed write left is cut off again; should that fail too,
 * the next record is written over it, and opening passes over what is no record.
 */
static int write_record(struct spool *s)
{
    TRY(ready_segment(s));
    struct segment *last = &s->segments[s->n_segments - 1];
    int r = write_at(s->write_fd, s->write_path, last->size, buf_str(&s->scratch));

    if (r) {
        ignored(ftruncate(s->write_fd, (off_t)last->size));
        return r;
    }
    last->size += s->scratch.len;
    return 0;
}

static uint64_t bytes_on_disk(const struct spool *s)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < s->n_segments; i++)
        sum += s->segments[i].size;
    return sum;
}

static uint64_t record_bytes(const struct batch_view *points)
{
    return RECORD_HEADER_BYTES + 4 * batch_view_points(points) + batch_bytes(points).n;
}

int spool_append(struct spool *s, const struct batch_view *points)
{
    uint64_t n_bytes = record_bytes(points);

    if (n_bytes > s->max_bytes || bytes_on_disk(s) > s->max_bytes - n_bytes)
        return SPOOL_E_FULL;
    TRY(make(s));
    if (bytes_on_disk(s) > s->max_bytes - n_bytes)
        return SPOOL_E_FULL;
    uint64_t id = s->last_id + batch_view_points(points);

    buf_reset(&s->scratch);
    if (record_encode(points, id, &s->scratch)) {
        return fault(-EFBIG, "a batch of %zu points is too large for the spool '%s'",
                     batch_view_points(points), s->folder.path);
    }
    TRY(write_record(s));
    s->last_id = id;
    s->points += batch_view_points(points);
    s->bytes += s->scratch.len;
    return 0;
}

/* ---- reading ---- */

static void forget(struct spool *s, const struct record *r)
{
    uint64_t n_bytes = RECORD_HEADER_BYTES + r->body_bytes;

    s->points -= r->n_points < s->points ? r->n_points : s->points;
    s->bytes -= n_bytes < s->bytes ? n_bytes : s->bytes;
}

static int open_for_reading(struct spool *s)
{
    uint64_t size;

    if (s->read_fd >= 0)
        return 0;
    int r = segment_open(&s->folder, s->segments[s->read_i].number, O_RDONLY, &s->read_fd,
                         &s->read_path, &size);

    return r == FOLDER_E_NONE ? segment_gone(s) : r;
}

/* Finds the record at or behind the place of reading, which stays: 0, SPOOL_E_EMPTY, a fault. */
static int find(struct spool *s, struct record *ret_record)
{
    while (s->read_i < s->n_segments) {
        uint64_t at = s->read_at;
        struct record_tail tail;

        TRY(open_for_reading(s));
        int r = record_next(s->read_fd, s->read_path, s->segments[s->read_i].size, &at, ret_record,
                            &tail);

        if (r != RECORD_E_END)
            return r;
        if (s->read_i + 1 == s->n_segments)
            break;
        end_reading(s);
        s->read_i++;
        s->read_at = 0;
    }
    return SPOOL_E_EMPTY;
}

/* Nothing more can be read: what should be there is not. */
static int find_nothing(struct spool *s)
{
    s->damaged += s->points;
    s->points = s->bytes = 0;
    return SPOOL_E_EMPTY;
}

int spool_peek(struct spool *s, struct batch *ret_batch, uint64_t *ret_id)
{
    batch_reset(ret_batch);
    for (;;) {
        struct record record = {0};
        int r = s->points ? find(s, &record) : SPOOL_E_EMPTY;

        if (r == SPOOL_E_EMPTY)
            return find_nothing(s);
        TRY(r);
        if (record.id <= s->done.id) {
            s->read_at = record_end(&record);
            continue;
        }
        r = record_read(s->read_fd, s->read_path, &record, &s->scratch, ret_batch);
        if (r == 0)
            *ret_id = record.id;
        if (r != RECORD_E_DAMAGED)
            return r;
        s->damaged += record.n_points;
        forget(s, &record);
        s->read_at = record_end(&record);
    }
}

/* ---- done ---- */

/* Removes the first segment, which is not the last. */
static int remove_first(struct spool *s)
{
    char name[SEGMENT_NAME_BYTES];

    segment_name(s->segments[0].number, name);
    if (unlinkat(s->folder.fd, name, 0) < 0 && errno != ENOENT)
        return fault(-errno, "cannot remove '%s/%s': %m", s->folder.path, name);
    s->n_segments--;
    memmove(s->segments, s->segments + 1, s->n_segments * sizeof(*s->segments));
    s->read_i--;
    return 0;
}

/* The last segment has nothing to send any more: it is written from its start again. */
static int empty_last(struct spool *s)
{
    struct segment *last = &s->segments[s->n_segments - 1];

    if (last->size == 0)
        return 0;
    TRY(open_for_writing(s));
    if (ftruncate(s->write_fd, 0) < 0)
        return fault(-errno, "cannot empty '%s': %m", s->write_path);
    last->size = 0;
    s->read_at = 0;
    return 0;
}

static int remove_done(struct spool *s)
{
    while (s->read_i > 0)
        TRY(remove_first(s));
    return s->points == 0 && s->n_segments ? empty_last(s) : 0;
}

/* Moves the place of reading behind all that is done. */
static int pass(struct spool *s)
{
    for (;;) {
        struct record record = {0};
        int r = find(s, &record);

        if (r == SPOOL_E_EMPTY)
            return 0;
        TRY(r);
        if (record.id > s->done.id)
            return 0;
        forget(s, &record);
        s->read_at = record_end(&record);
    }
}

int spool_done(struct spool *s, uint64_t id)
{
    if (!s->is_held || id <= s->done.id)
        return 0;
    TRY(done_write(&s->folder, &s->done, id < s->last_id ? id : s->last_id));
    TRY(pass(s));
    return remove_done(s);
}

/* ---- figures ---- */

uint64_t spool_points(const struct spool *s)
{
    return s->points;
}

uint64_t spool_bytes(const struct spool *s)
{
    return s->bytes;
}

uint64_t spool_damaged(const struct spool *s)
{
    return s->damaged;
}
