/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "host.h"

/*
 * nc-plugin-host: started by the daemon or its launcher with its socket as descriptor 3 and the
 * plugin's sealed code as 4, never by hand. It dies with whoever started it. It must not write to
 * stdout or stderr itself: what comes out there is laid at the plugin's door.
 */

/* The thread that started us may be gone already, before we asked to be told: then our parent is not
 * the one who holds the other end. End of file on the socket tells that, so this is for hung ones. */
static void die_with_parent(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} modes[] = { { "--probe", nc_host_probe }, { "--serve", nc_host_serve } };
	die_with_parent();
	nc_alloc_install();
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; argc == 2 && i < NC_LEN(modes); i++)
		if (strcmp(argv[1], modes[i].name) == 0 && fcntl(NC_WIRE_FD, F_GETFD) >= 0 &&
			fcntl(NC_WIRE_CODE_FD, F_GETFD) >= 0)
			return modes[i].run();
	fprintf(stderr, "nc-plugin-host is started by novacrond, not by hand\n");
	return 2;
}
