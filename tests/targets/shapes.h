/* SPDX-License-Identifier: MIT */
/* Structures that shapes.c hands to its probes and tests/live/shapes.sh has a script include: they are the same. */
#ifndef SHAPES_H
#define SHAPES_H

#include <netinet/in.h>
#include <stdint.h>

enum shape_kind { CIRCLE, SQUARE = 4, LINE = -1 };

struct point {
	int16_t x;
	int16_t y;
};

struct shape {
	enum shape_kind kind;
	struct point corners[2];
	unsigned red : 5, green : 6, blue : 5;
	_Bool is_filled : 1;
	long depth : 40;
	char name[12];
	union {
		uint64_t id;
		struct {
			uint32_t low;
			uint32_t high;
		};
	};
	int grid[2][3];
	double area;
	float scale;
	const char *note;
	struct shape *next;
	struct point *path;
	struct in_addr address;
	unsigned char tail[];
};

struct tight {
	char mark;
	int32_t number;
	struct point point;
} __attribute__((packed));

#endif
