/*
 * Reading never trusts a number before its checksum, and after it only within limits: whoever can
 * write the file can also make the checksum right.
 */
#include "sink/spool_record.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"

enum {
    MAGIC = 0x31505342, /* "BSP1" */
    CHECKED_BYTES = 32, /* of the header */
    SEARCH_BYTES = 256 << 10,
};

struct header {
    uint32_t magic, body_bytes;
    uint64_t id;
    uint64_t first_at;
    uint32_t n_points, body_crc, header_crc;
} __attribute__((packed));

_Static_assert(sizeof(struct header) == RECORD_HEADER_BYTES, "the header has no holes");

int record_encode(const struct batch_view *points, uint64_t id, struct buf *out)
{
    size_t n = batch_view_points(points);
    struct str bytes = batch_bytes(points);
    uint32_t begin = points->from ? points->ends[points->from - 1] : 0;

    if (n > RECORD_BODY_MAX / 4 || bytes.n > RECORD_BODY_MAX - 4 * n)
        return RECORD_E_LARGE;
    size_t at = out->len;
    struct header h = {.magic = htole32(MAGIC),
                       .body_bytes = htole32((uint32_t)(4 * n + bytes.n)),
                       .id = htole64(id),
                       .first_at = htole64((uint64_t)points->first_at),
                       .n_points = htole32((uint32_t)n)};

    buf_put(out, &h, sizeof(h));
    for (size_t i = points->from; i < points->to; i++) {
        uint32_t end = htole32(points->ends[i] - begin);

        buf_put(out, &end, sizeof(end));
    }
    buf_putstr(out, bytes);
    h.body_crc = htole32(crc32c(0, out->data + at + sizeof(h), out->len - at - sizeof(h)));
    h.header_crc = htole32(crc32c(0, &h, CHECKED_BYTES));
    memcpy(out->data + at, &h, sizeof(h));
    return 0;
}

/* ---- reading ---- */

