/*
 * A link goes in three steps: everything of the source is read and looked at; then it is compared
 * with what is there and with the record; then files are written. Only the last changes anything.
 */
#include "dashboard/link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "dashboard/link_record.h"
#include "dashboard/lint.h"

/* A file of the source, and what is to become of it. */
struct item {
    char *name, *uid; /* owned; uid may be NULL */
    struct buf data;  /* as Grafana reads it: not wrapped */
    char digest[LINK_DIGEST_BYTES];
    enum link_news news; /* of its place in the lab */
    const char *why;     /* of LINK_KEPT */
};

struct sync {
    const struct link_options *options;
    const char *source, *name;
    char *folder; /* custom/name; owned */
    struct item *items;
    size_t n, cap;
    struct link_record record;
    struct link_counts counts;
};

/* ---- names and folders ---- */

bool link_is_name(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n > LINK_NAME_MAX || name[0] == '.')
        return false;
    for (; *name; name++) {
        if (*name == '/' || (unsigned char)*name < ' ' || *name == 0x7f)
            return false;
    }
    return true;
}

/* Two links at a time would undo each other. The lock goes with the descriptor. */
static int lock(const char *custom, int *ret_fd)
{
    int fd = open(custom, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fault(-errno, "cannot open '%s': %m", custom);
    if (flock(fd, LOCK_EX) < 0) {
        close(fd);
        return fault(-errno, "cannot lock '%s': %m", custom);
    }
    *ret_fd = fd;
    return 0;
}

static int is_dashboard_name(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_ends(str_of(e->d_name), STR(".json"));
}

/* ---- reading the source ---- */

static void tell(const struct sync *s, enum link_news news, const char *file, const char *text)
{
    if (s->options->fn)
        s->options->fn(s->options->arg, news, file, text);
}

/* {"dashboard": {...}}, which only the HTTP API takes, is taken out of its wrapping. */
static int unwrap(struct item *it)
{
    json_error_t error;
    json_t *root = json_loadb(it->data.data, it->data.len, 0, &error);
    json_t *inner = json_object_get(root, "dashboard");
    const json_t *board = json_is_object(inner) ? inner : root;
    const char *uid = json_string_value(json_object_get(board, "uid"));

    it->uid = uid && uid[0] ? xstrdup(uid) : NULL;
    if (json_is_object(inner) && !json_object_get(root, "panels")) {
        scoped(freep) char *text = json_dumps(inner, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

        buf_reset(&it->data);
        if (text)
            buf_puts(&it->data, text);
        buf_puts(&it->data, "\n");
    }
    json_decref(root);
    return 0;
}

static int judge(const struct sync *s, const struct item *it, const struct lint_report *report)
{
    char text[100];

    if (!report->n_errors)
        return 0;
    for (size_t i = 0; i < report->n_findings; i++) {
        const struct lint_finding *f = &report->findings[i];

        if (f->severity == LINT_ERROR && s->options->strict) {
            return fault(-EINVAL, "%s/%s: %s: %s; nothing was linked", s->source, it->name,
                         f->place, f->text);
        }
    }
    snprintf(text, sizeof(text), "%zu error%s; `brunt dashboard lint` names them", report->n_errors,
             report->n_errors == 1 ? "" : "s");
    tell(s, LINK_WARNING, it->name, text);
    return 0;
}

static int look_at(const struct sync *s, struct item *it)
{
    struct lint_report *report = NULL;
    int r = dashboard_lint(buf_str(&it->data), &(struct lint_options){0}, &report);

    if (r == LINT_E_NO_DASHBOARD)
        return fault(-EINVAL, "%s/%s is no dashboard; nothing was linked", s->source, it->name);
    if (r)
        return fault(r, "%s/%s: %s; nothing was linked", s->source, it->name, fault_text());
    r = judge(s, it, report);
    lint_report_free(report);
    TRY(r);
    TRY(unwrap(it));
    return link_digest(buf_str(&it->data), it->digest);
}

static int read_item(struct sync *s, const char *name)
{
    struct item *it;

    if (!link_is_name(name))
        return fault(-EINVAL, "'%s/%s' has a name that cannot be linked", s->source, name);
    if (s->n >= LINK_FILES_MAX)
        return fault(-E2BIG, "'%s' has more than %d files", s->source, LINK_FILES_MAX);
    it = &vec_push(s->items, s->n, s->cap);
    it->name = xstrdup(name);
    int r = link_read(s->source, name, &it->data);

    if (r > 0)
        return fault(-ENOENT, "'%s/%s' went away", s->source, name);
    TRY(r);
    return look_at(s, it);
}

static int read_source(struct sync *s)
{
    struct dirent **names;
    int n = scandir(s->source, &names, is_dashboard_name, alphasort), r = 0;

    if (n < 0)
        return fault(-errno, "cannot look into '%s': %m", s->source);
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = read_item(s, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    TRY(r);
    if (n == 0)
        return fault(-ENOENT, "'%s' has no dashboard, no file that ends in .json", s->source);
    return 0;
}

/* Grafana takes none of two dashboards with the same uid. */
static int check_uids(const struct sync *s)
{
    for (size_t i = 0; i < s->n; i++) {
        for (size_t j = 0; s->items[i].uid && j < i; j++) {
            if (s->items[j].uid && strcmp(s->items[i].uid, s->items[j].uid) == 0) {
                return fault(-EINVAL, "%s and %s have the same uid '%s'; nothing was linked",
                             s->items[j].name, s->items[i].name, s->items[i].uid);
            }
        }
    }
    return 0;
}

/* ---- comparing ---- */

/* The digest of what is there; "" when there is nothing. */
static int digest_there(const struct sync *s, const char *name, char ret[LINK_DIGEST_BYTES])
{
    scoped(buf_fini) struct buf data = {0};
    int r = link_read(s->folder, name, &data);

    ret[0] = '\0';
    if (r > 0)
        return 0;
    TRY(r);
    return link_digest(buf_str(&data), ret);
}

static int compare(struct sync *s, struct item *it)
{
    const struct link_file *known = link_record_find(&s->record, it->name);
    char there[LINK_DIGEST_BYTES];

    TRY(digest_there(s, it->name, there));
    bool ours = known && link_file_holds(known, there);

    it->news = !there[0]                        ? LINK_ADDED
               : strcmp(there, it->digest) == 0 ? LINK_SAME
               : ours || s->options->force      ? LINK_CHANGED
                                                : LINK_KEPT;
    it->why = known ? "it was changed in the lab; --force replaces it"
                    : "somebody else put it there; --force replaces it";
    return 0;
}

static int compare_all(struct sync *s)
{
    TRY(link_record_read(s->folder, &s->record));
    if (s->record.source && strcmp(s->record.source, s->source) != 0) {
        return fault(-EEXIST, "'%s' is linked from %s; choose another --name, or unlink it first",
                     s->name, s->record.source);
    }
    for (size_t i = 0; i < s->n; i++)
        TRY(compare(s, &s->items[i]));
    return 0;
}

static struct item *find_item(const struct sync *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->items[i].name, name) == 0)
            return &s->items[i];
    }
    return NULL;
}

