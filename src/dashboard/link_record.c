#include "dashboard/link_record.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "dashboard/link.h"
#include "dashboard/lint.h"

#define RECORD ".source"

/* ---- files ---- */

int link_digest(struct str data, char ret[LINK_DIGEST_BYTES])
{
    unsigned char digest[HASH_MAX_BYTES];

    TRY(hash_bytes_of(HASH_SHA256, data.p ? data.p : "", data.n, digest));
    hex_write(digest, hash_size(HASH_SHA256), ret);
    ret[2 * hash_size(HASH_SHA256)] = '\0';
    return 0;
}

static int write_through(int fd, struct str data, const char *path)
{
    int r = file_write_all(fd, data);

    if (r < 0)
        return fault(r, "cannot write '%s': %m", path);
    if (fsync(fd) < 0)
        return fault(-errno, "cannot write '%s' to disk: %m", path);
    return 0;
}

int link_write(const char *folder, const char *name, struct str data)
{
    scoped(freep) char *path = xasprintf("%s/%s", folder, name);
    scoped(freep) char *beside = xasprintf("%s/.%s.new", folder, name[0] == '.' ? name + 1 : name);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (fd < 0)
        return fault(-errno, "cannot write '%s': %m", beside);
    int r = write_through(fd, data, beside);

    close(fd);
    if (r == 0 && rename(beside, path) < 0)
        r = fault(-errno, "cannot write '%s': %m", path);
    if (r)
        unlink(beside);
    return r;
}

int link_read(const char *folder, const char *name, struct buf *ret)
{
    scoped(freep) char *path = xasprintf("%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 && errno == ENOENT)
        return LINK_E_NO_FILE;
    if (fd < 0)
        return fault(-errno, "cannot open '%s': %m", path);
    ret->limit = LINT_BYTES_MAX;
    int r = file_read_all(fd, ret);

    if (r == BUF_E_LIMIT)
        r = fault(-EFBIG, "'%s' has more than %d MiB", path, LINT_BYTES_MAX >> 20);
    else if (r < 0)
        r = fault(r, "cannot read '%s': %m", path);
    close(fd);
    return r;
}

/* ---- the record ---- */

void link_record_fini(struct link_record *r)
{
    for (size_t i = 0; i < r->n_files; i++)
        free(r->files[i].name);
    free(r->files);
    free(r->source);
    *r = (struct link_record){0};
}

struct link_file *link_record_find(const struct link_record *r, const char *name)
{
    for (size_t i = 0; i < r->n_files; i++) {
        if (strcmp(r->files[i].name, name) == 0)
            return &r->files[i];
    }
    return NULL;
}

bool link_file_holds(const struct link_file *f, const char *digest)
{
    return strcmp(f->digest[0], digest) == 0 || strcmp(f->digest[1], digest) == 0;
}

void link_record_put(struct link_record *r, const char *name, const char *digest)
{
    struct link_file *f = link_record_find(r, name);

    if (!f) {
        f = &vec_push(r->files, r->n_files, r->cap_files);
        f->name = xstrdup(name);
    }
    if (strcmp(f->digest[0], digest) == 0)
        return;
    memcpy(f->digest[1], f->digest[0], LINK_DIGEST_BYTES);
    snprintf(f->digest[0], LINK_DIGEST_BYTES, "%s", digest);
}

void link_record_drop(struct link_record *r, const char *name)
{
    struct link_file *f = link_record_find(r, name);

    if (!f)
        return;
    free(f->name);
    *f = r->files[--r->n_files];
}

static void read_file(struct link_record *r, const char *name, const json_t *digests)
{
    struct link_file *f;

    /* A name with a slash would lead elsewhere. */
    if (!link_is_name(name) || r->n_files >= LINK_FILES_MAX)
        return;
    f = &vec_push(r->files, r->n_files, r->cap_files);
    f->name = xstrdup(name);
    for (size_t i = 0; i < 2; i++) {
        const char *text = json_string_value(json_array_get(digests, i));

        snprintf(f->digest[i], LINK_DIGEST_BYTES, "%s", text ? text : "");
    }
}

static int read_record(struct str text, const char *folder, struct link_record *ret)
{
    json_error_t error;
    json_t *root = json_loadb(text.p ? text.p : "", text.n, 0, &error), *digests;
    const char *source = json_string_value(json_object_get(root, "source")), *name;

    if (!source) {
        json_decref(root);
        return fault(-EINVAL, "'%s/%s' is no record of a linked folder; remove it, and link again",
                     folder, RECORD);
    }
    ret->source = xstrdup(source);
    json_object_foreach(json_object_get(root, "files"), name, digests)
    {
        read_file(ret, name, digests);
    }
    json_decref(root);
    return 0;
}

int link_record_read(const char *folder, struct link_record *ret)
{
    scoped(buf_fini) struct buf text = {0};
    int r = link_read(folder, RECORD, &text);

    *ret = (struct link_record){0};
    if (r > 0)
        return 0;
    TRY(r);
    return read_record(buf_str(&text), folder, ret);
}

int link_record_write(const char *folder, const struct link_record *r)
{
    scoped(buf_fini) struct buf text = {0};
    struct json_out j = JSON_OUT(&text, 2);

    json_open_object(&j);
    json_key(&j, "source");
    json_put_cstr(&j, r->source);
    json_key(&j, "files");
    json_open_object(&j);
    for (size_t i = 0; i < r->n_files; i++) {
        json_key(&j, r->files[i].name);
        json_open_array(&j);
        for (size_t k = 0; k < 2 && r->files[i].digest[k][0]; k++)
            json_put_cstr(&j, r->files[i].digest[k]);
        json_close(&j);
    }
    json_close(&j);
    json_close(&j);
    buf_putc(&text, '\n');
    return link_write(folder, RECORD, buf_str(&text));
}
