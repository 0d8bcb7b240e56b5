/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_stage.h"

#include <string.h>

const char *sim_stage_truth(void)
{
	static char path[4096];

	(void)snprintf(path, sizeof(path), "%s/truth", nc_test_dir());
	return path;
}

static const kit_folder *folder(void)
{
	static kit_folder f;

	if (!f.manifest) {
		f.manifest = json_pack("{s:[s,s,s], s:[s]}", "wants", NC_EXT_REPORT, NC_EXT_SECRETS,
			NC_EXT_METRICS, "features", "compute.metadata");
		f.settings = json_object();
		f.time_ms = 10000;
	}
	return &f;
}

int sim_stage_open(sim_stage *s, const char *config, nc_error *err)
{
	return sim_stage_open_as(s, &sim_plugin, config, err);
}

int sim_stage_open_as(sim_stage *s, const nc_plugin *plugin, const char *config, nc_error *err)
{
	char text[8192];
	const char *at = strstr(config, "$T");
	nc_error own = { .struct_size = sizeof(own) };
	nc_code rc;

	(void)snprintf(text, sizeof(text), "%.*s%s%s",
		(int)(at ? at - config : (int)strlen(config)), config, at ? sim_stage_truth() : "",
		at ? at + 2 : "");
	memset(s, 0, sizeof(*s));
	s->host = kit_host_new(folder(), plugin);
	rc = kit_host_create(s->host, text, err ? err : &own);
	if (err)
		return rc == NC_OK && kit_stage_open(&s->stage, s->host);
	return CHECK_OK(rc, &own) && CHECK(kit_stage_open(&s->stage, s->host));
}

void sim_stage_close(sim_stage *s)
{
	kit_host_destroy(s->host);
	CHECK_UINT(s->host->told, 0); /* no rule was broken */
}

int sim_stage_run(sim_stage *s, const char *verb, const char *key, kit_op **ret)
{
	const kit_verb *v = kit_verb_find(verb);
	kit_op *op;

	if (!CHECK(kit_stage_prepare(&s->stage, v->needs)))
		return -1;
	op = kit_try(&s->stage, v, &(kit_how){ .key = key, .wait = true });
	if (ret)
		*ret = op;
	return op->is_refused ? -1 : op->outcome;
}

int sim_stage_recover(sim_stage *s, const char *verb, const char *key)
{
	kit_recovery r;

	if (!*s->stage.id) /* a request must name something */
		(void)kit_stage_prepare(&s->stage, 0);
	if (!*s->stage.native_id)
		(void)snprintf(s->stage.native_id, sizeof(s->stage.native_id), "sim-none");
	if (!CHECK(kit_recover(&s->stage, kit_verb_find(verb), key, &r)))
		return -1;
	return r.rc == NC_OK ? r.state : -1;
}

size_t sim_stage_count(sim_stage *s, const char *query, const char *target)
{
	struct nc_sink *sink = kit_query(&s->stage, query, target, "{}");
	size_t n = sink ? sink->n : SIZE_MAX;

	if (sink)
		kit_sink_free(sink);
	return n;
}
