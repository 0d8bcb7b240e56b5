/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_FEATURES_H
#define NC_FLOW_FEATURES_H

#include "base/buf.h"

/* NC_OK, or NC_E_UNSUPPORTED: the driver has not declared this feature. */
typedef nc_code (*nc_require_fn)(void *ctx, const char *feature, nc_error *err);

/*
 * No field goes to a driver whose feature it has not declared. What only describes (metadata) is
 * left out of *request, which then lies in `buf`; anything else is refused: NC_E_UNSUPPORTED.
 */
nc_code nc_features_fit(const char *verb, nc_bytes *request, nc_require_fn require, void *ctx,
	nc_buf *buf, nc_error *err);

#endif
