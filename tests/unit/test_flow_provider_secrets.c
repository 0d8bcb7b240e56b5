/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "flow/provider_secrets.h"
#include "plugin_fixture.h"
#include "state.h"

/*
 * Secrets in a provider's configuration, by the schema of the test plugins: `password`, the elements of
 * `keys`, and `pin`, which is no string. The plugin is found, not loaded.
 */

typedef struct world {
	state st;
	fixture *fx;
	nc_flow f;
	nc_arena *a;
	nc_act act;
	nc_provider *p;
} world;

static int set_up(world *w)
{
	const fixture_options fo = { .plugin = "test.good", .isolation = NC_ISO_PROCESS };
	_cleanup_(nc_freep) char *keys = nc_test_path("keys");
	nc_error err = NC_ERROR_INIT;

	memset(w, 0, sizeof(*w));
	(void)unlink(keys); /* of another installation */
	w->a = nc_arena_new(16u << 20);
	w->fx = fixture_new(&fo);
	if (!w->fx || !state_open(&w->st))
		return 0;
	w->f.db = w->st.db;
	w->f.plugins = w->fx->plugins;
	const nc_vault_options vo = {
		.db = w->st.db, .kind = NC_KIND_SECRET_VALUE, .key_file = keys
	};
	w->act = (nc_act){ .flow = &w->f, .arena = w->a };
	w->p = NC_AS(nc_provider, state_new(&nc_kind_provider, "farm", w->a));
	w->p->plugin = "test.good";
	return CHECK_OK(nc_vault_open(&vo, &w->f.vault, &err), &err);
}

static void tear_down(world *w)
{
	nc_vault_close(w->f.vault);
	state_free(&w->st);
	fixture_free(w->fx);
	nc_arena_free(w->a);
}

static nc_code take(world *w, nc_stage *s, int *ret_is_same, nc_error *err)
{
	nc_provider_config c = { .schema = NULL };
	const nc_root *r = nc_db_read_begin(w->st.db);
	nc_code rc = nc_provider_config_read(s, r, &c, err);

	if (rc == NC_OK)
		rc = nc_provider_config_seal(s, &c, ret_is_same, err);
	nc_db_read_end(w->st.db);
	nc_provider_config_done(&c);
	return rc;
}

/* A request with that configuration; 1 in *ret_is_same: there was nothing to write. */
static nc_code ask(world *w, const char *config, int *ret_is_same, nc_error *err)
{
	nc_stage s = { .a = &w->act, .txn = nc_txn_new(w->st.db), .object = &w->p->o };
	nc_bytes former = w->p->config;
	uint64_t seq = 0;

	nc_faults_init(&w->act.faults, w->a);
	w->p->config = nc_str(nc_arena_strdup(w->a, config));
	nc_code rc = take(w, &s, ret_is_same, err);
	if (rc == NC_OK && !*ret_is_same)
		rc = nc_model_put(s.txn, &w->p->o, err);
	if (rc != NC_OK || *ret_is_same) {
		w->p->config = former;
		nc_txn_free(s.txn);
		return rc;
	}
	rc = nc_txn_commit(s.txn, &seq, err);
	nc_model_committed(&w->p->o, seq);
	return rc;
}

static void must(world *w, const char *config)
{
	nc_error err = NC_ERROR_INIT;
	int is_same = 0;

	CHECK_OK(ask(w, config, &is_same, &err), &err);
	CHECK(!is_same);
}

static const char *shown(world *w)
{
	return nc_arena_strndup(w->a, w->p->config.ptr, w->p->config.len);
}

/* What the plugin would get. */
static void opens_as(world *w, const char *want)
{
	_cleanup_(nc_secret_freep) nc_secret *config = NULL;
	nc_error err = NC_ERROR_INIT;

	if (!CHECK_OK(nc_provider_config_open(&w->f, w->p, &config, &err), &err))
		return;
	nc_bytes got = nc_secret_get(config);
	CHECK_STR(nc_arena_strndup(w->a, got.ptr, got.len), want);
}

static uint64_t n_sealed(world *w)
{
	const nc_root *r = nc_db_read_begin(w->st.db);
	uint64_t n = nc_root_count(r, NC_KIND_SECRET_VALUE);

	nc_db_read_end(w->st.db);
	return n;
}

/* {set, version, digest} of the i-th key, as it is shown. */
static const char *shown_key(world *w, size_t i)
{
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;

	CHECK(nc_json_parse(w->p->config, 1u << 16, &doc, NULL) == NC_OK);
	char *text = nc_json_dump(json_array_get(json_object_get(doc, "keys"), i), JSON_COMPACT);
	const char *copy = nc_arena_strdup(w->a, text);
	nc_free(text);
	return copy;
}

