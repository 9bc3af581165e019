/* SPDX-License-Identifier: MIT */
/* linked: a program with no probe, linked to libprobe.so, which it calls five times. */
#include "libprobe.h"
#include "target.h"

int main(void)
{
	target_ready();
	for (int i = 0; i < 5; i++)
		libprobe_work(i);
	printf("@constructor: 3\n@destructor: 1\n@work: 5\n");
	return 0;
}
