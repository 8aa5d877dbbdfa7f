#include "base/file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

int file_write_all(int fd, struct str data)
{
    while (data.n) {
        ssize_t n = write(fd, data.p, data.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return -errno;
        data = str_from_index(data, (size_t)n);
    }
    return 0;
}

int file_read_all(int fd, struct buf *data)
{
    for (;;) {
        if (buf_reserve(data, FILE_READ_BYTES))
            return BUF_E_LIMIT;
        ssize_t n = read(fd, data->data + data->len, FILE_READ_BYTES);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        data->len += (size_t)n;
    }
}

int file_make_folder(const char *path, mode_t mode)
{
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        return fault(-errno, "cannot make the folder '%s': %m", path);
    return 0;
}

int file_make_folders(const char *path, mode_t mode)
{
    scoped(freep) char *part = xstrdup(path);

    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        TRY(file_make_folder(part, mode));
        *p = '/';
    }
    return file_make_folder(part, mode);
}
