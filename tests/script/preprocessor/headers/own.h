/* SPDX-License-Identifier: MIT */
/* Everything that a header may hold beside types. */
#ifndef OWN_H
#define OWN_H
#include <netinet/in.h>
#include <stdarg.h>

#define OWN_NUMBER    (40 + 2)
#define OWN_SUM(a, b) ((a) + (b))

enum own_order { FIRST, SECOND, THIRD = 'c' };

_Static_assert(sizeof(int) == 4, "int");

static inline int own_function(int a, ...)
{
	va_list list;
	const char *text = "} { \" ' ;";

	__asm__ volatile("nop" ::: "memory");
	va_start(list, a);
	va_end(list);
	for (int i = 0; i < 3; i++)
		a += text[i] == '}' ? 1 : 0;
	return a;
}

extern int own_variable, own_array[3], (*own_pointer)(const char *, ...) __attribute__((format(printf, 1, 2)));
static const double own_doubles[] = {1.5e-3, .5, 0x1p3, 2.0f};
typedef int own_matrix[WIDTH][2];
typedef struct own own_type;

struct own {
	struct in_addr address;
	own_matrix matrix;
	__extension__ union {
		long number;
		__typeof__(int) *unknown;
	};
};

struct own {
	struct in_addr address;
	own_matrix matrix;
	__extension__ union {
		unsigned long long number;
		void *pointer;
	};
	int (*callback)(own_type *self, int (*inner)(void));
	_Bool flag : 1;
	char name[];
} __attribute__((aligned(16)));

#endif
