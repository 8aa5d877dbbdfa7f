/*
 * Sources of modules and files of open(). Both are read during load, each once, and kept for all
 * users: what a later user asks for must be there already (§1.1), so after load these tables are
 * read without a lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "script/js/js_script.h"
#include "script/js/module_url.h"
#include "script/js/ts_strip.h"

enum {
    SOURCE_MAX = 64 << 20, /* bytes of one module */
    FILE_MAX = 1 << 30,    /* bytes of one file of open(); JavaScript strings end there */
};

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static int read_all(int fd, const char *path, struct buf *out)
{
    int r = file_read_all(fd, out);

    if (r == BUF_E_LIMIT)
        return fault(-EFBIG, "the file %s is larger than %zu bytes", path, out->limit);
    return r < 0 ? fault(r, "cannot read %s", path) : 0;
}

static int read_path(const char *path, struct buf *out)
{
    scoped(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 && errno == ENOENT)
        return fault(-ENOENT, "open %s: no such file or directory", path);
    if (fd < 0)
        return fault(-errno, "open %s: %s", path, strerrordesc_np(errno));
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        return fault(-EISDIR, "read %s: is a directory", path);
    return read_all(fd, path, out);
}

/* ---- modules ---- */

static int read_module(struct js_script *s, struct str url, struct buf *out)
{
    scoped(freep) char *path = NULL;

    if (module_is_remote(url))
        return js_remote_get(s, url, out);
    if (str_eq(url, str_of(s->main_url)) && str_is(str_of(s->config.path), "-"))
        return read_all(STDIN_FILENO, "standard input", out);
    path = module_path_of_url(url);
    if (!path)
        return fault(-EINVAL, "'%.*s' is not the URL of a file", STR_ARG(url));
    if (read_path(path, out) == 0)
        return 0;
    return fault(-ENOENT,
                 "The moduleSpecifier \"%s\" couldn't be found on local disk (%s). Make "
                 "sure that you've specified the right path to the file.",
                 path, fault_text());
}

static bool may_be_typescript(const struct js_script *s, struct str url)
{
    return str_ends(url, STR(".ts")) ||
           (str_eq(url, str_of(s->main_url)) && str_is(str_of(s->config.path), "-"));
}

static int strip_and_compile(struct js_source *source, struct str text)
{
    struct buf js = {.limit = SOURCE_MAX};
    struct ts_error error = {0};
    int r = ts_strip(text, &js, &error);

    if (r == 0) {
        r = js_compile(source, buf_str(&js));
    } else if (r == TS_E_SYNTAX) {
        r = fault(FAULT_EXIT(107), "%s:%u:%u: %s", source->url, error.line, error.column,
                  error.text);
    } else {
        r = fault(-EFBIG, "%s is larger than %d bytes without its types", source->url, SOURCE_MAX);
    }
    buf_fini(&js);
    return r;
}

static int compile_source(struct js_script *s, struct js_source *source, struct buf *text)
{
    struct str url = str_of(source->url);
    int r;

    if (str_ends(url, STR(".json"))) {
        source->kind = SOURCE_JSON;
        source->code = (uint8_t *)buf_take(text, &source->n_code);
        return 0;
    }
    source->uses_meta = str_find_str(buf_str(text), STR("import.meta")) < text->len;
    r = js_compile(source, buf_str(text));
    if (r < 0 && may_be_typescript(s, url))
        r = strip_and_compile(source, buf_str(text));
    return r;
}

static void source_free(struct js_source *source)
{
    free(source->url);
    free(source->code);
    free(source);
}

static void keep_main_text(struct js_script *s, struct str url, const struct buf *text)
{
    if (s->base.text || !str_eq(url, str_of(s->main_url)))
        return;
    s->base.text = js_copy(buf_str(text));
    s->base.n_text = text->len;
}

static int source_new(struct js_script *s, struct str url, struct js_source **ret_source)
{
    struct buf text = {.limit = SOURCE_MAX};
    struct js_source *source;
    int r = read_module(s, url, &text);

    if (r < 0) {
        buf_fini(&text);
        return r;
    }
    keep_main_text(s, url, &text);
    source = xnew(struct js_source);
    source->url = xstrndup(url.p, url.n);
    r = compile_source(s, source, &text);
    buf_fini(&text);
    if (r < 0) {
        source_free(source);
        return r;
    }
    source->index = s->n_sources;
    vec_push(s->sources, s->n_sources, s->cap_sources) =
        source; // NOLINT(bugprone-sizeof-expression)
    table_set(&s->source_by_url, url, source);
    *ret_source = source;
    return 0;
}

int js_source_get(struct js_script *s, struct str url, struct js_source **ret_source)
{
    struct js_source *known = table_get(&s->source_by_url, url);

    if (known) {
        *ret_source = known;
        return 0;
    }
    if (s->loaded) {
        return fault(-EPERM,
                     "the module \"%.*s\" was not previously resolved during initialization "
                     "(__VU==0)",
                     STR_ARG(url));
    }
    return source_new(s, url, ret_source);
}

/* ---- files ---- */

int js_file_get(struct js_script *s, const char *path, const struct js_file **ret_file)
{
    struct js_file *file = table_get(&s->files, str_of(path));
    struct buf data = {.limit = FILE_MAX};
    int r;

    if (file) {
        *ret_file = file;
        return 0;
    }
    if (s->loaded) {
        return fault(-EPERM,
                     "open() can't be used with files that weren't previously opened during "
                     "initialization (__VU==0), path: \"%s\"",
                     path);
    }
    r = read_path(path, &data);
    if (r < 0) {
        buf_fini(&data);
        return r;
    }
    file = xnew(struct js_file);
    file->data = buf_take(&data, &file->n_data);
    table_set(&s->files, str_of(path), file);
    *ret_file = file;
    return 0;
}

void js_sources_free(struct js_script *s)
{
    const struct table_entry *e;

    for (size_t i = 0; i < s->n_sources; i++)
        source_free(s->sources[i]);
    free(s->sources);
    table_fini(&s->source_by_url);
    table_each(e, &s->files) {
        struct js_file *file = e->value;

        free(file->data);
        free(file);
    }
    table_fini(&s->files);
}
