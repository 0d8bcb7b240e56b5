/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_WRAP_SYSTEM_H
#define NC_TESTS_WRAP_SYSTEM_H

#include <stdint.h>

/*
 * Fault injection for a whole process: link with wrap_system.c and ${NC_WRAP_SYSTEM}, and the
 * linker sends what the program asks of libc here. While armed, the n-th of a class fails once, on
 * whichever thread it comes, with the errno it would have when there is no memory, no descriptor, no
 * room or a broken disk. What a libc function calls by itself does not pass here.
 */
typedef enum { WRAP_MEMORY, WRAP_SYSTEM } wrap_class;

void wrap_system_arm(wrap_class class, uint64_t n);
/* The name of what was failed, or NULL. */
const char *wrap_system_disarm(void);
void wrap_system_tell(void (*fn)(const char *name)); /* called when it fails; NULL = nobody */
int wrap_system_errno(void);                         /* what it failed with, 0 = nothing did */

#endif
