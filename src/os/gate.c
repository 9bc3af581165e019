/* SPDX-License-Identifier: MIT */
#include "os/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock_time.h"
#include "base/error.h"

#define NS_A_MS UINT64_C(1000000)

enum order_word { ORDER_MARK, ORDER_ALLOW, ORDER_HURRY };

/* What the owner says. A file to be marked travels with it. */
struct order {
	enum order_word word;
	enum fanotify_mark_kind kind;
	uint32_t id;
};

/* ---- Sockets, both sides ----------------------------------------------------------------------------------------- */

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr alignment;
};

/* Sends SIZE bytes and FD (-1: none), without waiting. 0, or an errno(3). */
static int send_with(int socket, const void *bytes, size_t size, int fd)
{
	struct iovec data = {.iov_base = (void *)bytes, .iov_len = size};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	union control control = {0};
	struct cmsghdr *rights;
	ssize_t sent;

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		rights = CMSG_FIRSTHDR(&message);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &fd, sizeof(int));
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? errno : 0;
}

/* Takes one message of SIZE bytes, and *RET_FD with it (-1: none), without waiting. */
static enum gate_result receive_with(int socket, void *bytes, size_t size, int *ret_fd)
{
	struct iovec data = {.iov_base = bytes, .iov_len = size};
	union control control = {0};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	const struct cmsghdr *rights;
	ssize_t got;

	*ret_fd = -1;
	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? GATE_SILENCE : GATE_ENDED;
	if (got == 0)
		return GATE_ENDED;
	rights = CMSG_FIRSTHDR(&message);
	if (rights && rights->cmsg_type == SCM_RIGHTS && rights->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(rights), sizeof(int));
	return got == (ssize_t)size ? GATE_MESSAGE : GATE_ENDED;
}

/* ---- The gate ---------------------------------------------------------------------------------------------------- */

enum {
	HELD_MAX = 128,  /* questions that wait for the owner; each is an open file */
	REST_MS = 100,   /* after which it shows the kernel that it lives, at the latest */
	ORDERS_MAX = 64, /* taken in a row before it looks for questions again */
};

struct held {
	int fd; /* -1: free */
	uint32_t id;
	uint64_t until_ns;
};

struct keeper {
	int socket;
	int group;
	int timer;
	pid_t owner;
	uint32_t last_id;
	unsigned held_count;
	struct held held[HELD_MAX];
	uint64_t unasked, unheeded;
};

/* Kills this process by a timer of the kernel's, unless it comes here again in time. Stopped or not: SIGKILL ends it.
 */
static void show_life(const struct keeper *keeper)
{
	const struct itimerspec deadline = {
		.it_value = {.tv_sec = GATE_DEADLINE_MS / 1000, .tv_nsec = GATE_DEADLINE_MS % 1000 * (long)NS_A_MS}};

	if (syscall(SYS_timer_settime, keeper->timer, 0, &deadline, NULL) < 0)
		_exit(EXIT_FAILURE);
}

static void begin_timer(struct keeper *keeper)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};

	/* Not by the C library, which may allocate. */
	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &keeper->timer) < 0)
		_exit(EXIT_FAILURE);
	show_life(keeper);
}

static void release(struct keeper *keeper, struct held *held)
{
	fanotify_allow(keeper->group, held->fd);
	held->fd = -1;
	keeper->held_count--;
}

static struct held *find_held(struct keeper *keeper, uint32_t id)
{
	for (unsigned i = 0; i < HELD_MAX; i++)
		if (keeper->held[i].fd >= 0 && keeper->held[i].id == id)
			return &keeper->held[i];
	return NULL;
}

static void hold(struct keeper *keeper, const struct fanotify_event *event, const struct gate_message *message)
{
	struct held *held = keeper->held;

	while (held->fd >= 0) /* there is one: no more is read than there is room for */
		held++;
	*held = (struct held){event->fd, message->id, message->time_ns + GATE_PATIENCE_MS * NS_A_MS};
	keeper->held_count++;
}

static void ask_owner(struct keeper *keeper, const struct fanotify_event *event)
{
	struct gate_message message = {
		.word = event->is_execute ? GATE_EXECUTED : GATE_OPENED,
		.pid = event->pid,
		.unasked = keeper->unasked,
		.unheeded = keeper->unheeded,
		.time_ns = clock_time_ns(CLOCK_MONOTONIC),
	};

	if (event->fd < 0)
		return;
	if (event->pid == keeper->owner || (!event->is_open && !event->is_execute)) {
		fanotify_allow(keeper->group, event->fd);
		return;
	}
	message.id = ++keeper->last_id;
	if (send_with(keeper->socket, &message, sizeof(message), event->fd) != 0) {
		keeper->unasked++;
		fanotify_allow(keeper->group, event->fd);
		return;
	}
	hold(keeper, event, &message);
}

