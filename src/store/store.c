/*
 * Connections. A file is opened for writing where that is possible, even to read: a reader of a
 * database in WAL mode writes its index. Where it is not, and no writer left a log behind, the file
 * is read as something that does not change.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/store_priv.h"

char *store_default_path(const char *(*env)(void *arg, const char *name), void *arg)
{
    const char *data = env(arg, "XDG_DATA_HOME"), *home = env(arg, "HOME");

    /* The base directory specification: a path that is not absolute is to be ignored. */
    if (data && data[0] == '/')
        return xasprintf("%s/brunt/runs.db", data);
    if (home && home[0])
        return xasprintf("%s/.local/share/brunt/runs.db", home);
    return xstrdup("brunt-runs.db");
}

const char *store_path(const struct store *s)
{
    return s->path;
}

bool store_is_temp(const struct store *s)
{
    return s->temp;
}

/* ---- places ---- */

/* Makes the folders that lead to `path`. */
static int make_folders(const char *path)
{
    scoped(freep) char *folder = xstrdup(path);

    for (char *at = strchr(folder + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
            return fault(-errno, "cannot make the folder '%s' of the store: %m", folder);
        }
        *at = '/';
    }
    return 0;
}

/* It holds scripts and options: nobody else's business. SQLite gives its log the same mode. */
static int make_file(const char *path)
{
    TRY(make_folders(path));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return fault(-errno, "cannot open the store '%s': %m", path);
    close(fd);
    return 0;
}

static int check_file(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return fault(-errno, "cannot open the store '%s': %m", path);
    if (!S_ISREG(st.st_mode))
        return fault(-EINVAL, "the store '%s' is no file", path);
    return 0;
}

static int make_temp(char **ret_path)
{
    const char *folder = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): nothing sets it */
    char *path = xasprintf("%s/brunt-run-XXXXXX.db", folder && folder[0] ? folder : "/tmp");
    int fd = mkostemps(path, 3, O_CLOEXEC);

    if (fd < 0) {
        int r = fault(-errno, "cannot make a temporary store '%s': %m", path);

        free(path);
        return r;
    }
    close(fd);
    *ret_path = path;
    return 0;
}

/* ---- connecting ---- */

static void put_uri(struct buf *b, const char *path)
{
    static const char hex[] = "0123456789ABCDEF";

    buf_puts(b, "file:");
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;

        if (c == '?' || c == '#' || c == '%' || c < ' ') {
            buf_putc(b, '%');
            buf_putc(b, hex[c >> 4]);
            buf_putc(b, hex[c & 15]);
        } else {
            buf_putc(b, (char)c);
        }
    }
    buf_puts(b, "?immutable=1");
}

static int connect_file(struct store *s, const char *name, int flags)
{
    int rc =
        sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

    if (rc != SQLITE_OK)
        return store_fault(s, rc);
    sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
    /* The file may be anybody's: it is to be data, and nothing that runs. */
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, 2 * STORE_BLOB_MAX);
    s->read_only = sqlite3_db_readonly(s->db, "main") == 1;
    return store_exec(s, "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON");
}

static void disconnect(struct store *s)
{
    for (size_t i = 0; i < s->n_cache; i++)
        sqlite3_finalize(s->cache[i].statement);
    s->n_cache = 0;
    sqlite3_close(s->db);
    s->db = NULL;
}

/* "file:" at the start would be an URI, and other names have meanings of their own. */
static int connect_path(struct store *s)
{
    scoped(freep) char *name = s->path[0] == '/' ? xstrdup(s->path) : xasprintf("./%s", s->path);
    int64_t tables;

    TRY(connect_file(s, name, SQLITE_OPEN_READWRITE));
    int r = store_ask_int(s, "SELECT count(*) FROM sqlite_schema", &tables);

    if (r == 0 || !s->read_only)
        return r;

    /* No index can be made beside it; without a log it needs none. */
    scoped(freep) char *log = xasprintf("%s-wal", name);
    struct stat st;

    if (stat(log, &st) == 0 && st.st_size > 0)
        return r;
    scoped(buf_fini) struct buf uri = {0};

    put_uri(&uri, name);
    disconnect(s);
    return connect_file(s, buf_cstr(&uri), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

static void store_closep(struct store **s)
{
    store_close(*s);
}

static struct store *new_store(char *path, bool temp)
{
    struct store *s = xnew(struct store);

    s->path = path;
    s->shown = path;
    s->temp = temp;
    store_sql_make(&s->sql);
    return s;
}

int store_connect(const char *path, struct store **ret_store)
{
    scoped(store_closep) struct store *s = new_store(xstrdup(path), false);

    TRY(check_file(s->path));
    TRY(connect_path(s));
    *ret_store = take(s);
    return 0;
}

int store_connect_temp(struct store **ret_store)
{
    char *path = NULL;

    TRY(make_temp(&path));
    scoped(store_closep) struct store *s = new_store(path, true);

    TRY(connect_path(s));
    *ret_store = take(s);
    return 0;
}

/* ---- opening ---- */

static int prepare_store(struct store *s, enum store_mode mode)
{
    if (mode != STORE_READ && s->read_only)
        return fault(-EROFS, "the store '%s' cannot be written", s->path);
    TRY(store_schema_open(s, mode));
    if (s->read_only)
        return 0;
    return store_exec(s, mode == STORE_TEMP
                             ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF"
                             : "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
}

int store_open(const char *path, enum store_mode mode, struct store **ret_store)
{
    scoped(store_closep) struct store *s = NULL;

    if (mode == STORE_WRITE)
        TRY(make_file(path));
    if (mode == STORE_TEMP) {
        TRY(store_connect_temp(&s));
    } else {
        TRY(store_connect(path, &s));
    }
    assert(s);
    TRY(prepare_store(s, mode));
    *ret_store = take(s);
    return 0;
}

static void remove_file(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < countof(suffixes); i++) {
        scoped(freep) char *name = xasprintf("%s%s", path, suffixes[i]);

        unlink(name);
    }
}

void store_close(struct store *s)
{
    if (!s)
        return;
    disconnect(s);
    if (s->temp && s->path)
        remove_file(s->path);
    store_sql_fini(&s->sql);
    buf_fini(&s->packed);
    free(s->path);
    free(s);
}
