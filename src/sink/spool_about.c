/* sink.json and the file "done" of a spool. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "sink/spool_priv.h"

/* ---- sink.json ---- */

void about_fini(struct about *a)
{
    free(a->run);
    free(a->label);
    free(a->format);
    free(a->spec);
    *a = (struct about){0};
}

static const struct about_field {
    const char *key;
    size_t offset;
} fields[] = {
    {"run", offsetof(struct about, run)},
    {"label", offsetof(struct about, label)},
    {"format", offsetof(struct about, format)},
    {"spec", offsetof(struct about, spec)},
};

static char **field_at(struct about *a, const struct about_field *field)
{
    return (char **)((char *)a + field->offset);
}

static const char *field_of(const struct about *a, const struct about_field *field)
{
    return *(char *const *)((const char *)a + field->offset);
}

static void about_encode(const struct about *a, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 2);

    json_open_object(&j);
    for (size_t i = 0; i < countof(fields); i++) {
        json_key(&j, fields[i].key);
        json_put_cstr(&j, field_of(a, &fields[i]));
    }
    json_close(&j);
    buf_putc(out, '\n');
}

static int write_whole(int fd, struct str s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        s = str_from_index(s, (size_t)n);
    }
    return fsync(fd) < 0 ? -errno : 0;
}

static int write_new(const struct folder *f, struct str text)
{
    int fd = openat(f->fd, "sink.json.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int r = fd < 0 ? -errno : write_whole(fd, text);

    if (fd >= 0)
        close(fd);
    if (r == 0 && renameat(f->fd, "sink.json.new", f->fd, "sink.json") < 0)
        r = -errno;
    return r;
}

int about_write(const struct folder *f, const struct about *a)
{
    struct buf text = {0};

    about_encode(a, &text);
    int r = write_new(f, buf_str(&text));

    buf_fini(&text);
    if (r) {
        errno = -r;
        return fault(r, "cannot write '%s/sink.json': %m", f->path);
    }
    return folder_sync(f);
}

static int about_decode(const struct folder *f, const json_t *root, struct about *ret_about)
{
    for (size_t i = 0; i < countof(fields); i++) {
        const char *text = json_string_value(json_object_get(root, fields[i].key));

        if (!text)
            return fault(-EINVAL, "'%s/sink.json' does not say its \"%s\"", f->path, fields[i].key);
        *field_at(ret_about, &fields[i]) = xstrdup(text);
    }
    return 0;
}

int about_read(const struct folder *f, struct about *ret_about)
{
    int fd = openat(f->fd, "sink.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    json_error_t error;

    if (fd < 0 && errno == ENOENT)
        return FOLDER_E_NONE;
    if (fd < 0)
        return fault(-errno, "cannot open '%s/sink.json': %m", f->path);
    json_t *root = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);

    close(fd);
    if (!root)
        return fault(-EINVAL, "'%s/sink.json' cannot be read: %s", f->path, error.text);
    int r = about_decode(f, root, ret_about);

    json_decref(root);
    if (r)
        about_fini(ret_about);
    return r;
}

/* ---- done ---- */

enum {
    SLOT_DISTANCE = 4096, /* bytes */
    N_SLOTS = 2,
};

struct slot {
    uint64_t id;
    uint32_t zero, crc; /* of what is before it */
};

static bool slot_read(int fd, unsigned i, uint64_t *ret_id)
{
    struct slot slot;

    if (pread(fd, &slot, sizeof(slot), (off_t)i * SLOT_DISTANCE) != (ssize_t)sizeof(slot) ||
        le32toh(slot.crc) != crc32c(0, &slot, offsetof(struct slot, crc)))
        return false;
    *ret_id = le64toh(slot.id);
    return true;
}

int done_open(const struct folder *f, struct done_file *ret_done)
{
    *ret_done = (struct done_file){.fd = openat(f->fd, "done", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (ret_done->fd < 0 && errno == ENOENT)
        return 0;
    if (ret_done->fd < 0)
        return fault(-errno, "cannot open '%s/done': %m", f->path);
    ret_done->is_lost = true;
    for (unsigned i = 0; i < N_SLOTS; i++) {
        uint64_t id;

        if (slot_read(ret_done->fd, i, &id) && id >= ret_done->id) {
            ret_done->id = id;
            ret_done->slot = !i;
            ret_done->is_lost = false;
        }
    }
    done_close(ret_done);
    return 0;
}

static int open_for_writing(const struct folder *f, struct done_file *done)
{
    if (done->fd >= 0)
        return 0;
    done->fd = openat(f->fd, "done", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (done->fd < 0)
        return fault(-errno, "cannot open '%s/done': %m", f->path);
    return folder_sync(f);
}

int done_write(const struct folder *f, struct done_file *done, uint64_t id)
{
    struct slot slot = {.id = htole64(id)};

    TRY(open_for_writing(f, done));
    slot.crc = htole32(crc32c(0, &slot, offsetof(struct slot, crc)));
    ssize_t n = pwrite(done->fd, &slot, sizeof(slot), (off_t)done->slot * SLOT_DISTANCE);

    if (n >= 0 && n < (ssize_t)sizeof(slot))
        errno = ENOSPC;
    if (n < (ssize_t)sizeof(slot) || fdatasync(done->fd) < 0)
        return fault(-errno, "cannot write '%s/done': %m", f->path);
    done->id = id;
    done->slot = !done->slot;
    return 0;
}

void done_close(struct done_file *done)
{
    if (done->fd >= 0)
        close(done->fd);
    done->fd = -1;
}
