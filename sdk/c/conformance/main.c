/* SPDX-License-Identifier: Apache-2.0 */
/* nc-plugin-test PATH: the conformance kit for authors who have no daemon at hand. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "novacron-sdk/conformance.h"

static int usage(FILE *to)
{
	fprintf(to,
		"usage: nc-plugin-test [--settings FILE] [--only RULE|VERB] [--timeout SECONDS]\n"
		"                      [--isolation both|process|in_process] [--json FILE|-] PATH\n"
		"Tries the plugin in the folder PATH against the rules of the plugin ABI, in this\n"
		"process and in nc-plugin-host.\n"
		"Exit code: 0 nothing failed, 1 something did, 2 it can't be tried, 4 it is for\n"
		"another ABI or platform.\n");
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "settings", required_argument, NULL, 's' },
		{ "only", required_argument, NULL, 'o' },
		{ "timeout", required_argument, NULL, 't' },
		{ "isolation", required_argument, NULL, 'i' },
		{ "json", required_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 } };
	nc_conformance_options o = { .table = stdout };
	const char *json = NULL;
	int c, code;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			o.settings = optarg;
			break;
		case 'o':
			o.only = optarg;
			break;
		case 't':
			o.check_timeout_s = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'i':
			o.isolation = nc_conformance_isolation(optarg);
			if (o.isolation < 0)
				return usage(stderr);
			break;
		case 'j':
			json = optarg;
			break;
		default:
			return usage(c == 'h' ? stdout : stderr);
		}
	}
	if (optind != argc - 1)
		return usage(stderr);
	o.path = argv[optind];
	if (json && strcmp(json, "-") == 0) {
		o.json = stdout;
		o.table = stderr;
	} else if (json && !(o.json = fopen(json, "w"))) {
		perror(json);
		return 2;
	}
	code = nc_conformance_run(&o);
	if (o.json && fclose(o.json) != 0) {
		perror(json);
		return 2;
	}
	return code;
}