/* Reads no more questions than can be held. */
static void take_questions(struct keeper *keeper)
{
	char buffer[HELD_MAX * FANOTIFY_EVENT_SIZE];
	struct fanotify_event event;
	size_t offset = 0;
	ssize_t got = read(keeper->group, buffer, (HELD_MAX - keeper->held_count) * FANOTIFY_EVENT_SIZE);

	if (got < 0)
		return;
	while (fanotify_take(buffer, (size_t)got, &offset, &event))
		ask_owner(keeper, &event);
	/* A question that is not understood cannot be answered but by going. */
	if (!fanotify_is_at_end((size_t)got, offset))
		_exit(EXIT_FAILURE);
}

static void take_orders(struct keeper *keeper)
{
	struct gate_message message = {.word = GATE_MARKED};
	struct held *held;
	struct order order;
	int fd;

	for (unsigned i = 0; i < ORDERS_MAX; i++) {
		switch (receive_with(keeper->socket, &order, sizeof(order), &fd)) {
		case GATE_SILENCE:
			return;
		case GATE_ENDED:
			_exit(EXIT_SUCCESS);
		case GATE_MESSAGE:
			break;
		}
		held = order.word == ORDER_MARK ? NULL : find_held(keeper, order.id);
		if (order.word == ORDER_MARK) {
			message.id = order.id;
			message.error_number = fd < 0 ? EBADF : fanotify_set_mark(keeper->group, fd, order.kind);
			send_with(keeper->socket, &message, sizeof(message), -1);
		} else if (held && order.word == ORDER_ALLOW) {
			release(keeper, held);
		} else if (held) {
			held->until_ns = clock_time_ns(CLOCK_MONOTONIC) + GATE_HURRY_MS * NS_A_MS;
		}
		if (fd >= 0)
			close(fd);
	}
}

/* Lets those go on that have waited long enough. Returns for how many milliseconds there is nothing to do. */
static int release_late(struct keeper *keeper)
{
	const uint64_t now = clock_time_ns(CLOCK_MONOTONIC);
	uint64_t rest_ns = REST_MS * NS_A_MS;

	for (unsigned i = 0; i < HELD_MAX && keeper->held_count; i++) {
		struct held *held = &keeper->held[i];

		if (held->fd < 0)
			continue;
		if (held->until_ns <= now) {
			keeper->unheeded++;
			release(keeper, held);
		} else if (held->until_ns - now < rest_ns) {
			rest_ns = held->until_ns - now;
		}
	}
	return (int)((rest_ns + NS_A_MS - 1) / NS_A_MS);
}

static void keep(struct keeper *keeper) __attribute__((noreturn));

static void keep(struct keeper *keeper)
{
	for (;;) {
		const int rest_ms = release_late(keeper);
		const bool has_room = keeper->held_count < HELD_MAX;
		struct pollfd sources[] = {{.fd = keeper->socket, .events = POLLIN},
					   {.fd = has_room ? keeper->group : -1, .events = POLLIN}};

		show_life(keeper);
		poll(sources, 2, rest_ms);
		if (sources[0].revents)
			take_orders(keeper);
		if (sources[1].revents)
			take_questions(keeper);
	}
}

/* ---- Becoming one ------------------------------------------------------------------------------------------------ */

/* Moves SOCKET behind the standard descriptors, which lead nowhere, and closes all others. */
static int close_others(int socket)
{
	enum { PLACE = STDERR_FILENO + 1, LIKELY = 65536 };
	int nothing = open("/dev/null", O_RDWR);

	for (int standard = STDIN_FILENO; nothing >= 0 && standard <= STDERR_FILENO; standard++)
		if (standard != socket)
			dup2(nothing, standard);
	if (socket != PLACE)
		dup2(socket, PLACE);
	fcntl(PLACE, F_SETFD, FD_CLOEXEC);
#ifdef SYS_close_range
	if (syscall(SYS_close_range, PLACE + 1, ~0U, 0) == 0)
		return PLACE;
#endif
	for (int descriptor = PLACE + 1; descriptor < LIKELY; descriptor++)
		close(descriptor);
	return PLACE;
}

