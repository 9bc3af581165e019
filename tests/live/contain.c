/* SPDX-License-Identifier: MIT */
/*
 * contain [user] [chroot] [overlay=LOWER:UPPER:WORK] TREE PROGRAM [ARGUMENT...]:
 * runs PROGRAM as a container does: as process 1 of pid and mount namespaces of
 * its own, with the folder TREE as its root and a /proc of its own.
 *	user	in a user namespace, too, where whoever runs this is root
 *	chroot	TREE becomes the root by chroot(2) alone, in the namespaces that are
 *	overlay	an overlay of the folders LOWER and UPPER is mounted on TREE
 * Exit status 77, with the reason, where that is not allowed; else the program's.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void refuse(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(77);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		refuse(path);
	close(fd);
}

/* Makes whoever this is root in a user namespace that was just made. */
static void map_user(uid_t uid, gid_t gid)
{
	char text[64];

	write_text("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "0 %u 1", uid);
	write_text("/proc/self/uid_map", text);
	snprintf(text, sizeof(text), "0 %u 1", gid);
	write_text("/proc/self/gid_map", text);
}

static void mount_overlay(const char *folders, const char *tree)
{
	char lower[4096], upper[4096], work[4096], options[3 * 4096 + 64];

	if (sscanf(folders, "%4095[^:]:%4095[^:]:%4095[^:]", lower, upper, work) != 3) {
		errno = EINVAL;
		refuse(folders);
	}
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work);
	if (mount("overlay", tree, "overlay", 0, options) != 0)
		refuse("overlay");
}

static void enter(const char *tree)
{
	if (mount(tree, tree, NULL, MS_BIND | MS_REC, NULL) != 0 || chdir(tree) != 0)
		refuse(tree);
	mkdir("proc", 0755);
	mkdir("former", 0755);
	if (mount("proc", "proc", "proc", 0, NULL) != 0)
		refuse("proc");
	if (syscall(SYS_pivot_root, ".", "former") != 0 || chdir("/") != 0 || umount2("former", MNT_DETACH) != 0)
		refuse("pivot_root");
	rmdir("former");
}

static _Noreturn void run(char **program)
{
	execv(program[0], program);
	refuse(program[0]);
}

int main(int argc, char **argv)
{
	bool has_user = false, is_chroot = false;
	const char *folders = NULL;
	uid_t uid = getuid();
	gid_t gid = getgid();
	int status;
	pid_t child;

	for (; argc > 1; argc--, argv++) {
		if (strcmp(argv[1], "user") == 0)
			has_user = true;
		else if (strcmp(argv[1], "chroot") == 0)
			is_chroot = true;
		else if (strncmp(argv[1], "overlay=", 8) == 0)
			folders = argv[1] + 8;
		else
			break;
	}
	if (argc < 3) {
		fprintf(stderr,
			"usage: contain [user] [chroot] [overlay=LOWER:UPPER:WORK] TREE PROGRAM [ARGUMENT...]\n");
		return 1;
	}
	if (is_chroot) {
		if (chroot(argv[1]) != 0 || chdir("/") != 0)
			refuse("chroot");
		run(argv + 2);
	}
	if (unshare(CLONE_NEWNS | CLONE_NEWPID | (has_user ? CLONE_NEWUSER : 0)) != 0)
		refuse("unshare");
	if (has_user)
		map_user(uid, gid);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		refuse("mount");
	child = fork();
	if (child < 0)
		refuse("fork");
	if (child == 0) {
		if (folders != NULL)
			mount_overlay(folders, argv[1]);
		enter(argv[1]);
		run(argv + 2);
	}
	while (waitpid(child, &status, 0) != child)
		if (errno != EINTR)
			refuse("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
