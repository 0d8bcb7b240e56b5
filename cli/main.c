/* SPDX-License-Identifier: Apache-2.0 */
/* novacron. Everything is in the library, so that tests can link it. */
#include "base/alloc.h"
#include "cli/cli.h"

int main(int argc, char **argv)
{
	nc_alloc_install();
	return nc_cli_main(argc, argv);
}
