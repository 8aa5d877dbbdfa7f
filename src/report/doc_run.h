#pragma once
/* A run as JSON: the RunInfo of the run document. */
#include "base/json_out.h"
#include "report/run_doc.h"
#include "store/store.h"

enum doc_run_parts {
    DOC_RUN_LISTED, /* what a list shows */
    DOC_RUN_WHOLE,  /* and the options */
};

/* A RunInfo, an object; `live` may be NULL. */
void doc_put_run(struct json_out *j, const struct store_run *run, const struct run_doc_live *live,
                 enum doc_run_parts parts);

/* The members of a RunInfo that change while the test runs, into an open object. */
void doc_put_run_changes(struct json_out *j, const struct store_run *run,
                         const struct run_doc_live *live);
