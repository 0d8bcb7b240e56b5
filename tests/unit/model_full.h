/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_MODEL_FULL_H
#define NC_TESTS_MODEL_FULL_H

#include "model/object.h"

/* An object of the kind in which every field has a value that keeps the rules. NULL = no memory. */
nc_object *mu_full(const nc_kind *k, nc_arena *a);

#endif
