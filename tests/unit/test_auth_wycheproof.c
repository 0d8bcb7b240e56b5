/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/jwt.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/json.h"
#include "testing.h"

/*
 * Project Wycheproof's cases, read from the shared data beside the source tree: each of Ed25519
 * has its verdict, and of the web signatures (none of them EdDSA, some of them right) we take none.
 */

#define CASES_MAX (4u << 20)

/* NULL = there is no shared data here, which was said. */
static json_t *read_cases(const char *file)
{
	const char *shared = getenv("NC_SHARED_DATA");
	char path[512];
	_cleanup_(nc_freep) char *text = NULL;
	size_t len;
	json_t *cases = NULL;
	nc_error err = NC_ERROR_INIT;
	snprintf(path, sizeof(path), "%s/extra/jose/wycheproof/testvectors_v1/%s",
		shared ? shared : NC_SOURCE_DIR "/../shared/data", file);
	if (nc_file_read(path, CASES_MAX, &text, &len, &err) != NC_OK) {
		CHECK_CODE(err.code, NC_E_NOTFOUND);
		puts("skipped: no shared data");
		return NULL;
	}
	CHECK_OK(nc_json_parse((nc_bytes){ text, len }, CASES_MAX, &cases, &err), &err);
	return cases;
}

static const char *member(const json_t *j, const char *name)
{
	return json_string_value(json_object_get(j, name));
}

static nc_bytes unhex(const char *hex, uint8_t *mem, size_t cap)
{
	size_t n = strlen(hex) / 2;
	CHECK(n <= cap && nc_unhex(hex, n * 2, mem) == 0);
	return (nc_bytes){ mem, n };
}

static void check_signature(const json_t *group, const json_t *c)
{
	uint8_t key[NC_ED25519_PUBLIC], message[4096], signature[256];
	unhex(member(json_object_get(group, "publicKey"), "pk"), key, sizeof(key));
	nc_bytes m = unhex(member(c, "msg"), message, sizeof(message));
	nc_bytes s = unhex(member(c, "sig"), signature, sizeof(signature));
	nc_code want = strcmp(member(c, "result"), "valid") == 0 ? NC_OK : NC_E_DENIED;
	if (!CHECK_CODE(nc_ed25519_verify(key, m, s, NULL), want))
		printf("    case %lld: %s\n",
			(long long)json_integer_value(json_object_get(c, "tcId")),
			member(c, "comment"));
}

static void ed25519_cases_have_both_verdicts(void)
{
	_cleanup_(nc_json_decrefp) json_t *all = read_cases("ed25519_test.json");
	size_t i, k, n = 0;
	json_t *group, *c;
	if (!all)
		return;
	json_array_foreach(json_object_get(all, "testGroups"), i, group)
		json_array_foreach(json_object_get(group, "tests"), k, c)
	{
		check_signature(group, c);
		n++;
	}
	CHECK_UINT(n, (uint64_t)json_integer_value(json_object_get(all, "numberOfTests")));
	printf("# %zu cases of ed25519\n", n);
}

static void web_signatures_are_all_refused(void)
{
	_cleanup_(nc_json_decrefp) json_t *all = read_cases("json_web_signature_test.json");
	_cleanup_(nc_jwt_key_done) nc_jwt_key key = { .seed = NULL };
	static const uint8_t seed[NC_ED25519_SEED] = { 1 };
	size_t i, k, n = 0;
	json_t *group, *c;
	nc_jwt t;
	if (!all)
		return;
	CHECK_CODE(nc_jwt_key_init(&key, (nc_bytes){ seed, sizeof(seed) }, NULL), NC_OK);
	json_array_foreach(json_object_get(all, "testGroups"), i, group)
		json_array_foreach(json_object_get(group, "tests"), k, c)
	{
		nc_bytes token = nc_str(member(c, "jws"));
		CHECK_CODE(nc_jwt_verify(&key, token, 0, &t, NULL), NC_E_DENIED);
		n++;
	}
	CHECK_UINT(n, (uint64_t)json_integer_value(json_object_get(all, "numberOfTests")));
	printf("# %zu web signatures\n", n);
}

NC_TESTS(auth_wycheproof){
	T(ed25519_cases_have_both_verdicts),
	T(web_signatures_are_all_refused),
};
