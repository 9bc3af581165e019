/* SPDX-License-Identifier: MIT */
/*
 * shapes: hits shapes:shape(number, struct shape *, struct tight *) twelve
 * times with changing contents and prints, field by field, what the script of
 * tests/live/shapes.sh should read.
 */
#include <inttypes.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/sdt.h>

#include "shapes.h"
#include "target.h"

static const char *kind_name(enum shape_kind kind)
{
	switch (kind) {
	case CIRCLE:
		return "CIRCLE";
	case SQUARE:
		return "SQUARE";
	case LINE:
		return "LINE";
	}
	return "7";
}

static void say(int number, const struct shape *shape, const struct tight *tight)
{
	printf("%d %s [{%d %d} {%d %d}] %u %u %u %s %ld\n", number, kind_name(shape->kind), shape->corners[0].x,
	       shape->corners[0].y, shape->corners[1].x, shape->corners[1].y, shape->red, shape->green, shape->blue,
	       shape->is_filled ? "true" : "false", (long)shape->depth);
	printf("%s %" PRIu64 " %" PRIu32 " %" PRIu32 " [[%d,%d,%d],[%d,%d,%d]] %g %g\n", shape->name, shape->id,
	       shape->low, shape->high, shape->grid[0][0], shape->grid[0][1], shape->grid[0][2], shape->grid[1][0],
	       shape->grid[1][1], shape->grid[1][2], shape->area, (double)shape->scale);
	printf("%s %s %p %d %d %u %u\n", shape->note, shape->next ? shape->next->name : "",
	       shape->next ? (void *)shape->next : (void *)0, shape->path[2].y, (shape->path + 1)->x,
	       (unsigned)shape->address.s_addr, shape->tail[3]);
	printf("{ .mark = %d, .number = %d, .point = { .x = %d, .y = %d } }\n", tight->mark, tight->number,
	       tight->point.x, tight->point.y);
	fflush(stdout);
}

static void fill(struct shape *shape, int number)
{
	static const enum shape_kind kinds[] = {CIRCLE, SQUARE, LINE, (enum shape_kind)7};
	static const char *const notes[] = {"first", "", "a longer note about the shape"};

	shape->kind = kinds[number % 4];
	for (int i = 0; i < 2; i++)
		shape->corners[i] = (struct point){(int16_t)(number * 100 - 500 + i), (int16_t)(-number * 7)};
	shape->red = (unsigned)number * 3 & 31;
	shape->green = (unsigned)number * 11 & 63;
	shape->blue = 31 - ((unsigned)number & 31);
	shape->is_filled = number % 2;
	shape->depth = (number % 3 - 1) * 123456789012 / (number + 1);
	snprintf(shape->name, sizeof(shape->name), "shape-%d", number);
	shape->id = (uint64_t)number * UINT64_C(0x123456789abcdef);
	for (int i = 0; i < 6; i++)
		shape->grid[i / 3][i % 3] = number * 10 - i * i * i;
	shape->area = number * 0.25 - 1;
	shape->scale = (float)number * 1.5f;
	shape->note = notes[number % 3];
	shape->address.s_addr = (in_addr_t)number * 0x01020304u;
	for (int i = 0; i < 8; i++)
		shape->tail[i] = (unsigned char)(number + i * 30);
}

int main(void)
{
	struct shape *shapes[2];
	struct point path[3];

	for (int i = 0; i < 2; i++) {
		shapes[i] = calloc(1, sizeof(struct shape) + 8);
		if (shapes[i] == NULL)
			target_fail("calloc");
	}
	target_ready();
	for (int number = 0; number < 12; number++) {
		struct shape *shape = shapes[number % 2];
		struct tight tight = {
			.mark = (char)(number * 20), .number = -number * 100000, .point = {(int16_t)number, -1}};

		fill(shape, number);
		for (int i = 0; i < 3; i++)
			path[i] = (struct point){(int16_t)(number - i), (int16_t)(number * i)};
		shape->path = path;
		shape->next = number ? shapes[1 - number % 2] : NULL;
		DTRACE_PROBE3(shapes, shape, number, shape, &tight);
		say(number, shape, &tight);
	}
	return 0;
}
