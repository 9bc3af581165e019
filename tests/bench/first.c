/* SPDX-License-Identifier: MIT */
/* first COMMAND [ARGUMENT...]: how many microseconds after it was started a command wrote its first byte. */
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	uint64_t start = now_us(), first = 0;
	char buffer[4096];
	int output[2];
	pid_t child;

	if (argc < 2 || pipe(output) != 0 || (child = fork()) < 0)
		return 2;
	if (child == 0) {
		dup2(output[1], STDOUT_FILENO);
		close(output[0]);
		close(output[1]);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	close(output[1]);
	while (read(output[0], buffer, sizeof(buffer)) > 0)
		if (first == 0)
			first = now_us() - start;
	while (waitpid(child, NULL, 0) != child)
		continue;
	if (first == 0)
		return 1;
	printf("%lu\n", (unsigned long)first);
	return 0;
}
