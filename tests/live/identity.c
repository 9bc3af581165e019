/* SPDX-License-Identifier: MIT */
/* identity: exits with 0 if it runs with root's rights, by whatever its set-user-ID bit says, else with 1. */
#include <unistd.h>

int main(void)
{
	return geteuid() != 0;
}
