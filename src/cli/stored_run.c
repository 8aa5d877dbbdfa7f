#include "cli/stored_run.h"

#include "cli/history_store.h"

int stored_run_open(const char *path, const char *text, struct stored_run *ret_run)
{
    *ret_run = (struct stored_run){0};
    TRY(history_open(path, STORE_READ, &ret_run->store));
    return history_find(ret_run->store, text, &ret_run->key);
}

void stored_run_close(struct stored_run *run)
{
    store_close(run->store);
    run->store = NULL;
}
