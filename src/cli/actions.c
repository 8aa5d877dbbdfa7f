#include "cli/actions.h"

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/opt.h"
#include "cli/cli.h"

static void print_list(const struct action_list *list)
{
    scoped(buf_fini) struct buf out = {0};

    buf_printf(&out, "Usage: %s ACTION [options]\n\n%s\n", list->name, list->summary);
    if (list->about)
        buf_printf(&out, "%s\n", list->about);
    buf_puts(&out, "\nActions:\n");
    for (size_t i = 0; list->actions[i]; i++)
        buf_printf(&out, "  %-12s %s\n", list->actions[i]->name, list->actions[i]->help);
    buf_printf(&out, "\n%s ACTION --help tells more.\n", list->name);
    cli_write(STDOUT_FILENO, buf_str(&out));
}

static int unknown(const struct action_list *list, const char *name)
{
    const char *names[32];
    size_t n = 0;

    for (; list->actions[n] && n < countof(names); n++)
        names[n] = list->actions[n]->name;
    const char *near = opt_nearest(name, names, n, sizeof(names[0]));

    return fault(-EINVAL, "there is no '%s %s'%s%s%s; `%s --help` lists them", list->name, name,
                 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "", list->name);
}

int actions_run(const struct action_list *list, int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";

    if (str_is(str_of(name), "--help") || str_is(str_of(name), "-h") ||
        str_is(str_of(name), "help")) {
        print_list(list);
        return 0;
    }
    for (size_t i = 0; list->actions[i]; i++) {
        if (str_is(str_of(name), list->actions[i]->name))
            return list->actions[i]->run(argc - 1, argv + 1);
    }
    return unknown(list, name);
}
