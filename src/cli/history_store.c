/* The file, runs by name, ages. */
#include "cli/history_store.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/mem.h"
#include "cli/stored_run.h"

static const char *env_of(void *arg UNUSED, const char *name)
{
    return getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing sets variables */
}

int history_open(const char *given, enum store_mode mode, struct store **ret_store)
{
    scoped(freep) char *path = given ? xstrdup(given) : store_default_path(env_of, NULL);

    if (!given && mode == STORE_READ && access(path, F_OK) != 0) {
        return fault(
            -ENOENT,
            "there is no history yet: `brunt run` keeps each run in '%s' (--store FILE for "
            "another place)",
            path);
    }
    return store_open(path, mode, ret_store);
}

int history_find(struct store *s, const char *text, int64_t *ret_key)
{
    return stored_run_fault(store_run_find(s, str_of(text), ret_key), text);
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

void history_put_text(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool c1 = c == 0xc2 && i + 1 < text.n && (unsigned char)text.p[i + 1] < 0xa0;

        if (c < ' ' || c == 0x7f || c1) {
            buf_putc(out, '?');
            i += c1;
        } else {
            buf_putc(out, (char)c);
        }
    }
}
