/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BOOT_NOTIFY_H
#define NC_BOOT_NOTIFY_H

/* Tell the service manager, if there is one: "READY=1", "STOPPING=1", "RELOADING=1". Never fails its
 * caller; without NOTIFY_SOCKET it does nothing. */
void nc_notify(const char *state);

#endif
