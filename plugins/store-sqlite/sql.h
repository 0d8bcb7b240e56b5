/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_SQL_H
#define SS_SQL_H

/* Every statement that runs on the two files, by name; their texts stand in one table in sql.c. */
typedef enum {
	SS_BEGIN_READ = 0,
	SS_BEGIN_WRITE,
	SS_COMMIT,
	SS_ROLLBACK,
	SS_META_GET,
	SS_META_PUT,
	SS_TIP_MOVE,
	SS_REC_PUT,
	SS_REC_READ,
	SS_REC_PROBE,
	SS_REC_LAST,
	SS_REC_SIZES,
	SS_REC_DROP,
	SS_KV_PUT,
	SS_KV_DEL,
	SS_KV_SCAN,
	SS_KV_PROBE,
	SS_SPACE_NEXT,
	SS_INTEGRITY,
	SS_STMT_COUNT
} ss_stmt_id;

const char *ss_sql(ss_stmt_id id);

/* What a new file is made of, and what older ones go through; see schema.c. */
extern const char ss_sql_create_log[];
extern const char ss_sql_create_state[];

#endif
