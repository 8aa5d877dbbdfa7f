/* Walking over a spool's segments by their headers, and looking at spools without holding them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sink/spool_priv.h"

void found_init(struct spool_found *found, const struct done_file *done)
{
    *found =
        (struct spool_found){.done_id = done->id, .last_id = done->id, .has_start = !done->is_lost};
}

static void found_record(struct spool_found *found, const struct record *r)
{
    uint64_t start = r->id - r->n_points;

    if (found->has_start && start > found->last_id)
        found->damaged += start - found->last_id;
    found->has_start = true;
    if (r->id <= found->last_id)
        return;
    if (!found->points)
        found->oldest = r->first_at;
    found->last_id = r->id;
    found->points += r->n_points;
    found->bytes += RECORD_HEADER_BYTES + r->body_bytes;
}

int segment_walk(int fd, const char *path, uint64_t size, struct spool_found *found,
                 struct record_tail *ret_tail)
{
    uint64_t at = 0;
    struct record r;

    for (;;) {
        int end = record_next(fd, path, size, &at, &r, ret_tail);

        if (end == RECORD_E_END)
            return 0;
        TRY(end);
        found_record(found, &r);
    }
}

int segment_open(const struct folder *f, unsigned number, int flags, int *ret_fd, char **ret_path,
                 uint64_t *ret_size)
{
    char name[SEGMENT_NAME_BYTES];
    scoped(freep) char *path = folder_path_of(f, segment_name(number, name));
    int fd = openat(f->fd, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st;

    if (fd < 0 && errno == ENOENT)
        return FOLDER_E_NONE;
    if (fd < 0)
        return fault(-errno, "cannot open '%s': %m", path);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return fault(-EINVAL, "'%s' is not a file", path);
    }
    *ret_fd = fd;
    *ret_path = take(path);
    *ret_size = (uint64_t)st.st_size;
    return 0;
}

/* ---- listing ---- */

/* Like segment_walk for a segment by its number; one that is just being removed has nothing. */
static int look_at_segment(const struct folder *f, unsigned number, struct spool_found *found)
{
    scoped(freep) char *path = NULL;
    struct record_tail tail;
    uint64_t size;
    int fd, r = segment_open(f, number, O_RDONLY, &fd, &path, &size);

    if (r == FOLDER_E_NONE)
        return 0;
    TRY(r);
    r = segment_walk(fd, path, size, found, &tail);
    close(fd);
    return r;
}

static int look_at_segments(const struct folder *f, struct spool_found *ret_found)
{
    scoped(freep) unsigned *numbers = NULL;
    struct done_file done;
    size_t n = 0;

    TRY(done_open(f, &done));
    TRY(segment_numbers(f, &numbers, &n));
    found_init(ret_found, &done);
    for (size_t i = 0; i < n; i++)
        TRY(look_at_segment(f, numbers[i], ret_found));
    return 0;
}

static int look(const struct folder *f, struct spool_entry *entry)
{
    struct spool_found found;
    struct about about = {0};

    TRY(about_read(f, &about));
    entry->run = about.run;
    entry->label = about.label;
    entry->format = about.format;
    entry->spec = about.spec;
    TRY(look_at_segments(f, &found));
    entry->points = found.points;
    entry->bytes = found.bytes;
    entry->oldest = found.oldest;
    return 0;
}

static void entry_fini(struct spool_entry *e)
{
    free(e->name);
    free(e->run);
    free(e->label);
    free(e->format);
    free(e->spec);
    free(e->trouble);
}

/* Whether a folder holds a spool: 0, FOLDER_E_NONE or a fault. */
static int is_spool(const struct folder *f)
{
    return faccessat(f->fd, "sink.json", F_OK, 0) == 0 ? 0 : FOLDER_E_NONE;
}

static int list_one(const char *dir, const char *name, struct spool_entry *entry)
{
    struct folder f = FOLDER_INIT;
    int r = folder_look(dir, name, &f, &entry->busy);

    if (r)
        return r;
    r = is_spool(&f);
    if (r == 0) {
        entry->name = xstrdup(name);
        if (look(&f, entry))
            entry->trouble = xstrdup(fault_text());
    }
    folder_close(&f);
    return r;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_candidate(const struct dirent *e)
{
    return folder_is_name(e->d_name) && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN);
}

static int list_names(const char *dir, struct dirent **names, int n_names,
                      struct spool_entry **ret_entries, size_t *ret_n)
{
    struct spool_entry *entries = xnew_n(struct spool_entry, (size_t)n_names + 1);
    size_t n = 0;
    int r = 0;

    for (int i = 0; i < n_names && r >= 0; i++) {
        r = list_one(dir, names[i]->d_name, &entries[n]);
        if (r == 0) {
            n++;
        } else {
            entry_fini(&entries[n]);
            entries[n] = (struct spool_entry){0};
        }
    }
    if (r < 0) {
        spool_entries_free(entries, n);
        return r;
    }
    *ret_entries = entries;
    *ret_n = n;
    return 0;
}

int spool_list(const char *dir, struct spool_entry **ret_entries, size_t *ret_n)
{
    struct dirent **names = NULL;
    int n = scandir(dir, &names, is_candidate, by_name);

    if (n < 0 && errno == ENOENT)
        n = 0;
    if (n < 0)
        return fault(-errno, "cannot list the spools in '%s': %m", dir);
    int r = list_names(dir, names, n, ret_entries, ret_n);

    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return r;
}

void spool_entries_free(struct spool_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        entry_fini(&entries[i]);
    free(entries);
}

static int no_such_spool(const char *dir, const char *name)
{
    return fault(-ENOENT, "there is no spool '%s' in '%s'; `brunt spool list` shows what there is",
                 name, dir);
}

int spool_hold(const char *dir, const char *name, struct folder *ret_folder)
{
    if (!folder_is_name(name))
        return no_such_spool(dir, name);
    struct folder f = FOLDER_INIT;
    bool is_busy;
    int r = folder_look(dir, name, &f, &is_busy);

    if (r == 0) {
        r = is_spool(&f);
        folder_close(&f);
    }
    if (r == 0)
        r = folder_open(dir, name, ret_folder);
    return r == FOLDER_E_NONE ? no_such_spool(dir, name) : r;
}

int spool_drop(const char *dir, const char *name)
{
    struct folder f = FOLDER_INIT;

    TRY(spool_hold(dir, name, &f));
    return folder_remove(&f);
}
