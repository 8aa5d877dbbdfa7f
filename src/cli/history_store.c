/* The file, runs by name, ages. */
#include "cli/history_store.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/mem.h"
#include "cli/cli.h"

char *history_path(const char *given)
{
    return given ? xstrdup(given) : store_default_path(cli_env, NULL);
}

int history_open(const char *given, enum store_mode mode, struct store **ret_store)
{
    scoped(freep) char *path = history_path(given);

    if (!given && mode == STORE_READ && access(path, F_OK) != 0) {
        return fault(
            -ENOENT,
            "there is no history yet: `brunt run` keeps each run in '%s' (--store FILE for "
            "another place)",
            path);
    }
    return store_open(path, mode, ret_store);
}

int history_fault(int r, const char *text)
{
    if (r <= 0)
        return r;
    scoped(freep) char *why = xstrdup(fault_text());

    if (why[0])
        return fault(-ENOENT, "%s", why);
    return fault(-ENOENT, "there is no run '%s': `brunt history` lists them", text);
}

int history_find(struct store *s, const char *text, int64_t *ret_key)
{
    fault_clear();
    return history_fault(store_run_find(s, str_of(text), ret_key), text);
}

int history_take_age(void *object, const struct opt_row *row, const char *value)
{
    size_t n = strlen(value);
    span_ns age;

    if (!n || ascii_digit(value[n - 1]) || duration_parse(str_of(value), &age) || age < 0)
        return fault(-EINVAL, "'%s' is no age such as 90d or 36h", value);
    *(span_ns *)((char *)object + row->offset) = age;
    return 0;
}

void history_put_time(wall_ns at, struct buf *out)
{
    time_t seconds = (time_t)(at / NS_PER_S);
    struct tm tm;
    char text[40];

    if (!at || !localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%F %H:%M", &tm))
        buf_putc(out, '-');
    else
        buf_puts(out, text);
}
