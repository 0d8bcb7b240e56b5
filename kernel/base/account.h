/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_ACCOUNT_H
#define NC_BASE_ACCOUNT_H

#include <sys/types.h>

#include "novacron/abi.h"

/* NC_E_NOTFOUND when there is no such group, else what kept us from looking; *ret is then untouched.
 * Any thread. */
nc_code nc_group_find(const char *name, gid_t *ret, nc_error *err);

#endif
