/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "http/conn.h"
#include "http/req.h"
#include "http/res.h"

/*
 * Answering on the reactor's thread, whatever the protocol: what may be sent is checked here, how
 * it is sent is the codec's. An application that tries to send what cannot be sent has a bug, and
 * its client gets a 500 that says nothing about it.
 */

static nc_code refuse(nc_http_req *r, const nc_http_res *res, const char *what)
{
	nc_log(L_ERROR, "http.response.invalid", F_STR("part", what), F_I64("status", res->status),
		F_STR("path", r->target_path), F_STR("request_id", r->id));
	nc_http_res_drop(res);
	r->conn->codec->reply(r, &(nc_http_res){ .status = 500 });
	return NC_E_INVAL;
}

static nc_code drop_late(const nc_http_req *r, const nc_http_res *res, const char *what)
{
	nc_log(L_ERROR, "http.response.out_of_order", F_STR("call", what),
		F_STR("path", r->target_path), F_STR("request_id", r->id));
	nc_http_res_drop(res);
	return NC_E_EXISTS;
}

nc_code nc_http_reply(nc_http_req *r, const nc_http_res *res)
{
	const char *what;
	if (r->phase != NC_REQ_OPEN)
		return drop_late(r, res, "reply");
	nc_http_timer_stop(&r->patience);
	if (nc_http_res_check(res, &what) != NC_OK)
		return refuse(r, res, what);
	return r->conn->codec->reply(r, res);
}

nc_code nc_http_req_stream_begin(
	nc_http_req *r, const nc_http_res *res, const nc_http_stream_opts *opts)
{
	enum { HIGH_WATER = 1 << 20 };
	const char *what;
	if (r->phase != NC_REQ_OPEN)
		return drop_late(r, res, "stream_begin");
	nc_http_timer_stop(&r->patience);
	nc_code code = nc_http_res_check(res, &what);
	if (code == NC_OK && nc_http_res_length(res) > 0) {
		what = "body";
		code = NC_E_INVAL;
	}
	if (code != NC_OK)
		return refuse(r, res, what);
	r->stream_opts = *opts;
	if (r->stream_opts.high_water == 0)
		r->stream_opts.high_water = HIGH_WATER;
	return r->conn->codec->stream_begin(r, res);
}

nc_code nc_http_body_start(nc_http_req *r, nc_http_body_fn *on_data, void *user)
{
	if (r->on_body || !r->route || r->route->body != NC_HTTP_BODY_STREAMED)
		return NC_E_INVAL;
	r->on_body = on_data;
	r->on_body_user = user;
	r->conn->codec->body_start(r);
	return NC_OK;
}