static void what_is_stored_shows_no_value_of_any_type(void)
{
	world w;

	if (set_up(&w)) {
		must(&w, "{\"hosts\":2,\"password\":\"xyzzy\",\"pin\":47114711}");
		CHECK(!strstr(shown(&w), "xyzzy") && !strstr(shown(&w), "47114711"));
		CHECK(strstr(shown(&w), "{\"hosts\":2,\"password\":{\"set\":true,\"version\":1,") !=
			NULL);
		CHECK(n_sealed(&w) == 2);
		opens_as(&w, "{\"hosts\":2,\"password\":\"xyzzy\",\"pin\":47114711}");
	}
	tear_down(&w);
}

static void what_was_shown_is_taken_back_and_a_new_value_moves_the_version(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	int is_same = 0;

	if (set_up(&w)) {
		must(&w, "{\"password\":\"xyzzy\"}");
		CHECK_OK(ask(&w, shown(&w), &is_same, &err), &err);
		CHECK(is_same);
		CHECK_OK(ask(&w, "{\"password\":\"xyzzy\"}", &is_same, &err), &err);
		CHECK(is_same);
		must(&w, "{\"password\":\"plugh\"}");
		CHECK(strstr(shown(&w), "\"version\":2") != NULL);
		CHECK(n_sealed(&w) == 1); /* the former is shredded */
		opens_as(&w, "{\"password\":\"plugh\"}");
		must(&w, "{\"password\":null}");
		CHECK(n_sealed(&w) == 0);
	}
	tear_down(&w);
}

static void elements_of_a_list_may_move_and_one_that_goes_is_shredded(void)
{
	world w;

	if (set_up(&w)) {
		must(&w, "{\"keys\":[\"one\",\"two\",\"one\"]}");
		CHECK(n_sealed(&w) == 2); /* one value, wherever it stands */
		opens_as(&w, "{\"keys\":[\"one\",\"two\",\"one\"]}");
		must(&w, nc_arena_printf(w.a, "{\"keys\":[\"three\",%s]}", shown_key(&w, 2)));
		opens_as(&w, "{\"keys\":[\"three\",\"one\"]}");
		CHECK(n_sealed(&w) == 2);
		must(&w, nc_arena_printf(w.a, "{\"keys\":[%s]}", shown_key(&w, 1)));
		opens_as(&w, "{\"keys\":[\"one\"]}");
		CHECK(n_sealed(&w) == 1);
	}
	tear_down(&w);
}

