/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "novacron/store.h"
#include "plugin_fixture.h"
#include "testing.h"

/* The table of a store as store/ gets it: the plugin's slots, each behind a mark of whose it is. */

static void store_is_called_through_a_table_that_is_made_once_there_is_memory(void)
{
	char config[4200];
	_cleanup_(nc_freep) char *dir = nc_test_path("store");
	const nc_store *table = NULL;
	nc_inst *self = NULL;
	nc_code rc = NC_OK;
	nc_error err = NC_ERROR_INIT;
	fixture *f = fixture_new(&(fixture_options){ .plugin = "novacron.store-sqlite",
		.isolation = NC_ISO_IN_PROCESS,
		.path = NC_TEST_STORES });
	REQUIRE(f);
	snprintf(config, sizeof(config), "{\"path\":\"%s\"}", dir);
	CHECK_OK(nc_plugins_load(f->plugins, "novacron.store-sqlite", &err), &err);
	nc_pinst *inst = fixture_open(f, "novacron.store-sqlite", config);
	if (inst) {
		NC_TORTURE(rc)
		{
			const nc_store *before = table;
			rc = nc_pinst_store(inst, &table, &self, NULL);
			CHECK((rc == NC_OK) == (table != NULL && self != NULL));
			CHECK(!before || before == table);
		}
		nc_store_head head = { .struct_size = sizeof(head) };
		REQUIRE(table && table->head && table->append);
		CHECK_OK(table->head(self, &head, &err), &err);
		nc_pinst_unref(inst);
	}
	fixture_free(f);
}

NC_TESTS(plugin_store){ T(store_is_called_through_a_table_that_is_made_once_there_is_memory) };
