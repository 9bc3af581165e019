/* SPDX-License-Identifier: MIT */
#include "cli/flame_tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/stack.h>
#include <uthash.h>

#include "base/cleanup.h"

/* Where a stack of a thread of that name ends in the tree: a stack seen again costs one look-up. */
struct flame_leaf {
	struct {
		const struct usdtrap_stack *stack; /* only compared, never read: the session keeps each once */
		char comm[16];
	} key;
	struct flame_node *node;
	UT_hash_handle hh;
};

/* The child of NODE called NAME, made if it is not there. NULL: no memory. */
static struct flame_node *child_of(struct flame_tree *tree, struct flame_node *node, const char *name)
{
	struct flame_node *child;

	for (child = node->children; child; child = child->next)
		if (strcmp(child->name, name) == 0)
			return child;
	child = arena_allocate(&tree->arena, sizeof(*child));
	if (!child)
		return NULL;
	child->name = arena_copy(&tree->arena, name, strlen(name));
	if (!child->name)
		return NULL;
	child->next = node->children;
	node->children = child;
	return child;
}

/* A function's name, that of C++ as it was written, else its file's in brackets, as perf(1) has it. Semicolons separate
 * frames: none within one. */
static void name_frame(const struct usdtrap_frame *frame, char *buffer, size_t size)
{
	_cleanup_free_ char *demangled = frame->symbol ? usdtrap_demangle(frame->symbol) : NULL;
	const char *slash;

	if (frame->symbol) {
		snprintf(buffer, size, "%s", demangled ? demangled : frame->symbol);
	} else if (frame->path) {
		slash = strrchr(frame->path, '/');
		snprintf(buffer, size, frame->path[0] == '[' ? "%s" : "[%s]", slash ? slash + 1 : frame->path);
	} else {
		snprintf(buffer, size, "[unknown]");
	}
	for (char *at = buffer; *at; at++)
		if (*at == ';' || *at == '\n')
			*at = ':';
}

static struct flame_node *add_path(struct flame_tree *tree, const char *comm, const struct usdtrap_stack *stack)
{
	struct flame_node *node = child_of(tree, &tree->root, comm);
	char name[512];

	for (size_t i = stack->frame_count; node && i > 0; i--) {
		name_frame(stack->frames[i - 1], name, sizeof(name));
		node = child_of(tree, node, name);
	}
	return node;
}

void flame_tree_add(struct flame_tree *tree, const char *comm, const struct usdtrap_stack *stack)
{
	struct flame_leaf *leaf, wanted = {.key.stack = stack};

	strncpy(wanted.key.comm, comm, sizeof(wanted.key.comm) - 1);
	HASH_FIND(hh, tree->leaves, &wanted.key, sizeof(wanted.key), leaf);
	if (!leaf) {
		struct flame_node *node = add_path(tree, comm[0] ? comm : "?", stack);

		leaf = node ? arena_allocate(&tree->arena, sizeof(*leaf)) : NULL;
		if (!leaf)
			return;
		leaf->key = wanted.key;
		leaf->node = node;
		HASH_ADD(hh, tree->leaves, key, sizeof(leaf->key), leaf);
	}
	leaf->node->self++;
	tree->total++;
}

void flame_tree_deinit(struct flame_tree *tree)
{
	HASH_CLEAR(hh, tree->leaves);
	arena_deinit(&tree->arena);
	memset(tree, 0, sizeof(*tree));
}

uint64_t flame_node_total(const struct flame_node *node)
{
	uint64_t total = node->self;

	for (const struct flame_node *child = node->children; child; child = child->next)
		total += flame_node_total(child);
	return total;
}

/* PATH is the text of the callers. */
static void fold(const struct flame_node *node, struct strbuf *path, struct strbuf *out)
{
	const size_t length = path->length;

	strbuf_addf(path, "%s%s", length ? ";" : "", node->name);
	if (node->self)
		strbuf_addf(out, "%s %" PRIu64 "\n", strbuf_text(path), node->self);
	for (const struct flame_node *child = node->children; child; child = child->next)
		fold(child, path, out);
	path->length = length;
	path->text[length] = '\0';
}

void flame_tree_fold(const struct flame_tree *tree, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf path = {0};

	for (const struct flame_node *child = tree->root.children; child; child = child->next)
		fold(child, &path, out);
}
