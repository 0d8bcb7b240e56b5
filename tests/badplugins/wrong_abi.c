/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled for an ABI that this host is not. */
#define BAD_ABI (2u << 16)
#include "plugin.h"
