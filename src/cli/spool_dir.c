#include "cli/spool_dir.h"

#include "base/mem.h"

/* An empty variable counts as unset. */
static const char *variable(const char *name)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing sets variables */

    return value && value[0] ? value : NULL;
}

int spool_dir(const char *given, char **ret_dir)
{
    const char *state = variable("XDG_STATE_HOME"), *home = variable("HOME");

    if (given && given[0]) {
        *ret_dir = xstrdup(given);
        return 0;
    }
    /* One that is not absolute is to be ignored, says the XDG specification. */
    if (state && state[0] == '/') {
        *ret_dir = xasprintf("%s/brunt/spool", state);
        return 0;
    }
    if (!home) {
        return fault(FAULT_EXIT(104),
                     "HOME is not set: say where spools lie with --spool-dir or BRUNT_SPOOL_DIR");
    }
    *ret_dir = xasprintf("%s/.local/state/brunt/spool", home);
    return 0;
}
