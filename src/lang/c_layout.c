/* SPDX-License-Identifier: MIT */
#include "lang/c_layout.h"

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) / alignment * alignment;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t limited(const struct c_layout *layout, uint32_t alignment)
{
	return layout->limit && alignment > layout->limit ? layout->limit : alignment;
}

/* What MEMBER is aligned to in this struct. An attribute of the member may lower it only together with `packed'. */
static uint32_t effective_alignment(const struct c_layout *layout, const struct c_layout_member *member)
{
	uint32_t alignment = layout->is_packed || member->is_packed ? 1 : member->alignment;

	return limited(layout, larger(alignment, member->asked));
}

/* A member that ends at END bits is there. */
static void note_end(struct c_layout *layout, uint64_t end)
{
	if (end > layout->size_bits)
		layout->size_bits = end;
	layout->bits = layout->is_union ? 0 : end;
}

uint64_t c_layout_add(struct c_layout *layout, const struct c_layout_member *member)
{
	uint32_t alignment = effective_alignment(layout, member);
	uint64_t offset = align_up(layout->bits, (uint64_t)alignment * 8);

	layout->alignment = larger(layout->alignment, alignment);
	note_end(layout, offset + (uint64_t)member->size * 8);
	return offset / 8;
}

uint64_t c_layout_add_bits(struct c_layout *layout, const struct c_layout_member *member, uint32_t width)
{
	uint32_t alignment = effective_alignment(layout, member);
	uint64_t unit = (uint64_t)limited(layout, member->alignment) * 8;
	uint64_t offset = layout->bits;
	bool is_packed = layout->is_packed || member->is_packed;

	if (width == 0) {
		/* Not even `packed' changes what `int : 0' is for. */
		note_end(layout, align_up(offset, larger((uint32_t)unit, member->asked * 8)));
		return layout->bits;
	}
	/* Its type only says which boundaries it may not cross; where it begins, only its own attribute does. */
	if (member->asked)
		offset = align_up(offset, (uint64_t)limited(layout, member->asked) * 8);
	if (!is_packed && offset % unit + width > (uint64_t)member->size * 8)
		offset = align_up(offset, unit);
	if (member->has_name)
		layout->alignment = larger(layout->alignment, alignment);
	note_end(layout, offset + width);
	return offset;
}

uint64_t c_layout_finish(const struct c_layout *layout, uint32_t asked, uint32_t *ret_alignment)
{
	uint32_t alignment = larger(larger(layout->alignment, asked), 1);

	*ret_alignment = alignment;
	return align_up(layout->size_bits, (uint64_t)alignment * 8) / 8;
}
