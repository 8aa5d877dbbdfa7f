#include "cli/stored_run.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/store.h"

static const char *env_of(void *arg UNUSED, const char *name)
{
    return getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing sets variables */
}

int stored_run_fault(int r, const char *text)
{
    if (r <= 0)
        return r;
    scoped(freep) char *why = xstrdup(fault_text());

    if (why[0])
        return fault(-ENOENT, "%s", why);
    return fault(-ENOENT, "there is no run '%s': `brunt history` lists them", text);
}

int stored_run_open(const char *path, const char *text, struct stored_run *ret_run)
{
    scoped(freep) char *found = path ? xstrdup(path) : store_default_path(env_of, NULL);

    *ret_run = (struct stored_run){0};
    if (!found) {
        return fault(-ENOENT, "there is no history: neither HOME nor XDG_DATA_HOME is set; --store "
                              "names a file");
    }
    TRY(store_open(found, STORE_READ, &ret_run->store));
    fault_clear();
    return stored_run_fault(store_run_find(ret_run->store, str_of(text), &ret_run->key), text);
}

void stored_run_close(struct stored_run *run)
{
    store_close(run->store);
    run->store = NULL;
}