/* ---- changing ---- */

/* Removes a file of the record, unless it is no longer what was put there. */
static int take_away(struct sync *s, const struct link_file *f)
{
    scoped(freep) char *path = xasprintf("%s/%s", s->folder, f->name);
    char there[LINK_DIGEST_BYTES];

    TRY(digest_there(s, f->name, there));
    if (there[0] && !link_file_holds(f, there) && !s->options->force) {
        tell(s, LINK_KEPT, f->name, "it was changed in the lab; --force removes it");
        s->counts.kept++;
        return 0;
    }
    if (there[0] && unlink(path) < 0)
        return fault(-errno, "cannot remove '%s': %m", path);
    tell(s, LINK_REMOVED, f->name, "");
    s->counts.removed++;
    return 0;
}

/* Those that the source no longer has. A file that is kept is not ours any more. */
static int take_old_away(struct sync *s)
{
    for (size_t i = s->record.n_files; i-- > 0;) {
        struct link_file *f = &s->record.files[i];

        if (find_item(s, f->name))
            continue;
        TRY(take_away(s, f));
        link_record_drop(&s->record, f->name);
    }
    return 0;
}

static int put_item(struct sync *s, const struct item *it)
{
    if (it->news == LINK_ADDED || it->news == LINK_CHANGED)
        TRY(link_write(s->folder, it->name, buf_str(&it->data)));
    tell(s, it->news, it->name, it->news == LINK_KEPT ? it->why : "");
    s->counts.added += it->news == LINK_ADDED;
    s->counts.changed += it->news == LINK_CHANGED;
    s->counts.same += it->news == LINK_SAME;
    s->counts.kept += it->news == LINK_KEPT;
    return 0;
}

/* The record first allows both contents of a file, and in the end only the new one. */
static int apply(struct sync *s)
{
    if (!s->record.source)
        s->record.source = xstrdup(s->source);
    for (size_t i = 0; i < s->n; i++) {
        if (s->items[i].news != LINK_KEPT)
            link_record_put(&s->record, s->items[i].name, s->items[i].digest);
    }
    TRY(link_record_write(s->folder, &s->record));
    for (size_t i = 0; i < s->n; i++)
        TRY(put_item(s, &s->items[i]));
    TRY(take_old_away(s));
    for (size_t i = 0; i < s->record.n_files; i++)
        s->record.files[i].digest[1][0] = '\0';
    return link_record_write(s->folder, &s->record);
}

