/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_ACCOUNT_H
#define NC_BASE_ACCOUNT_H

#include <sys/types.h>

/* 0, or -1 when there is no such group; *ret is then untouched. Any thread. */
int nc_group_find(const char *name, gid_t *ret);

#endif
