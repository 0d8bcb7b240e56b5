/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_MAC_H
#define NC_FLOW_MAC_H

#include <stdint.h>

enum { NC_MAC_MAX = 18 };

/*
 * The hardware address of a NIC: made of the installation and the NIC's id, so the same whenever it
 * is asked for, and locally administered, so no card's. `attempt` counts those that were taken.
 */
void nc_mac_make(const char *installation, const char *nic, uint32_t attempt, char out[NC_MAC_MAX]);
/* One way to write each: in place. */
void nc_mac_lower(char *mac);

#endif