/* What would be nice, and is not always allowed. */
static void prefer_this_process(void)
{
	static const char never[] = "-1000";
	const struct sched_param lowest = {.sched_priority = 1};
	struct rlimit files;
	int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (score >= 0) {
		(void)!write(score, never, sizeof(never) - 1);
		close(score);
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (sched_setscheduler(0, SCHED_FIFO, &lowest) < 0)
		setpriority(PRIO_PROCESS, 0, -20);
	/* The owner follows its targets from processor to processor; this one may run anywhere. */
	mlockall(MCL_CURRENT);
}

static void become_gate(int socket, pid_t owner) __attribute__((noreturn));

static void become_gate(int socket, pid_t owner)
{
	struct keeper keeper = {.owner = owner};
	struct gate_message ready = {.word = GATE_READY};
	sigset_t all;

	prctl(PR_SET_NAME, "usdtrap-gate");
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	keeper.socket = close_others(socket);
	if (chdir("/") < 0)
		_exit(EXIT_FAILURE);
	prefer_this_process();
	for (unsigned i = 0; i < HELD_MAX; i++)
		keeper.held[i].fd = -1;
	begin_timer(&keeper);
	keeper.group = fanotify_open();
	if (keeper.group < 0)
		ready.error_number = errno;
	send_with(keeper.socket, &ready, sizeof(ready), -1);
	if (keeper.group < 0)
		_exit(EXIT_FAILURE);
	keep(&keeper);
}

/* ---- The owner's side -------------------------------------------------------------------------------------------- */

static struct usdtrap_error *explain(int error_number)
{
	if (error_number == EPERM)
		return error_hint(error_create(USDTRAP_PERMISSION, "fanotify(7) needs CAP_SYS_ADMIN"),
				  "root has it, though not in every container");
	if (error_number == ENOSYS || error_number == EINVAL)
		return error_create(USDTRAP_UNSUPPORTED,
				    "this kernel does not ask before programs are started: it has no fanotify(7) with "
				    "permission events");
	return error_os(error_number, "fanotify(7)");
}

/* Forks a gate that is nobody's child: its parent ends at once. */
static struct usdtrap_error *fork_gate(const int ends[2], pid_t *ret)
{
	const pid_t owner = getpid();
	pid_t parent, gate = 0;
	int pipe_ends[2];
	ssize_t got;

	if (pipe2(pipe_ends, O_CLOEXEC) < 0)
		return error_os(errno, "cannot make a pipe");
	parent = fork();
	if (parent == 0) {
		gate = fork();
		if (gate == 0)
			become_gate(ends[1], owner);
		(void)!write(pipe_ends[1], &gate, sizeof(gate));
		_exit(EXIT_SUCCESS);
	}
	close(pipe_ends[1]);
	got = parent < 0 ? 0 : read(pipe_ends[0], &gate, sizeof(gate));
	close(pipe_ends[0]);
	if (parent > 0)
		while (waitpid(parent, NULL, 0) < 0 && errno == EINTR)
			;
	if (got != sizeof(gate) || gate < 0)
		return error_os(EAGAIN, "cannot start the process that is asked before others start");
	*ret = gate;
	return NULL;
}

/* Waits for the first message. */
static struct usdtrap_error *await_ready(const struct gate *gate)
{
	enum { READY_MS = 5000 };
	struct pollfd source = {.fd = gate->socket, .events = POLLIN};
	struct gate_message message;
	int fd;

	while (poll(&source, 1, READY_MS) < 0 && errno == EINTR)
		;
	if (gate_receive(gate, &message, &fd) != GATE_MESSAGE)
		return error_create(USDTRAP_OS, "the process that is asked before others start has ended");
	return message.error_number ? explain(message.error_number) : NULL;
}

struct usdtrap_error *gate_start(struct gate *ret)
{
	struct usdtrap_error *error;
	struct gate gate;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_os(errno, "socketpair");
	error = fork_gate(ends, &gate.pid);
	close(ends[1]);
	gate.socket = ends[0];
	if (!error)
		error = await_ready(&gate);
	if (error) {
		close(gate.socket);
		return error;
	}
	*ret = gate;
	return NULL;
}

void gate_stop(struct gate *gate)
{
	enum { END_MS = 1000 };
	struct pollfd source = {.fd = gate->socket, .events = POLLIN};
	struct gate_message message;
	enum gate_result result = GATE_SILENCE;
	int fd;

	if (gate->socket < 0)
		return;
	shutdown(gate->socket, SHUT_WR);
	while (result != GATE_ENDED && poll(&source, 1, END_MS) > 0) {
		result = gate_receive(gate, &message, &fd);
		if (fd >= 0)
			close(fd);
	}
	close(gate->socket);
	gate->socket = -1;
}

/* Orders are few bytes, and the gate reads them all the time: that its socket is full is a matter of a moment. */
static bool give_order(const struct gate *gate, const struct order *order, int fd)
{
	enum { FULL_MS = 100 };
	struct pollfd target = {.fd = gate->socket, .events = POLLOUT};
	int error_number;

	while ((error_number = send_with(gate->socket, order, sizeof(*order), fd)) == EAGAIN)
		if (poll(&target, 1, FULL_MS) <= 0)
			break;
	return error_number == 0;
}

bool gate_mark(const struct gate *gate, int fd, enum fanotify_mark_kind kind, uint32_t id)
{
	return give_order(gate, &(struct order){ORDER_MARK, kind, id}, fd);
}

void gate_allow(const struct gate *gate, uint32_t id)
{
	give_order(gate, &(struct order){.word = ORDER_ALLOW, .id = id}, -1);
}

void gate_hurry(const struct gate *gate, uint32_t id)
{
	give_order(gate, &(struct order){.word = ORDER_HURRY, .id = id}, -1);
}

enum gate_result gate_receive(const struct gate *gate, struct gate_message *ret, int *ret_fd)
{
	enum gate_result result = receive_with(gate->socket, ret, sizeof(*ret), ret_fd);

	if (result != GATE_MESSAGE && *ret_fd >= 0) {
		close(*ret_fd);
		*ret_fd = -1;
	}
	return result;
}
