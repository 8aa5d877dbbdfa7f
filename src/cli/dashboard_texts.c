/* A folder is walked in the order of names, so that what is said of it is the same each time. */
#include "cli/dashboard_texts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "cli/cli.h"

enum {
    DEPTH_MAX = 8,
    FILES_MAX = 5000,
};

struct walk {
    dialect_set dialects;
    dashboard_text_fn *fn;
    void *arg;
    size_t n;
};

static int take_file(struct walk *w, const char *path)
{
    scoped(buf_fini) struct buf text = {0};

    if (++w->n > FILES_MAX)
        return fault(-EINVAL, "more than %d files", FILES_MAX);
    TRY(cli_read_file(path, &text));
    return w->fn(w->arg, path, buf_str(&text));
}

static int is_shown(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int take_folder(struct walk *w, const char *path, int depth);

static int take_entry(struct walk *w, const char *folder, const char *name, int depth)
{
    scoped(freep) char *path = xasprintf("%s/%s", folder, name);
    struct stat st;

    if (stat(path, &st) < 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        return depth < DEPTH_MAX ? take_folder(w, path, depth + 1) : 0;
    return str_ends(str_of(name), STR(".json")) ? take_file(w, path) : 0;
}

static int take_folder(struct walk *w, const char *path, int depth)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_shown, alphasort);
    int r = 0;

    if (n < 0)
        return fault(-errno, "cannot read the folder '%s': %m", path);
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = take_entry(w, path, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
    return r;
}

/* One of our own, which need not be on disk. */
static int take_board(struct walk *w, const char *name)
{
    const struct board *b = board_find(str_of(name));
    size_t before = w->n;

    if (!b)
        return fault(
            -ENOENT,
            "there is no file '%s', and no dashboard of that name (`brunt dashboard list`)", name);
    for (int d = 0; d < DIALECT_COUNT; d++) {
        struct board_form form = {.dialect = (enum dialect)d};
        scoped(buf_fini) struct buf text = {0};
        scoped(freep) char *label = xasprintf("%s for %s", name, dialect_name(form.dialect));

        if (!(w->dialects >> d & 1) || !board_is_for(b, form.dialect))
            continue;
        TRY(board_json(b, &form, &text));
        TRY(w->fn(w->arg, label, buf_str(&text)));
        w->n++;
    }
    if (w->n == before)
        return fault(-ENOENT, "the dashboard '%s' is not for this data source", name);
    return 0;
}

static int take_operand(struct walk *w, const char *operand)
{
    struct stat st;
    size_t before = w->n;

    if (strcmp(operand, "-") == 0)
        return take_file(w, operand);
    if (stat(operand, &st) < 0)
        return strpbrk(operand, "./") ? fault(-errno, "cannot open '%s': %m", operand)
                                      : take_board(w, operand);
    if (!S_ISDIR(st.st_mode))
        return take_file(w, operand);
    TRY(take_folder(w, operand, 0));
    if (w->n == before)
        return fault(-ENOENT, "there is no .json file in the folder '%s'", operand);
    return 0;
}

int dashboard_texts(const char *const *operands, size_t n, dialect_set dialects,
                    dashboard_text_fn *fn, void *arg)
{
    struct walk w = {.dialects = dialects, .fn = fn, .arg = arg};

    for (size_t i = 0; i < n; i++)
        TRY(take_operand(&w, operands[i]));
    return 0;
}
