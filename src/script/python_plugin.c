/*
 * Python as the program sees it before a script asks for it: a row of the languages that knows its
 * suffix, and loads the plug-in on first use. The script that comes out of it carries the plug-in's
 * own table, so that nothing goes through here afterwards.
 *
 * The plug-in is never unloaded: its interpreter has threads and modules that would not survive it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include "base/mem.h"
#include "metric/metric.h"
#include "metric/tagset.h"
#include "proto/cookie.h"
#include "proto/http.h"
#include "proto/url.h"
#include "script/plugin.h"
#include "script/script.h"

static const char *version_name(int version)
{
    return http_version_name((enum http_version)version);
}

static const struct script_plugin_calls calls = {
    .raise = fault_raise,
    .fault_pass = fault_pass,
    .fault_text = fault_text,
    .url_parse = url_parse,
    .url_ref = url_ref,
    .url_unref = url_unref,
    .http_response_unref = http_response_unref,
    .http_header_get = http_header_get,
    .http_version_name = version_name,
    .http_reason = http_reason,
    .metric_register = metric_register,
    .tagset_add = tagset_add,
    .tagset_merge = tagset_merge,
    .cookie_jar_each = cookie_jar_each,
    .cookie_jar_delete = cookie_jar_delete,
    .cookie_jar_clear = cookie_jar_clear,
    .cookie_jar_store_header = cookie_jar_store_header,
};

/* Where it may lie, seen from the program; in this order. */
static const char *const places[] = {"", "/../lib/brunt"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct script_ops *loaded; /* under the lock */

static char *program_folder(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    path[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(path, '/');

    return slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
}

/* The file to load, or NULL; the caller frees it. */
static char *find_plugin(void)
{
    const char *given = getenv("BRUNT_PYTHON_PLUGIN");
    scoped(freep) char *folder = program_folder();

    if (given && *given)
        return xstrdup(given);
    for (size_t i = 0; i < countof(places); i++) {
        scoped(freep) char *path = xasprintf("%s%s/brunt_python.so", folder, places[i]);

        if (access(path, R_OK) == 0)
            return take(path);
    }
    return NULL;
}

static int open_plugin(const char *path, const struct script_ops **ret_ops)
{
    /* Global: extension modules of Python find the interpreter's symbols through it. */
    void *object = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    const struct script_plugin *plugin;
    const char *slash = strrchr(path, '/');

    if (!object)
        return fault(-ENOENT, "Python scripts: cannot load the plug-in: %s", dlerror());
    plugin = dlsym(object, SCRIPT_PLUGIN_SYMBOL);
    if (!plugin || plugin->version != SCRIPT_PLUGIN_VERSION) {
        dlclose(object);
        return fault(-ENOEXEC,
                     "Python scripts: '%s' is of another version of brunt; install the one that "
                     "was built with this program",
                     path);
    }
    /* It lives as long as the process. */
    plugin->open(&calls, slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("."));
    *ret_ops = plugin->ops;
    return 0;
}

static int find_and_open(const struct script_ops **ret_ops)
{
    scoped(freep) char *path = find_plugin();

    if (!path) {
        return fault(-ENOENT,
                     "scripts in Python need the plug-in brunt_python.so beside the program or in "
                     "../lib/brunt: build the target 'brunt_python' (it needs the package "
                     "libpython3-dev), or name the file in BRUNT_PYTHON_PLUGIN");
    }
    TRY(open_plugin(path, ret_ops));
    return 0;
}

static int python_load(const struct script_config *config, struct script_host *host,
                       struct script **ret_script)
{
    const struct script_ops *ops;
    int r = 0;

    pthread_mutex_lock(&lock);
    if (!loaded)
        r = find_and_open(&loaded);
    ops = loaded;
    pthread_mutex_unlock(&lock);
    TRY(r);
    TRY(ops->load(config, host, ret_script));
    return 0;
}

const struct script_ops script_python_ops = {
    .name = "python",
    .one_loop = true,
    .suffixes = (const char *const[]){".py", NULL},
    .load = python_load,
};
