/* SPDX-License-Identifier: Apache-2.0 */
#include "sched_world.h"
static void nothing(void){}
NC_TESTS(x) { T(nothing) };
