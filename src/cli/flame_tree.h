/* SPDX-License-Identifier: MIT */
/*
 * Stacks merged into a tree: callers above, what they called below, each with
 * how often it was seen. Nothing in it points to the session's memory.
 */
#ifndef USDTRAP_CLI_FLAME_TREE_H
#define USDTRAP_CLI_FLAME_TREE_H

#include <stddef.h>
#include <stdint.h>

#include <usdtrap/stack.h>

#include "base/arena.h"
#include "base/strbuf.h"

struct flame_node {
	const char *name;
	uint64_t self; /* stacks that end here */
	struct flame_node *children;
	struct flame_node *next; /* of the same caller */
};

/* All zero is an empty one. */
struct flame_tree {
	struct arena arena;
	struct flame_node root;
	struct flame_leaf *leaves; /* by stack */
	uint64_t total;
};

/* Counts STACK of a thread called COMM. */
void flame_tree_add(struct flame_tree *tree, const char *comm, const struct usdtrap_stack *stack);
void flame_tree_deinit(struct flame_tree *tree);

/* Stacks under NODE, its own among them. */
uint64_t flame_node_total(const struct flame_node *node);
/* Appends a line "COMM;CALLER;...;FUNCTION COUNT" for each different stack, as flamegraph.pl and speedscope read them.
 */
void flame_tree_fold(const struct flame_tree *tree, struct strbuf *out);

#endif
