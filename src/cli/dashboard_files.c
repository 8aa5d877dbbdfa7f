#include "cli/dashboard_files.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"

enum {
    DEPTH_MAX = 16,
    FILES_MAX = 10000,
};

static int add(struct dashboard_files *f, const char *path, bool from_folder)
{
    if (f->n >= FILES_MAX)
        return fault(-E2BIG, "there are more than %d files", FILES_MAX);
    vec_push(f->list, f->n, f->cap) =
        (struct dashboard_file){.path = xstrdup(path), .from_folder = from_folder};
    return 0;
}

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int add_folder(struct dashboard_files *f, const char *path, int depth);

/* Links to folders are not followed: they could lead round in a circle. */
static int add_entry(struct dashboard_files *f, const char *path, int depth)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        return depth < DEPTH_MAX ? add_folder(f, path, depth + 1) : 0;
    return str_ends(str_of(path), STR(".json")) ? add(f, path, true) : 0;
}

static int add_folder(struct dashboard_files *f, const char *path, int depth)
{
    struct dirent **names;
    int n = scandir(path, &names, is_visible, alphasort), r = 0;

    if (n < 0)
        return fault(-errno, "cannot look into '%s': %m", path);
    for (int i = 0; i < n; i++) {
        scoped(freep) char *inner = xasprintf("%s/%s", path, names[i]->d_name);

        if (r == 0)
            r = add_entry(f, inner, depth);
        free(names[i]);
    }
    free(names);
    return r;
}

int dashboard_files_add(struct dashboard_files *f, const char *path)
{
    struct stat st;

    if (strcmp(path, "-") == 0)
        return add(f, path, false);
    if (stat(path, &st) < 0)
        return fault(-errno, "cannot open '%s': %m", path);
    return S_ISDIR(st.st_mode) ? add_folder(f, path, 0) : add(f, path, false);
}

void dashboard_files_fini(struct dashboard_files *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->list[i].path);
    free(f->list);
    *f = (struct dashboard_files){0};
}