static int sync_locked(struct sync *s)
{
    TRY(file_make_folder(s->folder, 0755));
    TRY(compare_all(s));
    return apply(s);
}

static void sync_fini(struct sync *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->items[i].name);
        free(s->items[i].uid);
        buf_fini(&s->items[i].data);
    }
    free(s->items);
    free(s->folder);
    link_record_fini(&s->record);
}

int link_sync(const char *custom, const char *name, const char *source,
              const struct link_options *options, struct link_counts *ret_counts)
{
    scoped(sync_fini) struct sync s = {.options = options, .source = source, .name = name};
    int fd;

    if (!link_is_name(name))
        return fault(-EINVAL, "'%s' cannot name a folder; choose another with --name", name);
    s.folder = xasprintf("%s/%s", custom, name);
    TRY(read_source(&s));
    TRY(check_uids(&s));
    TRY(file_make_folders(custom, 0755));
    TRY(lock(custom, &fd));
    int r = sync_locked(&s);

    close(fd);
    TRY(r);
    *ret_counts = s.counts;
    return 0;
}

/* ---- unlinking ---- */

static int is_left(const struct dirent *e)
{
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* What was not put there by a link stays, and so does its folder. */
static int remove_folder(struct sync *s)
{
    struct dirent **names;
    int n = scandir(s->folder, &names, is_left, alphasort);

    for (int i = 0; i < n; i++) {
        if (!link_record_find(&s->record, names[i]->d_name)) {
            tell(s, LINK_KEPT, names[i]->d_name, "no link put it there");
            s->counts.kept++;
        }
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    if (n == 0 && rmdir(s->folder) < 0)
        return fault(-errno, "cannot remove '%s': %m", s->folder);
    return 0;
}

static int remove_locked(struct sync *s)
{
    scoped(freep) char *record = xasprintf("%s/.source", s->folder);

    TRY(link_record_read(s->folder, &s->record));
    if (!s->record.source) {
        return fault(-ENOENT, "'%s' is not linked; `brunt dashboard link --list` names what is",
                     s->name);
    }
    for (size_t i = 0; i < s->record.n_files; i++)
        TRY(take_away(s, &s->record.files[i]));
    if (unlink(record) < 0)
        return fault(-errno, "cannot remove '%s': %m", record);
    return remove_folder(s);
}

int link_remove(const char *custom, const char *name, const struct link_options *options,
                struct link_counts *ret_counts)
{
    scoped(sync_fini) struct sync s = {.options = options, .name = name};
    int fd;

    if (!link_is_name(name))
        return fault(-ENOENT, "'%s' is not linked", name);
    s.folder = xasprintf("%s/%s", custom, name);
    TRY(lock(custom, &fd));
    int r = remove_locked(&s);

    close(fd);
    TRY(r);
    *ret_counts = s.counts;
    return 0;
}

/* ---- what is linked ---- */

/* Whether linking again would change something; a source that cannot be linked would. */
static bool differs(struct sync *s)
{
    if (read_source(s) || compare_all(s))
        return true;
    for (size_t i = 0; i < s->n; i++) {
        if (s->items[i].news != LINK_SAME)
            return true;
    }
    return s->record.n_files != s->n;
}

static int add_folder(struct link_list *l, const char *custom, const char *name)
{
    static const struct link_options quiet = {0};
    scoped(link_record_fini) struct link_record record = {0};
    scoped(sync_fini) struct sync s = {.options = &quiet, .name = name};
    struct stat st;

    s.folder = xasprintf("%s/%s", custom, name);
    TRY(link_record_read(s.folder, &record));
    if (!record.source)
        return 0;

    struct link_about *about = &vec_push(l->list, l->n, l->cap);

    s.source = record.source;
    about->name = xstrdup(name);
    about->source = xstrdup(record.source);
    about->n_files = record.n_files;
    about->source_gone = stat(record.source, &st) < 0 || !S_ISDIR(st.st_mode);
    about->source_differs = !about->source_gone && differs(&s);
    fault_clear();
    return 0;
}

static int is_folder_name(const struct dirent *e)
{
    return link_is_name(e->d_name) && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN);
}

int link_list_read(const char *custom, struct link_list *ret)
{
    scoped(link_list_fini) struct link_list l = {0};
    struct dirent **names;
    int n = scandir(custom, &names, is_folder_name, alphasort), r = 0;

    if (n < 0 && errno != ENOENT)
        return fault(-errno, "cannot look into '%s': %m", custom);
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = add_folder(&l, custom, names[i]->d_name);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    TRY(r);
    *ret = l;
    l = (struct link_list){0};
    return 0;
}

void link_list_fini(struct link_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->list[i].name);
        free(l->list[i].source);
    }
    free(l->list);
    *l = (struct link_list){0};
}
