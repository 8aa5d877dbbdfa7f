#pragma once
/* The lab's folder as a whole: it is marked as ours, one command changes it at a time, it goes. */
#include <stdbool.h>

#include "base/err.h"

/*
 * Makes the folder and marks it. Returns 0, or a fault: it cannot be made, or there are files in it
 * and none of them is our mark, so it is somebody else's.
 */
MUST_USE int lab_folder_open(const char *dir);

/* Whether it is a lab's. */
bool lab_folder_is_ours(const char *dir);

/*
 * Keeps others from changing it until *ret_fd is closed. Waits for up to 5 s for one who does.
 * Returns 0 or a fault.
 */
MUST_USE int lab_folder_lock(const char *dir, int *ret_fd);

/*
 * Removes the folder and all that is in it, following no link. Returns 0, or a fault: it is not a
 * lab's, or something in it cannot be removed.
 */
MUST_USE int lab_folder_remove(const char *dir);
