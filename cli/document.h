/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_DOCUMENT_H
#define NC_CLI_DOCUMENT_H

#include "base/json.h"

/* Documents that people write: a file or standard input, JSON or YAML. */
#define NC_DOCUMENT_MAX ((size_t)4 << 20)

/*
 * `path` "-" reads standard input. YAML is read by its core schema (null, true, 12, 1.5, text); one
 * document, no anchors, aliases or tags, no key twice, at most NC_JSON_DEPTH_MAX deep. The caller owns *ret.
 * Faults name file, line and column.
 */
nc_code nc_document_read(const char *path, json_t **ret, nc_error *err);
/* The same from memory; `name` is what faults call it. */
nc_code nc_document_parse(nc_bytes text, const char *name, json_t **ret, nc_error *err);
/* YAML alone. */
nc_code nc_yaml_to_json(nc_bytes text, const char *name, json_t **ret, nc_error *err);

#endif
