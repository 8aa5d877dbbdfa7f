#include "cli/locust_files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "locust/locust_view.h"

enum part {
    PART_STATS,
    PART_FAILURES,
    PART_EXCEPTIONS,
    PART_HISTORY,
    N_PARTS,
};

static const char *const endings[] = {
    [PART_STATS] = "_stats.csv",
    [PART_FAILURES] = "_failures.csv",
    [PART_EXCEPTIONS] = "_exceptions.csv",
    [PART_HISTORY] = "_stats_history.csv",
};

struct locust_files {
    struct locust_quantiles quantiles;
    enum locust_csv_history history;
    struct {
        char *path;
        int fd;
    } parts[N_PARTS];
    struct buf text;
};

int locust_files_make_room(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash || slash == path)
        return 0;
    scoped(freep) char *folder = xstrndup(path, (size_t)(slash - path));

    return file_make_folders(folder, 0777);
}

void locust_files_close(struct locust_files *f)
{
    if (!f)
        return;
    for (enum part i = 0; i < N_PARTS; i++) {
        if (f->parts[i].fd >= 0)
            close(f->parts[i].fd);
        free(f->parts[i].path);
    }
    buf_fini(&f->text);
    free(f);
}

static void closep(struct locust_files **f)
{
    locust_files_close(*f);
}

static int write_text(struct locust_files *f, enum part i)
{
    int r = file_write_all(f->parts[i].fd, buf_str(&f->text));

    return r < 0 ? fault(r, "cannot write '%s': %m", f->parts[i].path) : 0;
}

int locust_files_open(const struct locust_front *front, struct locust_quantiles quantiles,
                      struct locust_files **ret_files)
{
    scoped(closep) struct locust_files *f = xnew(struct locust_files);

    for (enum part i = 0; i < N_PARTS; i++)
        f->parts[i].fd = -1;
    f->quantiles = quantiles;
    f->history = front->csv_full_history ? LOCUST_CSV_FULL : LOCUST_CSV_TOTAL;
    f->text.limit = (size_t)1 << 32; /* of all names that the run has room for */
    TRY(locust_files_make_room(front->csv));
    for (enum part i = 0; i < N_PARTS; i++) {
        f->parts[i].path = xasprintf("%s%s", front->csv, endings[i]);
        f->parts[i].fd = open(f->parts[i].path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (f->parts[i].fd < 0)
            return fault(-errno, "--csv: cannot write '%s': %m", f->parts[i].path);
    }
    locust_csv_history_head(quantiles, &f->text);
    TRY(write_text(f, PART_HISTORY));
    *ret_files = take(f);
    return 0;
}

/* In place of what is there, which is cut afterwards: a reader never finds an empty file. */
static int rewrite(struct locust_files *f, enum part i)
{
    int fd = f->parts[i].fd;

    if (lseek(fd, 0, SEEK_SET) < 0)
        return fault(-errno, "cannot write '%s': %m", f->parts[i].path);
    TRY(write_text(f, i));
    if (ftruncate(fd, (off_t)f->text.len) < 0)
        return fault(-errno, "cannot write '%s': %m", f->parts[i].path);
    return 0;
}

int locust_files_write(struct locust_files *f, struct locust_view *view,
                       const struct locust_exception *exceptions, size_t n_exceptions)
{
    buf_reset(&f->text);
    locust_csv_stats(view, f->quantiles, &f->text);
    TRY(rewrite(f, PART_STATS));
    buf_reset(&f->text);
    locust_csv_failures(view, &f->text);
    TRY(rewrite(f, PART_FAILURES));
    buf_reset(&f->text);
    locust_csv_exceptions(exceptions, n_exceptions, &f->text);
    TRY(rewrite(f, PART_EXCEPTIONS));
    buf_reset(&f->text);
    locust_csv_history_rows(view, f->quantiles, f->history, locust_view_now(view)->now / NS_PER_S,
                            &f->text);
    return write_text(f, PART_HISTORY);
}
