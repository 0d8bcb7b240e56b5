/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "flow/features.h"
#include "testing.h"

/* What is left of a request for a driver that declares less than it asks for. */

static nc_code has_one(void *ctx, const char *feature, nc_error *err)
{
	const char *has = ctx;
	if (!strcmp(has, feature))
		return NC_OK;
	return nc_err(err, NC_E_UNSUPPORTED, "no %s", feature);
}

static nc_code fit(const char *verb, const char *request, const char *has, nc_buf *buf,
	nc_bytes *ret, nc_error *err)
{
	nc_buf_init(buf, 4096);
	*ret = nc_str(request);
	return nc_features_fit(verb, ret, has_one, (void *)(uintptr_t)has, buf, err);
}

#define REQUEST "{\"vcpus\":1,\"metadata\":{\"a\":\"b\"},\"start\":true}"

static void what_describes_is_left_out(void)
{
	_cleanup_(nc_buf_done) nc_buf buf = { 0 };
	nc_error err = NC_ERROR_INIT;
	nc_bytes out;
	CHECK_OK(fit("compute.create", REQUEST, "", &buf, &out, &err), &err);
	CHECK(nc_bytes_eq(out, nc_str("{\"vcpus\":1,\"start\":true}")));
}

static void what_is_declared_goes_as_it_is(void)
{
	_cleanup_(nc_buf_done) nc_buf buf = { 0 };
	nc_error err = NC_ERROR_INIT;
	nc_bytes out;
	CHECK_OK(fit("compute.update", REQUEST, "compute.metadata", &buf, &out, &err), &err);
	CHECK(nc_bytes_eq(out, nc_str(REQUEST)));
	CHECK_UINT(buf.len, 0);
}

static void a_verb_without_such_fields_is_not_looked_at(void)
{
	_cleanup_(nc_buf_done) nc_buf buf = { 0 };
	nc_error err = NC_ERROR_INIT;
	nc_bytes out;
	CHECK_OK(fit("compute.power", REQUEST, "", &buf, &out, &err), &err);
	CHECK(nc_bytes_eq(out, nc_str(REQUEST)));
}

static void what_changes_the_guest_is_refused(void)
{
	static const char *const fields[] = { "user_data", "firmware" };
	for (size_t i = 0; i < NC_LEN(fields); i++) {
		_cleanup_(nc_buf_done) nc_buf buf = { 0 };
		nc_error err = NC_ERROR_INIT;
		nc_bytes out;
		char request[100];
		snprintf(request, sizeof(request), "{\"%s\":\"x\",\"metadata\":{}}", fields[i]);
		CHECK_CODE(fit("compute.create", request, "compute.metadata", &buf, &out, &err),
			NC_E_UNSUPPORTED);
		CHECK_HAS(err.message, fields[i]);
		CHECK(nc_bytes_eq(out, nc_str(request)));
	}
}

NC_TESTS(flow_features){
	T(what_describes_is_left_out),
	T(what_is_declared_goes_as_it_is),
	T(a_verb_without_such_fields_is_not_looked_at),
	T(what_changes_the_guest_is_refused),
};
