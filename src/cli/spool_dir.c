#include "cli/spool_dir.h"

#include "base/mem.h"

int spool_dir(const char *given, char **ret_dir)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (given && given[0])
        *ret_dir = xstrdup(given);
    else if (state && state[0] == '/') /* others are to be ignored, says the XDG specification */
        *ret_dir = xasprintf("%s/brunt/spool", state);
    else if (home && home[0])
        *ret_dir = xasprintf("%s/.local/state/brunt/spool", home);
    else
        return fault(FAULT_EXIT(104),
                     "HOME is not set: say where spools lie with --spool-dir or BRUNT_SPOOL_DIR");
    return 0;
}
