#include "cli/locust_site.h"

#include "base/buf.h"
#include "lab/lab_source.h"
#include "web/web_api.h"

/* Made of ui/locust by the build. */
extern const struct lab_source locust_site_files[];

static const struct {
    const char *path, *file, *type;
} pages[] = {
    {"", "index.html", "text/html; charset=utf-8"},
    {"/", "index.html", "text/html; charset=utf-8"},
    {"/assets/locust.css", "locust.css", "text/css; charset=utf-8"},
    {"/assets/locust.js", "locust.js", "text/javascript; charset=utf-8"},
};

static const char *text_of(const char *file)
{
    for (size_t i = 0; locust_site_files[i].path; i++) {
        if (strcmp(locust_site_files[i].path, file) == 0)
            return locust_site_files[i].text;
    }
    return "";
}

/* With the base path wherever a file leaves room for it. */
static void put(struct str text, const char *base, struct buf *out)
{
    const struct str mark = STR("{{base}}");

    while (text.n) {
        size_t at = str_find_str(text, mark);

        buf_putstr(out, str_from(text.p, at));
        if (at < text.n)
            buf_puts(out, base);
        text = str_from_index(text, at + mark.n);
    }
}

bool locust_site_answer(struct str path, const char *base, struct web_answer *a)
{
    for (size_t i = 0; i < countof(pages); i++) {
        if (!str_is(path, pages[i].path))
            continue;
        a->status = 200;
        a->content_type = pages[i].type;
        put(str_of(text_of(pages[i].file)), base, &a->body);
        return true;
    }
    return false;
}
