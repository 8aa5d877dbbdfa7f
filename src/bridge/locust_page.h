#pragma once
/* What Locust's page says of its test that its statistics do not: the name of the locustfile. */
#include "base/arena.h"

/*
 * The name, in the arena; n 0 when the page has none that can be shown. Any bytes may be given.
 * Locust's page has it in the settings of its program since 2.20 or so, and in a paragraph before.
 */
struct str locust_page_script(struct str html, struct arena *arena);