/* Up to n bytes from an offset; *ret_n is less only at the end of the file. */
static int read_at(int fd, const char *path, uint64_t at, void *ret_data, size_t n, size_t *ret_n)
{
    size_t done = 0;

    while (done < n) {
        ssize_t got = pread(fd, (char *)ret_data + done, n - done, (off_t)(at + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault(-errno, "cannot read '%s': %m", path);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    *ret_n = done;
    return 0;
}

static bool is_plausible(uint32_t n_points, uint32_t body_bytes, uint64_t id)
{
    return n_points && body_bytes <= RECORD_BODY_MAX && n_points <= body_bytes / 4 &&
           id >= n_points;
}

/* Whether the bytes at `p` are a header; says what is in it, whether or not. */
static bool header_parse(const char *p, uint64_t at, struct record *ret_record)
{
    struct header h;

    memcpy(&h, p, sizeof(h));
    *ret_record = (struct record){.at = at,
                                  .id = le64toh(h.id),
                                  .first_at = (wall_ns)le64toh(h.first_at),
                                  .n_points = le32toh(h.n_points),
                                  .body_bytes = le32toh(h.body_bytes),
                                  .body_crc = le32toh(h.body_crc)};
    return le32toh(h.magic) == MAGIC && le32toh(h.header_crc) == crc32c(0, p, CHECKED_BYTES) &&
           is_plausible(ret_record->n_points, ret_record->body_bytes, ret_record->id);
}

static bool is_within(const struct record *r, uint64_t size)
{
    return record_end(r) <= size;
}

/* The first whole record whose header lies in `chunk`, which begins at offset `base`. */
static bool search_chunk(struct str chunk, uint64_t base, uint64_t size, struct record *ret_record)
{
    for (size_t i = 0; i + RECORD_HEADER_BYTES <= chunk.n; i++) {
        const char *p = memchr(chunk.p + i, 'B', chunk.n - i);

        if (!p || (size_t)(chunk.p + chunk.n - p) < RECORD_HEADER_BYTES)
            return false;
        i = (size_t)(p - chunk.p);
        if (header_parse(p, base + i, ret_record) && is_within(ret_record, size))
            return true;
    }
    return false;
}

/* The first whole record at or behind `at`: 0, RECORD_E_END or a fault. */
static int search(int fd, const char *path, uint64_t size, uint64_t at, struct record *ret_record)
{
    scoped(freep) char *chunk = xmalloc(SEARCH_BYTES);

    while (at + RECORD_HEADER_BYTES <= size) {
        size_t n = 0;

        TRY(read_at(fd, path, at, chunk, SEARCH_BYTES, &n));
        if (n < RECORD_HEADER_BYTES)
            break;
        if (search_chunk(str_from(chunk, n), at, size, ret_record))
            return 0;
        at += n - RECORD_HEADER_BYTES + 1;
    }
    return RECORD_E_END;
}

/*
 * What cannot be read at the end of a segment. A write that was cut short leaves part of a record,
 * or zeroes where the file had grown already; all else was a record once.
 */
static struct record_tail tail_of(const char *p, size_t n, uint64_t at, uint64_t size)
{
    static const char zeroes[RECORD_HEADER_BYTES];
    struct record_tail tail = {.at = at};
    struct record r;

    if (n < RECORD_HEADER_BYTES || memcmp(p, zeroes, sizeof(zeroes)) == 0 ||
        header_parse(p, at, &r))
        return tail;
    bool is_whole = is_plausible(r.n_points, r.body_bytes, r.id) && is_within(&r, size);

    tail.n_points = is_whole ? r.n_points : 1;
    return tail;
}

int record_next(int fd, const char *path, uint64_t size, uint64_t *at, struct record *ret_record,
                struct record_tail *ret_tail)
{
    char bytes[RECORD_HEADER_BYTES];
    struct record r;
    size_t n = 0;

    TRY(read_at(fd, path, *at, bytes, sizeof(bytes), &n));
    if (n < sizeof(bytes) || !header_parse(bytes, *at, &r) || !is_within(&r, size)) {
        int found = search(fd, path, size, *at + 1, &r);

        if (found == RECORD_E_END)
            *ret_tail = tail_of(bytes, n, *at, size);
        if (found)
            return found;
    }
    *at = record_end(&r);
    *ret_record = r;
    return 0;
}

/* ---- a body ---- */

/* Ends must grow, and the last be that of the bytes. */
static bool ends_are_sound(const char *ends, uint32_t n_points, uint32_t n_bytes)
{
    uint32_t last = 0;

    for (uint32_t i = 0; i < n_points; i++) {
        uint32_t end;

        memcpy(&end, ends + 4 * (size_t)i, sizeof(end));
        end = le32toh(end);
        if (end <= last || end > n_bytes)
            return false;
        last = end;
    }
    return last == n_bytes;
}

static void put_points(struct batch *b, const struct record *r, const char *body)
{
    const char *bytes = body + 4 * (size_t)r->n_points;
    uint32_t last = 0;

    for (uint32_t i = 0; i < r->n_points; i++) {
        uint32_t end;

        memcpy(&end, body + 4 * (size_t)i, sizeof(end));
        end = le32toh(end);
        buf_put(&b->bytes, bytes + last, end - last);
        batch_end_point(b);
        last = end;
    }
    b->first_at = r->first_at;
}

int record_read(int fd, const char *path, const struct record *r, struct buf *scratch,
                struct batch *ret_batch)
{
    uint64_t n_ends = 4 * (uint64_t)r->n_points;
    size_t n = 0;

    batch_reset(ret_batch);
    buf_reset(scratch);
    if (n_ends > r->body_bytes || buf_reserve(scratch, r->body_bytes))
        return RECORD_E_DAMAGED;
    TRY(read_at(fd, path, r->at + RECORD_HEADER_BYTES, scratch->data, r->body_bytes, &n));
    if (n < r->body_bytes || crc32c(0, scratch->data, n) != r->body_crc ||
        !ends_are_sound(scratch->data, r->n_points, r->body_bytes - (uint32_t)n_ends))
        return RECORD_E_DAMAGED;
    put_points(ret_batch, r, scratch->data);
    return 0;
}
