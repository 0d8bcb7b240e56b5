/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what people wrote: whole, bounded, as JSON if it looks so, else as YAML. */
#include "cli/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

enum { CHUNK = 64 << 10 };

static nc_code slurp(int fd, const char *name, nc_buf *b, nc_error *err)
{
	for (;;) {
		char *room = nc_buf_reserve(b, CHUNK);
		if (!room)
			return b->error == NC_E_NOMEM
				       ? nc_err_nomem(err)
				       : nc_err(err, NC_E_INVAL, "%s is larger than %zu MiB", name,
						 NC_DOCUMENT_MAX >> 20);
		ssize_t n = read(fd, room, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nc_err_errno(err, errno, "could not read %s", name);
		if (!n)
			return NC_OK;
		nc_buf_commit(b, (size_t)n);
	}
}

nc_code nc_document_parse(nc_bytes text, const char *name, json_t **ret, nc_error *err)
{
	const char *p = text.ptr, *end = p + text.len;

	while (p < end && strchr(" \t\r\n", *p))
		p++;
	if (p == end)
		return nc_err(err, NC_E_INVAL, "%s is empty", name);
	if (*p != '{' && *p != '[')
		return nc_yaml_to_json(text, name, ret, err);
	nc_error why = NC_ERROR_INIT;
	nc_code rc = nc_json_parse(text, NC_DOCUMENT_MAX, ret, &why);
	if (rc == NC_OK)
		return NC_OK;
	if (rc == NC_E_NOMEM)
		return nc_err_nomem(err);
	/* YAML's flow style begins so too: {a: 1}. */
	if (nc_yaml_to_json(text, name, ret, err) == NC_OK)
		return NC_OK;
	nc_err_clear(err);
	return nc_err(err, rc, "%s: %s", name, why.message);
}

nc_code nc_document_read(const char *path, json_t **ret, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;
	_cleanup_(nc_closep) int fd = -1;
	int is_stdin = !strcmp(path, "-");
	const char *name = is_stdin ? "standard input" : path;

	nc_buf_init(&b, NC_DOCUMENT_MAX + CHUNK);
	if (!is_stdin && (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return nc_err_errno(err, errno, "could not open %s", path);
	nc_code rc = slurp(is_stdin ? STDIN_FILENO : fd, name, &b, err);
	return rc == NC_OK ? nc_document_parse(nc_buf_bytes(&b), name, ret, err) : rc;
}
