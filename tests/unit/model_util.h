/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_MODEL_UTIL_H
#define NC_TESTS_MODEL_UTIL_H

#include "base/buf.h"
#include "model/model.h"
#include "model_full.h"
#include "testing.h"

/* What the tests of model/ have in common. */

/* Parsed JSON; single quotes stand for double ones. Ends the test run when it is not JSON. */
json_t *mu_json(const char *text);
/* A create request; NULL with faults. */
nc_object *mu_parse(const nc_kind *k, const char *text, nc_arena *a, nc_faults *f);
/* A create request that must be right, as the struct. */
nc_object *mu_make(const nc_kind *k, const char *text, nc_arena *a);
/* Rendered, in the object's arena. */
const char *mu_text(nc_object *obj);
/* The fault of a field, or NULL. */
const nc_fault *mu_fault(const nc_faults *f, const char *field);
/* Faults as lines "field: code", sorted as they are; into a static buffer. */
const char *mu_faults(const nc_faults *f);

#define MU_VM                                                                                      \
	"{'name':'web-1','vcpus':2,'memory_mib':2048,'image':'debian-12',"                         \
	"'disks':[{'size_gib':20}],'nics':[{'network':'blue'}],'labels':{'env':'prod'}}"

#endif
