/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl as far as we need it: one easy handle over one Unix socket, our allocator, our limits.
 * Never follows redirects, never uses a proxy, never speaks anything but HTTP.
 */
#include "cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/err.h"

enum { TIMEOUT_S = 60, CONNECT_TIMEOUT_S = 10 };

struct nc_client {
	CURL *curl;
	char *socket;
	char why[CURL_ERROR_SIZE];
};

static CURLcode global_init(void)
{
	static int is_done;

	if (is_done)
		return CURLE_OK;
	CURLcode rc = curl_global_init_mem(
		CURL_GLOBAL_NOTHING, nc_malloc, nc_free, nc_realloc, nc_strdup, nc_calloc);
	is_done = rc == CURLE_OK;
	return rc;
}

nc_code nc_client_new(const char *socket, nc_client **ret, nc_error *err)
{
	_cleanup_(nc_client_freep) nc_client *c = nc_calloc(1, sizeof(*c));

	if (strlen(socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return nc_err(
			err, NC_E_INVAL, "socket \"%.120s…\" is longer than 107 bytes", socket);
	if (!c || global_init() != CURLE_OK)
		return nc_err_nomem(err);
	c->socket = nc_strdup(socket);
	c->curl = c->socket ? curl_easy_init() : NULL;
	if (!c->curl)
		return nc_err_nomem(err);
	*ret = nc_steal(&c);
	return NC_OK;
}

void nc_client_free(nc_client *c)
{
	if (!c)
		return;
	if (c->curl)
		curl_easy_cleanup(c->curl);
	nc_free(c->socket);
	nc_free(c);
}

void nc_client_answer_done(nc_client_answer *a)
{
	nc_buf_done(&a->body);
}

/* ---- curl's callbacks ---- */

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
	nc_client_answer *a = user;

	nc_buf_put(&a->body, data, size * n);
	return nc_buf_failed(&a->body) ? 0 : n;
}

static void keep_header(const char *line, size_t len, const char *name, char *out, size_t cap)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return;
	for (n++; n < len && line[n] == ' '; n++)
		;
	while (len > n && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
		len--;
	snprintf(out, cap, "%.*s", (int)(len - n), line + n);
}

static size_t on_header(char *line, size_t size, size_t n, void *user)
{
	nc_client_answer *a = user;
	size_t len = size * n;

	keep_header(line, len, "Content-Type", a->content_type, sizeof(a->content_type));
	keep_header(line, len, "ETag", a->etag, sizeof(a->etag));
	keep_header(line, len, "Idempotency-Replayed", a->replayed, sizeof(a->replayed));
	return n;
}

static int on_progress(
	void *user, curl_off_t total_in, curl_off_t in, curl_off_t total_out, curl_off_t out)
{
	const nc_client_request *req = user;

	(void)total_in;
	(void)in;
	(void)total_out;
	(void)out;
	return req->interrupted && *req->interrupted;
}

/* ---- one request ---- */

static void header_list_freep(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}

static int add_header(struct curl_slist **list, const char *name, const char *value)
{
	_cleanup_(nc_freep) char *line = nc_asprintf("%s: %s", name, value);
	struct curl_slist *longer = line ? curl_slist_append(*list, line) : NULL;

	if (longer)
		*list = longer;
	return longer != NULL;
}

static struct curl_slist *headers_of(const nc_client_request *req)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no 100-continue */
	int is_whole = list && add_header(&list, "Accept", "application/json");

	if (req->body.ptr)
		is_whole = is_whole && add_header(&list, "Content-Type", "application/json");
	for (size_t i = 0; i < req->n_headers; i++)
		if (req->headers[i].value)
			is_whole = is_whole &&
				   add_header(&list, req->headers[i].name, req->headers[i].value);
	if (is_whole)
		return list;
	curl_slist_free_all(list);
	return NULL;
}

static void set_up(nc_client *c, const nc_client_request *req, const char *url,
	struct curl_slist *headers, nc_client_answer *ret)
{
	int64_t ms = req->timeout_us ? req->timeout_us / 1000 : TIMEOUT_S * 1000;
	CURL *h = c->curl;

	curl_easy_reset(h); /* keeps the connection */
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->why);
	curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(h, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_USERAGENT, "novacron/" NC_VERSION);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)ms);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, ret);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, ret);
	curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(h, CURLOPT_XFERINFODATA, req);
	curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
	if (req->body.ptr || !strcmp(req->method, "POST")) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.len);
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, req->body.ptr ? req->body.ptr : "");
	}
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, req->method);
}

static nc_code not_reached(nc_client *c, nc_error *err)
{
	long os = 0;

	curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &os);
	nc_code rc = nc_err(err, os == EACCES || os == EPERM ? NC_E_DENIED : NC_E_UNAVAILABLE,
		"could not reach novacrond at %s: %s", c->socket,
		os ? strerror((int)os) : "nobody answers");
	if (rc == NC_E_DENIED)
		return nc_err_hint(err, rc,
			"join the group that owns the socket (server.socket_group), or run it as "
			"root");
	return nc_err_hint(
		err, rc, "is the daemon running? --socket or NOVACRON_SOCKET says where");
}

static nc_code broke(nc_client *c, const nc_client_request *req, nc_error *err)
{
	nc_code rc = nc_err(err, NC_E_UNAVAILABLE, "the connection to novacrond broke: %.200s",
		*c->why ? c->why : "it hung up");

	if (req->changes_nothing)
		return rc;
	if (err)
		err->flags |= NC_ERR_OUTCOME_UNKNOWN;
	return nc_err_hint(err, rc,
		"nobody knows whether it was done: look first; with --idempotency-key it can be "
		"repeated safely");
}

static nc_code failed(nc_client *c, CURLcode rc, const nc_client_request *req,
	const nc_client_answer *a, nc_error *err)
{
	switch (rc) {
	case CURLE_COULDNT_CONNECT:
		return not_reached(c, err);
	case CURLE_OUT_OF_MEMORY:
		return nc_err_nomem(err);
	case CURLE_ABORTED_BY_CALLBACK:
		return nc_err(err, NC_E_CANCELLED, "interrupted");
	case CURLE_OPERATION_TIMEDOUT:
		return nc_err(
			err, NC_E_TIMEOUT, "novacrond at %s did not answer in time", c->socket);
	case CURLE_WRITE_ERROR:
		if (a->body.error == NC_E_NOMEM)
			return nc_err_nomem(err);
		return nc_err(err, NC_E_PROTO, "the answer is larger than %zu MiB",
			NC_CLIENT_ANSWER_MAX >> 20);
	default:
		return broke(c, req, err);
	}
}

nc_code nc_client_send(
	nc_client *c, const nc_client_request *req, nc_client_answer *ret, nc_error *err)
{
	_cleanup_(nc_freep) char *url = nc_asprintf("http://localhost%s", req->path);
	_cleanup_(header_list_freep) struct curl_slist *headers = headers_of(req);
	long status = 0;

	*ret = (nc_client_answer){ .status = 0 };
	nc_buf_init(&ret->body, NC_CLIENT_ANSWER_MAX);
	if (!url || !headers)
		return nc_err_nomem(err);
	c->why[0] = '\0';
	set_up(c, req, url, headers, ret);
	CURLcode rc = curl_easy_perform(c->curl);
	if (rc != CURLE_OK)
		return failed(c, rc, req, ret, err);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	ret->status = (int)status;
	return NC_OK;
}
