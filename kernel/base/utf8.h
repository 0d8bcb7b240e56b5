/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_UTF8_H
#define NC_BASE_UTF8_H

#include "novacron/abi.h"

/* Whether all of it is UTF-8 as RFC 3629 has it: shortest forms, no surrogates, nothing past
 * U+10FFFF. */
int nc_utf8_is(nc_bytes text);

#endif
