/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_CMD_ALL_H
#define NC_CLI_CMD_ALL_H

#include "cli/cli.h"

/* Every command, in the order of help. A new one is a file in this folder and a line here. */
#define NC_COMMANDS(X)                                                                             \
	X(vm_create)                                                                               \
	X(vm_list)                                                                                 \
	X(vm_start)                                                                                \
	X(vm_stop)                                                                                 \
	X(vm_restart)                                                                              \
	X(vm_reset)                                                                                \
	X(vm_pause)                                                                                \
	X(vm_resume)                                                                               \
	X(vm_suspend)                                                                              \
	X(vm_wake)                                                                                 \
	X(vm_nmi)                                                                                  \
	X(vm_resize)                                                                               \
	X(vm_migrate)                                                                              \
	X(vm_snapshot)                                                                             \
	X(vm_disk_attach)                                                                          \
	X(vm_disk_resize)                                                                          \
	X(vm_disk_detach)                                                                          \
	X(vm_nic_attach)                                                                           \
	X(vm_nic_detach)                                                                           \
	X(vm_delete)                                                                               \
	X(vm_restore)                                                                              \
	X(vm_reset_state)                                                                          \
	X(kind_list)                                                                               \
	X(kind_show)                                                                               \
	X(kind_create)                                                                             \
	X(kind_update)                                                                             \
	X(kind_delete)                                                                             \
	X(snapshot_revert)                                                                         \
	X(volume_resize)                                                                           \
	X(host_cordon)                                                                             \
	X(host_maintenance)                                                                        \
	X(host_uncordon)                                                                           \
	X(provider_create)                                                                         \
	X(quota_set)                                                                               \
	X(quota_show)                                                                              \
	X(operation_list)                                                                          \
	X(operation_show)                                                                          \
	X(operation_wait)                                                                          \
	X(operation_cancel)                                                                        \
	X(operation_abandon)                                                                       \
	X(event_list)                                                                              \
	X(decision_list)                                                                           \
	X(decision_show)                                                                           \
	X(orphan_adopt)                                                                            \
	X(orphan_delete)                                                                           \
	X(plugin_status)                                                                           \
	X(plugin_info)                                                                             \
	X(plugin_test)                                                                             \
	X(plugin_load)                                                                             \
	X(plugin_quarantine)                                                                       \
	X(plugin_release)                                                                          \
	X(plugin_reload)                                                                           \
	X(plugin_search)                                                                           \
	X(plugin_fetch)                                                                            \
	X(plugin_verify)                                                                           \
	X(plugin_install)                                                                          \
	X(plugin_enable)                                                                           \
	X(plugin_disable)                                                                          \
	X(plugin_upgrade)                                                                          \
	X(plugin_rollback)                                                                         \
	X(plugin_pin)                                                                              \
	X(plugin_audit)                                                                            \
	X(plugin_mirror)                                                                           \
	X(plugin_gc)                                                                               \
	X(config_generate)                                                                         \
	X(config_check)                                                                            \
	X(config_show)                                                                             \
	X(config_reload)                                                                           \
	X(config_docs)                                                                             \
	X(state_show)                                                                              \
	X(state_check)                                                                             \
	X(state_backup)                                                                            \
	X(state_restore)                                                                           \
	X(state_repair)                                                                            \
	X(state_migrate)                                                                           \
	X(state_reset)                                                                             \
	X(state_rotate_key)                                                                        \
	X(health)                                                                                  \
	X(version)                                                                                 \
	X(explain)                                                                                 \
	X(completion)                                                                              \
	X(docs)

#define NC_COMMAND_DECL_(name) extern const nc_cmd nc_cmd_##name;
NC_COMMANDS(NC_COMMAND_DECL_)

#endif
