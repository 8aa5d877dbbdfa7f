#pragma once
/*
 * Text of others (names of scripts and servers, errors) inside of what programs and terminals
 * interpret. Any bytes may be given; what is no UTF-8, or may not stand there, becomes U+FFFD.
 */
#include "base/buf.h"
#include "base/str.h"

/* Appends character data or an attribute's value of XML 1.0; line ends and tabs as references. */
void markup_put_xml(struct buf *out, struct str text);

/*
 * Appends text for HTML: between tags, or in quoted attributes.
 */
void markup_put_html(struct buf *out, struct str text);

/*
 * Appends text that Markdown shows as it is, in a table too: without emphasis, links, HTML or line
 * ends. Of what is longer than MARKUP_MD_CHARS characters the rest is "…".
 */
void markup_put_md(struct buf *out, struct str text);

/* The same as code, where no site looks for mentions of people and issues. */
void markup_put_md_code(struct buf *out, struct str text);

/*
 * Appends text for a terminal, on one line: what would steer it becomes "?". Of more than `max`
 * columns (0: any) the rest is "…".
 */
void markup_put_terminal(struct buf *out, struct str text, size_t max);

enum {
    MARKUP_MD_CHARS = 160,
};
