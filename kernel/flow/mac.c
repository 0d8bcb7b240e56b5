/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/mac.h"

#include <ctype.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/hash.h"

/* Hardware addresses. Pure functions. Two installations on one wire must not agree by chance: 46
 * bits of a hash, and the installation in it. */

enum { GROUP_BIT = 1, LOCAL_BIT = 2 };

void nc_mac_make(const char *installation, const char *nic, uint32_t attempt, char out[NC_MAC_MAX])
{
	char text[256], hex[65];
	uint8_t b[6];

	snprintf(
		text, sizeof(text), "novacron.mac\n%.100s\n%.100s\n%u", installation, nic, attempt);
	nc_sha256_hex(nc_str(text), hex);
	nc_assert(nc_unhex(hex, 12, b) == 0);
	b[0] = (uint8_t)((b[0] & ~GROUP_BIT) | LOCAL_BIT);
	snprintf(out, NC_MAC_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		b[5]);
}

void nc_mac_lower(char *mac)
{
	for (; *mac; mac++)
		*mac = (char)tolower((unsigned char)*mac);
}
