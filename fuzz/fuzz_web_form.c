/* A form as POST /swarm has it: what is accepted is within its limits, and is JSON. */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "web/web_form.h"
#include "web/web_locust_swarm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str body = str_from((const char *)data, n);
    struct arena arena = {0};
    struct web_swarm swarm;

    for (int needs = WEB_SWARM_NEEDS_USERS; needs <= WEB_SWARM_HAS_SHAPE; needs++) {
        if (web_swarm_read(&arena, body, (enum web_swarm_needs)needs, &swarm))
            continue;
        assert(swarm.users <= WEB_SWARM_USERS_MAX);
        assert(!swarm.has_rate || (isfinite(swarm.rate) && swarm.rate > 0));
        assert(swarm.n_classes <= WEB_FIELDS_MAX);
        assert(!memchr(swarm.host.p ? swarm.host.p : "", '<', swarm.host.n));
        assert(swarm.fields.p[0] == '[' && swarm.fields.p[swarm.fields.n] == '\0');
    }
    arena_fini(&arena);
    fault_clear();
    return 0;
}
