/* Names of the system tags, in the order of their bits. */
#include "metric/systag.h"

#include <assert.h>

static const struct str systag_names[SYSTAG_COUNT] = {
#define SYSTAG(id, name, on) [SYSTAG_BIT_##id] = {name, sizeof(name) - 1},
#include "metric/systag.def"
#undef SYSTAG
};

uint32_t systag_find(struct str name)
{
    for (unsigned i = 0; i < SYSTAG_COUNT; i++) {
        if (str_eq(name, systag_names[i]))
            return UINT32_C(1) << i;
    }
    return 0;
}

struct str systag_name(enum systag bit)
{
    unsigned at = (unsigned)__builtin_ctz((unsigned)bit);

    assert(at < SYSTAG_COUNT);
    return systag_names[at];
}
