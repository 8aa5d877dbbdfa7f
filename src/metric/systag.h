#pragma once
/* The tags that the engine adds by itself, as a set of bits (option systemTags). */
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum {
#define SYSTAG(id, name, on) SYSTAG_BIT_##id,
#include "metric/systag.def"
#undef SYSTAG
    SYSTAG_COUNT
};

enum systag {
#define SYSTAG(id, name, on) SYSTAG_##id = 1 << SYSTAG_BIT_##id,
#include "metric/systag.def"
#undef SYSTAG
};

/* What is on unless the option says otherwise. */
#define SYSTAG(id, name, on) | ((on) << SYSTAG_BIT_##id)
static const uint32_t systag_default = 0
#include "metric/systag.def"
    ;
#undef SYSTAG

/* `vu` and `iter` are metadata: they travel with a sample and never make a series of their own. */
static const uint32_t systag_metadata = SYSTAG_VU | SYSTAG_ITER;

/* The bit of a name, or 0 when no system tag is called so. */
uint32_t systag_find(struct str name);

/* The name of one bit. */
struct str systag_name(enum systag bit);
