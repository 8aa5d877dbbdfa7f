#pragma once
/*
 * Snappy blocks, which is what remote write sends its bodies in (not the framed format).
 *
 * The compressor is the system's libsnappy, looked for at first use. It is a C++ library: linking
 * it would make every start of the program load the C++ runtime. Where it is missing, blocks are
 * made of literals only: valid, and a little longer than the content.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Appends `in` as one block. At most 4 GiB - 1. Any thread. */
void snappy_block(struct str in, struct buf *out);

/* The same with literals only. */
void snappy_block_literal(struct str in, struct buf *out);

/* Whether the library is there, so that blocks are compressed. */
bool snappy_compresses(void);
