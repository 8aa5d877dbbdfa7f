#pragma once
/*
 * A run as one HTML file: the program's own page with the run document inside (report/run_doc.h).
 * It opens without a network and without a server; its policy lets it load nothing, and run nothing
 * but the one script whose hash it names.
 */
#include "base/buf.h"
#include "base/err.h"

/*
 * Appends the file. `document` is the run document as JSON, of any size. Returns 0, -ENOTSUP where
 * the program was built without its page, or -EFBIG when `out` would outgrow its limit.
 */
MUST_USE int report_html_put(struct str title, struct str document, struct buf *out);
