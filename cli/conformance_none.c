/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of conformance.c where the kit was not built. */
#include "base/err.h"
#include "cli/conformance.h"

nc_code nc_conformance_test(nc_cli *c, const char *path, nc_error *err)
{
	(void)c;
	nc_code rc = nc_err(err, NC_E_UNSUPPORTED,
		"can't test %.200s: built without the conformance kit", path);

	return nc_err_hint(err, rc, "build the whole tree: the kit is in sdk/c/conformance");
}
