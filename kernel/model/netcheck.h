/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_NETCHECK_H
#define NC_MODEL_NETCHECK_H

/* Whether text is an address, a network, a hardware address. NULL is not. */
int nc_ip_is(const char *s);
int nc_cidr_is(const char *s);
int nc_mac_is(const char *s);
/* Whether ip lies in cidr; both checked. */
int nc_cidr_has(const char *cidr, const char *ip);

#endif
