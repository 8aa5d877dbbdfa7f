/* Imports any bytes as a store: refused, or what came in can be listed, replayed and removed. */
#include <assert.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int on_event(void *arg, const struct store_event *e)
{
    (void)arg;
    (void)e;
    return 0;
}

static int on_run(void *arg, const struct store_run *run)
{
    *(int64_t *)arg = run->key;
    return 0;
}

static void read_run(struct store *s, int64_t key)
{
    struct metric_registry *registry = NULL;
    struct snapshot *snapshot = NULL;
    struct store_exchange x;
    struct arena arena = {0};

    (void)!store_events(s, key, on_event, NULL);
    (void)!store_exchange_get(s, key, 1, &arena, &x);
    arena_fini(&arena);
    if (store_replay(s, key, &(struct store_replay){.max_steps = 3}, &registry, &snapshot) == 0) {
        snapshot_free(snapshot);
        metric_registry_free(registry);
    }
    registry = NULL;
    snapshot = NULL;
    if (store_totals(s, key, &registry, &snapshot) == 0) {
        snapshot_free(snapshot);
        metric_registry_free(registry);
    }
}

static void import_file(const char *path)
{
    struct store *s = NULL;
    size_t n_imported;

    int r = store_open(NULL, STORE_TEMP, &s);

    assert(r == 0);
    r = store_import(s, path, &n_imported);
    for (int64_t key = 0; r == 0; key = 0) {
        r = store_runs(s, &(struct store_filter){.limit = 1}, on_run, &key);
        if (!key)
            break;
        read_run(s, key);
        (void)!store_run_remove(s, key);
    }
    store_close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char path[] = "/dev/shm/brunt-fuzz-XXXXXX";
    int fd = mkstemp(path);

    assert(fd >= 0);
    ssize_t done = write(fd, data, n);

    close(fd);
    if (done == (ssize_t)n)
        import_file(path);
    unlink(path);
    return 0;
}
