/* The languages that a script may be written in, found by the suffix of its file. */
#include "script/script.h"

const struct script_ops *const script_languages[] = {&script_js_ops, &script_python_ops, NULL};
