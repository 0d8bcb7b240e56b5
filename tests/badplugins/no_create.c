/* SPDX-License-Identifier: Apache-2.0 */
/* A whole table in which create is not set. */
#define BAD_CREATE NULL
#include "plugin.h"
