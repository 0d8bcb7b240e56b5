/* SPDX-License-Identifier: Apache-2.0 */
/* P1: exports more than its entry. */
#include "plugin.h"

NC_EXPORT int helper_that_got_out(void);
int helper_that_got_out(void)
{
	return 1;
}
