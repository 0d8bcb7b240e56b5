/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "flow/mac.h"
#include "model/netcheck.h"
#include "testing.h"

/* Hardware addresses that the kernel chooses. */

static void a_mac_is_the_same_whenever_it_is_asked_for(void)
{
	char a[NC_MAC_MAX], b[NC_MAC_MAX];
	nc_mac_make("inst-1", "nic_1", 0, a);
	nc_mac_make("inst-1", "nic_1", 0, b);
	CHECK_STR(a, b);
	/* Stored with VMs, so it must stay what it is in every later version. */
	CHECK_STR(a, "e6:ef:a9:5e:2d:4e");
}

static void every_mac_is_local_and_of_one_card(void)
{
	for (int i = 0; i < 1000; i++) {
		char nic[32], mac[NC_MAC_MAX];
		snprintf(nic, sizeof(nic), "nic_%d", i);
		nc_mac_make("inst-1", nic, 0, mac);
		CHECK(nc_mac_is(mac));
		CHECK(strchr("26ae", mac[1]) != NULL);
	}
}

static void nics_installations_and_attempts_differ(void)
{
	_cleanup_(nc_map_freep) nc_map *seen = nc_map_new();
	REQUIRE(seen != NULL);
	for (uint32_t i = 0; i < 3 * 3 * 1000; i++) {
		char inst[32], nic[32], mac[NC_MAC_MAX];
		snprintf(inst, sizeof(inst), "inst-%u", i % 3);
		snprintf(nic, sizeof(nic), "nic_%u", i / 9);
		nc_mac_make(inst, nic, i / 3 % 3, mac);
		CHECK(nc_map_get(seen, (nc_bytes){ mac, 17 }) == NULL);
		CHECK(nc_map_put(seen, (nc_bytes){ mac, 17 }, seen, NULL) == NC_OK);
	}
}

static void there_is_one_way_to_write_a_mac(void)
{
	char mac[] = "52:54:00:AA:bB:0C";
	nc_mac_lower(mac);
	CHECK_STR(mac, "52:54:00:aa:bb:0c");
}

NC_TESTS(flow_mac){
	T(a_mac_is_the_same_whenever_it_is_asked_for),
	T(every_mac_is_local_and_of_one_card),
	T(nics_installations_and_attempts_differ),
	T(there_is_one_way_to_write_a_mac),
};
