#include "web/web_mhd.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

struct web_mhd web_mhd;

static void *library;

static void load(void)
{
    library = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
}

/* ISO C has no conversion from an object's pointer to a function's; POSIX says that it works. */
static bool find(const char *name, void *ret_function)
{
    void *p = dlsym(library, name);

    memcpy(ret_function, &p, sizeof(p));
    return p != NULL;
}

int web_mhd_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    bool found = true;

    pthread_once(&once, load);
    if (!library) {
        return fault(-ENOENT,
                     "REST API and page need libmicrohttpd, version 0.9.71 or later (Debian: "
                     "libmicrohttpd12)");
    }
#define FIND(name) found &= find("MHD_" #name, &web_mhd.name)
    WEB_MHD_FUNCTIONS(FIND);
#undef FIND
    return found ? 0
                 : fault(-ENOENT, "this libmicrohttpd lacks functions that REST API and page need");
}