/* Paths are cut where they are too long; two that look alike are two all the same. */
static void places_whose_paths_look_alike_are_told_apart(void)
{
	static char config[2000];
	char longest[301];
	world w;
	nc_error err = NC_ERROR_INIT;
	int is_same = 0;

	memset(longest, 'k', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	snprintf(config, sizeof(config), "{\"accounts\":{\"%s1\":\"one\",\"%s2\":\"two\"}}",
		longest, longest);
	if (set_up(&w)) {
		must(&w, config);
		CHECK_OK(ask(&w, shown(&w), &is_same, &err), &err);
		CHECK(is_same);
		opens_as(&w, config);
		must(&w, "{}");
		CHECK(n_sealed(&w) == 0);
	}
	tear_down(&w);
}

static void what_was_never_there_is_a_fault_that_changes_nothing(void)
{
	static const char never[] = "{\"password\":{\"set\":true,\"version\":1,\"digest\":"
				    "\"0123456789abcdef0123456789abcdef\"}}";
	world w;
	nc_error err = NC_ERROR_INIT;
	int is_same = 0;

	if (set_up(&w)) {
		CHECK(ask(&w, never, &is_same, &err) == NC_E_INVAL);
		must(&w, "{\"password\":\"xyzzy\"}");
		CHECK(ask(&w, never, &is_same, &err) == NC_E_INVAL);
		CHECK(nc_faults_has(&w.act.faults, "config.password"));
		opens_as(&w, "{\"password\":\"xyzzy\"}");
		/* Nobody says what is a secret: nothing is taken. */
		w.p->plugin = "test.none";
		CHECK(ask(&w, "{\"password\":\"plugh\"}", &is_same, &err) == NC_E_NOTFOUND);
		CHECK(err.hint[0] != '\0');
	}
	tear_down(&w);
}

static void what_lies_in_the_clear_is_sealed_where_it_lies(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;

	if (set_up(&w)) {
		w.p->config = nc_str(nc_arena_strdup(w.a, "{\"password\":\"xyzzy\",\"hosts\":1}"));
		CHECK(state_put(&w.st, &w.p->o));
		CHECK_OK(nc_provider_config_seal_stored(&w.f, w.p, &err), &err);
		nc_object *now = state_get(&w.st, &nc_kind_provider, w.p->o.id, w.a);
		CHECK(now && nc_bytes_eq(NC_AS(nc_provider, now)->config, w.p->config));
		CHECK(!strstr(shown(&w), "xyzzy"));
		opens_as(&w, "{\"password\":\"xyzzy\",\"hosts\":1}");
		uint64_t revision = w.p->o.revision;
		CHECK_OK(nc_provider_config_seal_stored(&w.f, w.p, &err), &err);
		CHECK(w.p->o.revision == revision);
	}
	tear_down(&w);
}

/* Else whoever puts the object next would store {set, …} of values that are nowhere. */
static void an_object_is_left_alone_if_its_sealing_was_not_stored(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;

	if (set_up(&w)) {
		w.p->config = nc_str(nc_arena_strdup(w.a, "{\"password\":\"xyzzy\"}"));
		CHECK(state_put(&w.st, &w.p->o));
		uint64_t rev = w.p->o.rev, revision = w.p->o.revision;
		w.p->o.rev--; /* somebody was faster */
		CHECK(nc_provider_config_seal_stored(&w.f, w.p, &err) == NC_E_CONFLICT);
		CHECK(w.p->o.revision == revision);
		CHECK_STR(shown(&w), "{\"password\":\"xyzzy\"}");
		w.p->o.rev = rev;
		nc_err_clear(&err);
		CHECK_OK(nc_provider_config_seal_stored(&w.f, w.p, &err), &err);
		opens_as(&w, "{\"password\":\"xyzzy\"}");
	}
	tear_down(&w);
}

/* With the n-th allocation failing; 1 in *ret_has_failed: there was one. */
static nc_code take_with_failure(world *w, const char *asked, uint64_t n, int *ret_has_failed)
{
	_cleanup_(nc_arena_freep) nc_arena *once = nc_arena_new(4u << 20);
	nc_error err = NC_ERROR_INIT;
	nc_provider p = *w->p;
	nc_stage s = { .a = &w->act, .txn = nc_txn_new(w->st.db), .object = &p.o };
	int is_same = 0;

	p.o.arena = w->act.arena = once;
	p.config = nc_str(nc_arena_strdup(once, asked));
	nc_faults_init(&w->act.faults, once);
	nc_alloc_fail_at(n, NC_FAIL_ONCE);
	nc_code rc = take(w, &s, &is_same, &err);
	*ret_has_failed = nc_alloc_has_failed();
	nc_alloc_fail_at(0, NC_FAIL_ONCE);
	nc_txn_free(s.txn);
	w->act.arena = w->a;
	return rc;
}

static void out_of_memory_is_told_and_nothing_is_lost(void)
{
	world w;

	if (set_up(&w)) {
		must(&w, "{\"password\":\"xyzzy\",\"keys\":[\"one\"]}");
		const char *asked = nc_arena_printf(
			w.a, "{\"password\":\"plugh\",\"pin\":7,\"keys\":[%s]}", shown_key(&w, 0));
		int has_failed = 1;
		uint64_t n = 0;
		while (has_failed && n < 10000) {
			nc_code rc = take_with_failure(&w, asked, ++n, &has_failed);
			/* some it can do without */
			CHECK(rc == NC_OK || (has_failed && rc == NC_E_NOMEM));
		}
		CHECK(n > 50 && !has_failed);
		opens_as(&w, "{\"password\":\"xyzzy\",\"keys\":[\"one\"]}");
	}
	tear_down(&w);
}

NC_TESTS(flow_provider_secrets){
	T(what_is_stored_shows_no_value_of_any_type),
	T(what_was_shown_is_taken_back_and_a_new_value_moves_the_version),
	T(elements_of_a_list_may_move_and_one_that_goes_is_shredded),
	T(places_whose_paths_look_alike_are_told_apart),
	T(what_was_never_there_is_a_fault_that_changes_nothing),
	T(what_lies_in_the_clear_is_sealed_where_it_lies),
	T(an_object_is_left_alone_if_its_sealing_was_not_stored),
	T(out_of_memory_is_told_and_nothing_is_lost),
};
