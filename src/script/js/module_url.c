/*
 * Resolution as k6 does it (k6 surface, §1.9): no extensions are guessed, no index files, no
 * node_modules; a relative name belongs to the directory of the module that imports it.
 */
#include "script/js/module_url.h"

#include <errno.h>

#include "base/mem.h"

bool module_is_builtin(struct str name)
{
    return str_eq(name, STR("k6")) || str_starts(name, STR("k6/"));
}

bool module_is_remote(struct str url)
{
    return str_starts(url, STR("https://"));
}

/* The part of a URL that ".." cannot leave: scheme and, for remote ones, host. */
static size_t root_length(struct str url)
{
    size_t at = str_find_str(url, STR("://"));

    if (at == url.n)
        return 0;
    at += 3;
    if (!module_is_remote(url))
        return at;
    return at + str_find(str_from_index(url, at), '/');
}

struct str module_dir(struct str url)
{
    size_t root = root_length(url), n = url.n;

    while (n > root && url.p[n - 1] != '/')
        n--;
    return str_from(url.p, n > root ? n - 1 : root);
}

/* Appends the segments of `path` to the URL in `out`, whose first `root` bytes stand fast. */
static void add_path(struct buf *out, size_t root, struct str path)
{
    struct str part;

    while (str_split(&path, '/', &part)) {
        if (part.n == 0 || str_eq(part, STR(".")))
            continue;
        if (str_eq(part, STR(".."))) {
            while (out->len > root && out->data[--out->len] != '/')
                ;
            continue;
        }
        buf_putc(out, '/');
        buf_putstr(out, part);
    }
}

static int resolve_absolute(struct str base, struct str spec, struct buf *out)
{
    size_t root;

    if (!str_starts(spec, STR("file://")) && !module_is_remote(spec)) {
        return fault(-EINVAL,
                     "only supported schemes for imports are file and https, '%.*s' has another",
                     STR_ARG(spec));
    }
    if (str_starts(spec, STR("file://")) && module_is_remote(base)) {
        return fault(-EINVAL, "origin (%.*s) not allowed to load local file: %.*s", STR_ARG(base),
                     STR_ARG(spec));
    }
    root = root_length(spec);
    buf_put(out, spec.p, root);
    if (module_is_remote(spec)) {
        buf_putstr(out, str_from_index(spec, root));
        return 0;
    }
    add_path(out, out->len, str_from_index(spec, root));
    return 0;
}

static int resolve_relative(struct str base, struct str spec, struct buf *out)
{
    size_t start = out->len, root = root_length(base);

    if (spec.p[0] == '/') {
        buf_put(out, base.p, root);
    } else {
        buf_putstr(out, module_dir(base));
    }
    add_path(out, start + root, spec);
    return 0;
}

int module_resolve(struct str base, struct str spec, struct buf *ret_url)
{
    if (spec.n == 0)
        return fault(-EINVAL, "the specifier of a module is empty");
    if (spec.n > 8192)
        return fault(-EINVAL, "the specifier of a module is longer than 8192 bytes");
    if (module_is_builtin(spec)) {
        buf_putstr(ret_url, spec);
        return 0;
    }
    if (spec.p[0] == '.' || spec.p[0] == '/')
        return resolve_relative(base, spec, ret_url);
    if (str_find_str(spec, STR("://")) < spec.n)
        return resolve_absolute(base, spec, ret_url);
    if (str_starts(spec, STR("github.com")) || str_starts(spec, STR("cdnjs.com"))) {
        return fault(-EINVAL,
                     "the module specifier \"%.*s\" uses a shortcut that k6 has removed; import "
                     "the file's full https:// URL",
                     STR_ARG(spec));
    }
    return fault(-EINVAL,
                 "the module specifier \"%.*s\" couldn't be recognised as something k6 supports: a "
                 "relative path begins with \"./\"; there is no node_modules lookup",
                 STR_ARG(spec));
}

void module_url_of_path(struct str cwd, struct str path, struct buf *ret_url)
{
    size_t root;

    buf_puts(ret_url, "file://");
    root = ret_url->len;
    if (path.n == 0 || path.p[0] != '/')
        add_path(ret_url, root, cwd);
    add_path(ret_url, root, path);
}

char *module_path_of_url(struct str url)
{
    struct str path;
    char *out;
    size_t n = 0;

    if (!str_starts(url, STR("file://")))
        return NULL;
    path = str_from_index(url, 7);
    out = xmalloc(path.n + 1);
    for (size_t i = 0; i < path.n; i++) {
        bool coded = path.p[i] == '%' && i + 2 < path.n && ascii_hex(path.p[i + 1]) >= 0 &&
                     ascii_hex(path.p[i + 2]) >= 0;

        if (coded) {
            out[n++] = (char)(ascii_hex(path.p[i + 1]) * 16 + ascii_hex(path.p[i + 2]));
            i += 2;
        } else {
            out[n++] = path.p[i];
        }
    }
    out[n] = '\0';
    return out;
}
