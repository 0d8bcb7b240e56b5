/* SPDX-License-Identifier: Apache-2.0 */
#include "model/netcheck.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Addresses as text. Pure functions. */

typedef struct ip {
	uint8_t bytes[16];
	unsigned n; /* 4 or 16; 0 = none */
} ip;

static ip parse_ip(const char *s)
{
	ip a = { .n = 0 };
	if (s && inet_pton(AF_INET, s, a.bytes) == 1)
		a.n = 4;
	else if (s && inet_pton(AF_INET6, s, a.bytes) == 1)
		a.n = 16;
	return a;
}

int nc_ip_is(const char *s)
{
	return parse_ip(s).n != 0;
}

/* The address before the '/', and the prefix length; n 0 = not a network. */
static ip parse_cidr(const char *s, unsigned *ret_bits)
{
	char text[INET6_ADDRSTRLEN];
	const char *slash = s ? strchr(s, '/') : NULL;
	ip none = { .n = 0 };
	if (!slash || (size_t)(slash - s) >= sizeof(text) || !isdigit((unsigned char)slash[1]))
		return none;
	memcpy(text, s, (size_t)(slash - s));
	text[slash - s] = '\0';
	ip a = parse_ip(text);
	char *end;
	unsigned long bits = strtoul(slash + 1, &end, 10);
	if (*end || bits > a.n * 8)
		return none;
	*ret_bits = (unsigned)bits;
	return a;
}

int nc_cidr_is(const char *s)
{
	unsigned bits;
	return parse_cidr(s, &bits).n != 0;
}

int nc_cidr_has(const char *cidr, const char *text)
{
	unsigned bits = 0;
	ip net = parse_cidr(cidr, &bits), a = parse_ip(text);
	if (!net.n || net.n != a.n || memcmp(net.bytes, a.bytes, bits / 8) != 0)
		return 0;
	if (bits % 8 == 0)
		return 1;
	unsigned mask = 0xffu << (8 - bits % 8) & 0xffu;
	return ((net.bytes[bits / 8] ^ a.bytes[bits / 8]) & mask) == 0;
}

int nc_mac_is(const char *s)
{
	if (!s || strlen(s) != 17)
		return 0;
	for (int i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != ':' : !isxdigit((unsigned char)s[i]))
			return 0;
	return 1;
}
