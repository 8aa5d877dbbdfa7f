#pragma once
/* UTF-8, for hosts and for NTLM; for this folder only. */
#include <stdint.h>

#include "base/str.h"

/* Takes one code point off *s, which must not be empty. -1, taking nothing, for what is not UTF-8.
 */
static inline int32_t utf8_take(struct str *s)
{
    static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = (unsigned char)s->p[0];
    unsigned n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    int32_t cp = c < 0x80 ? c : c & (0x7f >> n);

    if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || s->n < n)
        return -1;
    for (unsigned i = 1; i < n; i++) {
        if (((unsigned char)s->p[i] & 0xc0) != 0x80)
            return -1;
        cp = cp << 6 | ((unsigned char)s->p[i] & 0x3f);
    }
    if (cp < least[n] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
        return -1;
    *s = str_from_index(*s, n);
    return cp;
}
