/* The table of built-in modules, made from js_modules.def. */
#include "script/js/js_script.h"

#define MODULE(symbol) extern const struct js_module js_module_##symbol;
#define ABSENT(name_, why)
#include "script/js/js_modules.def"
#undef MODULE
#undef ABSENT

const struct js_module *const js_modules[] = {
#define MODULE(symbol)     &js_module_##symbol,
#define ABSENT(name_, why) &(const struct js_module){.name = (name_), .unsupported = (why)},
#include "script/js/js_modules.def"
#undef MODULE
#undef ABSENT
};

const size_t js_n_modules = countof(js_modules);

_Static_assert(countof(js_modules) <= JS_MODULES_MAX, "raise JS_MODULES_MAX");
