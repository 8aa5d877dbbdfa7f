/*
 * Imports over https. A module is fetched once: its text goes to the cache, its digest to a lock
 * file beside the script, which is meant to be committed. Later runs take the cached text when its
 * digest is the one in the lock file and need no network; a text that has changed at its origin is
 * refused until its line is removed from the lock file. (k6 fetches anew and checks nothing.)
 *
 *   lock file: a line `sha256-<hex> <url>` per module, sorted as they were added
 *   cache: one file per module, named by the digest of its text, so it cannot be stale
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"
#include "script/js/js_script.h"
#include "script/js/module_url.h"

#define LOCK_NAME   "brunt.lock"
#define HASH_PREFIX "sha256-"

enum {
    HEX_LEN = 64,
    LOCK_MAX = 4 << 20, /* bytes */
};

/* ---- paths ---- */

static char *lock_path(const struct js_script *s)
{
    scoped(freep) char *main_path = NULL;
    struct str dir;

    if (s->config.lock_path)
        return xstrdup(s->config.lock_path);
    main_path = module_path_of_url(str_of(s->main_url));
    dir = str_of(main_path);
    while (dir.n > 0 && dir.p[dir.n - 1] != '/')
        dir.n--;
    return xasprintf("%.*s%s", STR_ARG(dir), LOCK_NAME);
}

static char *cache_path(const struct js_script *s, const char *hex)
{
    const char *home = getenv("HOME"); // NOLINT(concurrency-mt-unsafe): nobody sets it

    if (s->config.cache_dir)
        return xasprintf("%s/%s", s->config.cache_dir, hex);
    return xasprintf("%s/.cache/brunt/modules/%s", home ? home : "/tmp", hex);
}

/* Makes the directories above a file. Failing is found out when the file is written. */
static void make_parents(const char *path)
{
    scoped(freep) char *copy = xstrdup(path);

    for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        ignored(mkdir(copy, 0755));
        *p = '/';
    }
}

/* ---- files ---- */

static bool read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "re");
    bool ok = f != NULL;

    while (ok && !feof(f)) {
        size_t n;

        if (buf_reserve(out, 16384) != 0)
            ok = false;
        n = ok ? fread(out->data + out->len, 1, 16384, f) : 0;
        out->len += n;
        ok = ok && !ferror(f);
    }
    if (f)
        (void)fclose(f);
    return ok;
}

/* Through a temporary name, so that another process never sees half a file. */
static int write_file(const char *path, struct str data)
{
    scoped(freep) char *temporary = xasprintf("%s.%d", path, (int)getpid());
    FILE *f;

    make_parents(path);
    f = fopen(temporary, "we");
    if (!f)
        return fault(-errno, "cannot write '%s'", temporary);
    if (fwrite(data.p, 1, data.n, f) != data.n) {
        (void)fclose(f);
        return fault(-EIO, "cannot write '%s'", temporary);
    }
    if (fclose(f) != 0 || rename(temporary, path) != 0)
        return fault(-errno, "cannot write '%s'", path);
    return 0;
}

/* ---- pins ---- */

/* The digest in the lock file for that URL; false when there is none. */
static bool find_pin(struct str lock, struct str url, char ret_hex[HEX_LEN + 1])
{
    struct str line;

    while (str_split(&lock, '\n', &line)) {
        struct str digest = str_from(line.p, str_find(line, ' '));

        if (digest.n != sizeof(HASH_PREFIX) - 1 + HEX_LEN || !str_starts(digest, STR(HASH_PREFIX)))
            continue;
        if (!str_eq(str_trim(str_from_index(line, digest.n)), url))
            continue;
        memcpy(ret_hex, digest.p + sizeof(HASH_PREFIX) - 1, HEX_LEN);
        ret_hex[HEX_LEN] = '\0';
        for (size_t i = 0; i < HEX_LEN; i++) {
            if (ascii_hex(ret_hex[i]) < 0)
                return false;
        }
        return true;
    }
    return false;
}

static int add_pin(const char *path, struct buf *lock, struct str url, const char *hex)
{
    if (lock->len && lock->data[lock->len - 1] != '\n')
        buf_putc(lock, '\n');
    buf_printf(lock, HASH_PREFIX "%s %.*s\n", hex, STR_ARG(url));
    return write_file(path, buf_str(lock));
}

static int digest_hex(struct str data, char ret_hex[HEX_LEN + 1])
{
    unsigned char digest[HASH_MAX_BYTES];

    TRY(hash_bytes_of(HASH_SHA256, data.p, data.n, digest));
    hex_write(digest, HEX_LEN / 2, ret_hex);
    ret_hex[HEX_LEN] = '\0';
    return 0;
}

/* ---- fetching ---- */

/* GET, with the query that k6 adds and then without it. */
static int fetch(struct js_script *s, struct str url, struct buf *out)
{
    const char *mark = str_find(url, '?') < url.n ? "&" : "?";
    scoped(freep) char *with_query = xasprintf("%.*s%s_k6=1", STR_ARG(url), mark);
    scoped(freep) char *plain = xstrndup(url.p, url.n);
    const char *const tries[] = {with_query, plain};
    int status = 0;

    if (!s->config.fetch || s->config.offline) {
        return fault(-ENOENT, "the module '%s' isn't in the cache and can't be fetched here",
                     plain);
    }
    for (size_t i = 0; i < countof(tries); i++) {
        buf_reset(out);
        TRY(s->config.fetch(s->config.fetch_arg, tries[i], out, &status));
        if (status == 200)
            return 0;
    }
    if (status == 404)
        return fault(-ENOENT, "not found: %s", plain);
    if (status == 0)
        return fault(-EIO, "cannot fetch %s: %s", plain, fault_text());
    return fault(-EIO, "wrong status code (%d) for: %s", status, plain);
}

static int store(struct js_script *s, const char *hex, struct str text)
{
    scoped(freep) char *path = cache_path(s, hex);

    return write_file(path, text);
}

/* True when the cache has exactly the text that was pinned. */
static bool from_cache(struct js_script *s, const char *pin, struct buf *out)
{
    scoped(freep) char *path = cache_path(s, pin);
    char hex[HEX_LEN + 1];

    buf_reset(out);
    if (!read_file(path, out))
        return false;
    return digest_hex(buf_str(out), hex) == 0 && strcmp(hex, pin) == 0;
}

static int get(struct js_script *s, struct str url, const char *path, struct buf *lock,
               struct buf *out)
{
    char pin[HEX_LEN + 1], hex[HEX_LEN + 1];
    bool pinned = find_pin(buf_str(lock), url, pin);

    if (pinned && from_cache(s, pin, out))
        return 0;
    TRY(fetch(s, url, out));
    TRY(digest_hex(buf_str(out), hex));
    if (pinned && strcmp(hex, pin) != 0) {
        return fault(-EPERM,
                     "the module %.*s has changed since it was pinned in '%s'; remove its line "
                     "there to accept the new text",
                     STR_ARG(url), path);
    }
    TRY(store(s, hex, buf_str(out)));
    return pinned ? 0 : add_pin(path, lock, url, hex);
}

int js_remote_get(struct js_script *s, struct str url, struct buf *ret_text)
{
    scoped(freep) char *path = lock_path(s);
    struct buf lock = BUF_INIT(LOCK_MAX);
    int r;

    if (!read_file(path, &lock))
        buf_reset(&lock);
    r = get(s, url, path, &lock, ret_text);
    buf_fini(&lock);
    return r;
}
