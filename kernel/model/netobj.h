/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_NETOBJ_H
#define NC_MODEL_NETOBJ_H

#include "model/object.h"

/* Networks and what hangs on them. Ports and addresses outlive VMs. */
typedef struct nc_network_obj {
	nc_object o;                  /* status: creating active deleting error */
	const char *type;             /* "nat", "routed", "isolated", "bridge", "vlan" */
	const char *cidr;             /* NULL = that of the outside */
	const char *provider;         /* ref */
	const char *physical_network; /* ref: a placement requirement */
	int64_t vlan, vni, mtu;
	int is_external;
	const char *dns_domain;
	const char *native_id;
} nc_network_obj;

typedef struct nc_ip_range {
	const char *first, *last;
} nc_ip_range;

typedef struct nc_subnet {
	nc_object o;
	const char *network; /* ref */
	const char *cidr;
	const char *gateway;
	int has_dhcp;
	const char **dns;
	size_t n_dns;
	nc_ip_range *ranges;
	size_t n_ranges;
} nc_subnet;

typedef struct nc_port {
	nc_object o;          /* status: creating active down deleting error */
	const char *network;  /* ref */
	const char *vm, *nic; /* vm is a ref, nic the id of its NIC */
	const char *mac;
	const char **addresses;
	size_t n_addresses;
	const char **security_groups; /* refs */
	size_t n_security_groups;
	const char *host; /* ref: where it is plugged in */
	const char *native_id;
} nc_port;

typedef struct nc_address {  /* floating */
	nc_object o;         /* status: free assigned error */
	const char *network; /* ref: external */
	const char *ip;
	const char *port; /* ref: what it leads to */
	const char *native_id;
} nc_address;

typedef struct nc_rule { /* lives in its security group's rules[] */
	const char *id;
	const char *direction; /* "in", "out" */
	const char *protocol;  /* "tcp", "udp", "icmp", "any" */
	int64_t port_min, port_max;
	const char *cidr;
	const char *group; /* ref: security_group */
	const char *description;
} nc_rule;

typedef struct nc_security_group {
	nc_object o;
	nc_rule *rules;
	size_t n_rules;
	int is_stateful;
} nc_security_group;

extern const nc_sub_def nc_rule_def;

#endif
