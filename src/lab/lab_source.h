#pragma once
/* Text files of the tree that are part of the program (tools/cmake/BruntTexts.cmake). */

struct lab_source {
    const char *path; /* below the folder it comes from; NULL ends the table */
    const char *text; /* as it is in the tree: placeholders such as @host@ are still there */
};

extern const struct lab_source lab_texts[]; /* src/lab/text: what services are configured with */
extern const struct lab_source lab_blueprints[]; /* examples/blueprints: what `generate` copies */
