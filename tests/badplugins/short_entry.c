/* SPDX-License-Identifier: Apache-2.0 */
/* An entry that is shorter than ABI 1.0's. */
#define BAD_ENTRY_SIZE 16
#include "plugin.h"
