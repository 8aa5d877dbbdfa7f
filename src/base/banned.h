#pragma once
/*
 * Forced into every file with -include: library calls that are unsafe, not reentrant or silently
 * wrong become compile errors that name what to use instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __GNUC__
#    pragma GCC poison strcpy strcat sprintf vsprintf strtok gets
#    pragma GCC poison gmtime localtime asctime ctime atoi atol atof srand
#endif
/*
 * strcpy, strcat, sprintf  → buf_printf, snprintf, memcpy
 * strtok                   → str_split (base/str.h)
 * gmtime, localtime        → gmtime_r, localtime_r
 * atoi, atol, atof         → str_u64, str_f64 (base/str.h)
 * srand (rand: see below)   → base/random.h
 *
 * rand itself cannot be poisoned: OpenSSL's headers name parameters so.
 */
