/* SPDX-License-Identifier: MIT */
/* secretive: a process that does not want to be looked into, as ssh-agent(1) is one: prctl(2), PR_SET_DUMPABLE. */
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
