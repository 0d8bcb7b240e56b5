/* SPDX-License-Identifier: Apache-2.0 */
/* Needs a minor of the ABI that is not there yet. */
#include "plugin.h"
