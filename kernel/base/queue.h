/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_QUEUE_H
#define NC_BASE_QUEUE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* Intrusive doubly linked list; a head is a node linked to itself. One thread or under a lock. */
typedef struct nc_list {
	struct nc_list *prev, *next;
} nc_list;
static inline void nc_list_init(nc_list *l)
{
	l->prev = l->next = l;
}
static inline int nc_list_is_empty(const nc_list *l)
{
	return l->next == l;
}
static inline void nc_list_add_tail(nc_list *head, nc_list *n)
{
	n->prev = head->prev;
	n->next = head;
	head->prev->next = n;
	head->prev = n;
}
static inline void nc_list_del(nc_list *n) /* safe twice */
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->prev = n->next = n;
}
#define NC_LIST_ENTRY(n, type, member) NC_CONTAINER(n, type, member)
#define NC_LIST_EACH(n, head)                                                                      \
	for (nc_list *n = (head)->next, *n##_next = n->next; n != (head);                          \
		n = n##_next, n##_next = n->next)

/*
 * Many producers, one consumer, intrusive, unbounded (what is queued bounds itself). push: any
 * thread, lock-free; pop_all: the consumer, everything in order of arrival as a chain by `next`.
 * The consumer sleeps on wake_fd, which push signals when the queue was empty. push touches the
 * queue after its node may have been popped: done comes after the last push has returned.
 */
typedef struct nc_qnode {
	struct nc_qnode *next;
} nc_qnode;
typedef struct nc_mpsc {
	_Atomic(nc_qnode *) head;
	int wake_fd; /* eventfd, or -1: the consumer polls */
} nc_mpsc;
int nc_mpsc_init(nc_mpsc *q); /* 0, or errno */
void nc_mpsc_done(nc_mpsc *q);
void nc_mpsc_push(nc_mpsc *q, nc_qnode *n);
nc_qnode *nc_mpsc_pop_all(nc_mpsc *q);             /* NULL when empty; drains the eventfd */
void nc_mpsc_wait(nc_mpsc *q, int64_t timeout_us); /* until not empty; -1 = for ever */

#endif
