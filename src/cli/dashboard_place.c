#include "cli/dashboard_place.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "report/markup.h"

#define CUSTOM "grafana/dashboards/custom"

/* A relative path would mean another folder to Grafana than to us. */
static int absolute(const char *path, char **ret)
{
    scoped(freep) char *here = NULL;

    if (path[0] == '/') {
        *ret = xasprintf("%s/" CUSTOM, path);
        return 0;
    }
    here = getcwd(NULL, 0);
    if (!here)
        return fault(-errno, "cannot tell the current folder: %m");
    *ret = xasprintf("%s/%s/" CUSTOM, here, path);
    return 0;
}

int dashboard_custom_folder(const char *given, char **ret)
{
    const char *data = cli_env(NULL, "XDG_DATA_HOME"), *home = cli_env(NULL, "HOME");

    if (given && given[0])
        return absolute(given, ret);
    /* The base directory specification: a path that is not absolute is to be ignored. */
    if (data && data[0] == '/') {
        *ret = xasprintf("%s/brunt/lab/" CUSTOM, data);
    } else if (home && home[0] == '/') {
        *ret = xasprintf("%s/.local/share/brunt/lab/" CUSTOM, home);
    } else {
        return fault(-ENOENT, "HOME is not set: say where the lab lies with --lab or BRUNT_LAB");
    }
    return 0;
}

void dashboard_put_news(void *arg, enum link_news news, const char *file, const char *text)
{
    static const char *const words[] = {
        [LINK_ADDED] = "added", [LINK_CHANGED] = "changed", [LINK_REMOVED] = "removed",
        [LINK_KEPT] = "kept",   [LINK_WARNING] = "warning", [LINK_SAME] = NULL,
    };
    struct buf *out = arg;

    if (!words[news])
        return;
    buf_printf(out, "  %-8s ", words[news]);
    markup_put_terminal(out, str_of(file), 0);
    if (text[0]) {
        buf_puts(out, ": ");
        markup_put_terminal(out, str_of(text), 0);
    }
    buf_putc(out, '\n');
}

void dashboard_put_counts(struct buf *out, const struct link_counts *c)
{
    const struct {
        size_t n;
        const char *word;
    } counts[] = {{c->added, "added"},
                  {c->changed, "changed"},
                  {c->removed, "removed"},
                  {c->same, "unchanged"},
                  {c->kept, "kept"}};
    bool any = false;

    for (size_t i = 0; i < countof(counts); i++) {
        if (!counts[i].n)
            continue;
        buf_printf(out, "%s%zu %s", any ? ", " : "", counts[i].n, counts[i].word);
        any = true;
    }
    if (!any)
        buf_puts(out, "nothing");
}
