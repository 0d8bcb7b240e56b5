/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest gives one id, the code another. */
#define BAD_ENTRY_ID "com.acme.other"
#include "plugin.h"
