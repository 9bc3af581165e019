/* SPDX-License-Identifier: MIT */
#include "cli/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock_time.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/thread.h"

/*
 * A stretch of the queue. Blocks never move, so the writer thread can hand a
 * part of one to write(2) without the lock, while pieces are appended behind
 * that part.
 */
struct block {
	struct block *newer;
	output_produce_fn produce; /* its bytes are yet to be made, by this; NULL for all others */
	void *user;
	size_t start; /* of what was not yet written */
	size_t end;   /* of what was appended */
	size_t capacity;
	char bytes[];
};

#define BLOCK_SIZE ((size_t)64 * 1024)

/* While pieces keep coming the writer lets them gather for so long: to a reader it is at once. */
static const uint64_t gather_ns = 10 * 1000 * 1000;

struct output {
	struct output_options options;
	bool is_file;      /* a regular one: nobody reads it, who could be late */
	size_t write_size; /* the most that one write(2) is given */
	pthread_t writer;

	pthread_mutex_t lock; /* over all that follows */
	pthread_cond_t work;  /* for the writer: something to write, or the end */
	pthread_cond_t room;  /* for output_write(): the queue has shrunk */
	pthread_cond_t taken; /* for output_finish(): something was written, or a reason to give up came */
	struct block *oldest;
	struct block *newest;
	size_t queued;       /* bytes in all blocks */
	size_t ready;        /* of these, what may be written now: see output_buffering */
	uint64_t written;    /* bytes, ever */
	bool is_producing;   /* the writer is in an output_produce_fn, which may take its time */
	bool is_writer_idle; /* it waits for `work' and must be woken */
	bool is_gathering;   /* it waits for more, and is woken only for the end or half a queue */
	bool was_full;
	bool is_released;
	bool is_ending; /* nothing will be appended any more */
	enum output_patience patience;
	bool has_told; /* that it is stalled */
	int error_number;
	uint64_t pieces_dropped;
	uint64_t bytes_dropped;
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Room for LENGTH more bytes in one block at the newest end. NULL: no memory. */
static struct block *block_for(struct output *output, size_t length)
{
	struct block *block = output->newest;
	size_t capacity = length;

	/* Pieces that are written one by one have a block each. */
	if (output->options.buffering != OUTPUT_PIECES) {
		if (block && block->capacity - block->end >= length)
			return block;
		if (capacity < BLOCK_SIZE)
			capacity = BLOCK_SIZE;
	}
	block = malloc(sizeof(*block) + capacity);
	if (!block)
		return NULL;
	*block = (struct block){.capacity = capacity};
	if (output->newest)
		output->newest->newer = block;
	else
		output->oldest = block;
	output->newest = block;
	return block;
}

/* Takes the empty oldest block away, or, if it is the only one, lets it begin anew. */
static void recycle_oldest(struct output *output)
{
	struct block *block = output->oldest;

	if (!block->newer && output->options.buffering != OUTPUT_PIECES) {
		block->start = 0;
		block->end = 0;
		return;
	}
	output->oldest = block->newer;
	if (!output->oldest)
		output->newest = NULL;
	free(block);
}

static void forget_all(struct output *output)
{
	struct block *newer;

	for (struct block *block = output->oldest; block; block = newer) {
		newer = block->newer;
		if (block->produce)
			block->produce(block->user, NULL);
		free(block);
	}
	output->oldest = NULL;
	output->newest = NULL;
	output->queued = 0;
	output->ready = 0;
}

static void wake_writer(struct output *output)
{
	if (output->is_writer_idle || (output->is_gathering && output->queued > output->options.queue_size / 2))
		pthread_cond_signal(&output->work);
}

/* Makes all that is queued ready, whatever the buffering. */
static void make_all_ready(struct output *output)
{
	output->ready = output->queued;
	wake_writer(output);
}

/* TEXT was appended: is anything more ready for it? */
static void make_ready(struct output *output, const char *text, size_t length)
{
	const char *newline;

	switch (output->options.buffering) {
	case OUTPUT_PIECES:
		output->ready = output->queued;
		break;
	case OUTPUT_LINES:
		newline = memrchr(text, '\n', length);
		if (newline)
			output->ready = output->queued - (size_t)(text + length - (newline + 1));
		break;
	case OUTPUT_FULL:
		if (output->queued >= BLOCK_SIZE)
			output->ready = output->queued;
		break;
	}
	if (output->ready)
		wake_writer(output);
}

static bool lets_pass(const struct output *output, size_t length)
{
	return output->is_released || output->error_number || output->queued == 0 ||
	       output->queued + length <= output->options.queue_size;
}

/* Called with the lock, which is let go while waiting. Returns whether the piece may be appended. */
static bool wait_for_room(struct output *output, size_t length)
{
	if (lets_pass(output, length))
		return true;
	make_all_ready(output); /* half a line must not wait for its end, which waits for room */
	if (!output->was_full) {
		output->was_full = true;
		if (output->options.on_full) {
			pthread_mutex_unlock(&output->lock);
			output->options.on_full(output->options.user);
			pthread_mutex_lock(&output->lock);
		}
	}
	if (output->options.drops)
		return lets_pass(output, length);
	while (!lets_pass(output, length)) {
		make_all_ready(output);
		pthread_cond_wait(&output->room, &output->lock);
	}
	return true;
}

void output_write(struct output *output, const char *text, size_t length)
{
	struct block *block;

	if (length == 0)
		return;
	pthread_mutex_lock(&output->lock);
	if (wait_for_room(output, length) && !output->error_number) {
		block = block_for(output, length);
		if (block) {
			memcpy(block->bytes + block->end, text, length);
			block->end += length;
			output->queued += length;
			make_ready(output, text, length);
			pthread_mutex_unlock(&output->lock);
			return;
		}
	}
	if (!output->error_number) {
		output->pieces_dropped++;
		output->bytes_dropped += length;
	}
	pthread_mutex_unlock(&output->lock);
}

void output_write_later(struct output *output, output_produce_fn produce, void *user, size_t weight)
{
	struct block *block = malloc(sizeof(*block));

	pthread_mutex_lock(&output->lock);
	if (!block || !wait_for_room(output, weight) || output->error_number) {
		if (!output->error_number)
			output->pieces_dropped++;
		pthread_mutex_unlock(&output->lock);
		free(block);
		produce(user, NULL);
		return;
	}
	/* It has no room for other pieces, so none will follow in the same block. */
	*block = (struct block){.produce = produce, .user = user, .end = weight, .capacity = weight};
	if (output->newest)
		output->newest->newer = block;
	else
		output->oldest = block;
	output->newest = block;
	output->queued += weight;
	make_all_ready(output);
	pthread_mutex_unlock(&output->lock);
}

void output_flush(struct output *output)
{
	pthread_mutex_lock(&output->lock);
	make_all_ready(output);
	pthread_mutex_unlock(&output->lock);
}

/* The writer thread. */

/* Puts the text that the oldest block stands for in its place. Called with the lock, let go meanwhile. */
static void produce_oldest(struct output *output)
{
	struct block *stand_in = output->oldest, *block;
	struct strbuf text = {0};

	output->is_producing = true;
	pthread_mutex_unlock(&output->lock);
	stand_in->produce(stand_in->user, &text);
	pthread_mutex_lock(&output->lock);
	output->is_producing = false;
	stand_in->produce = NULL;
	block = malloc(sizeof(*block) + text.length);
	if (block) {
		*block = (struct block){.newer = stand_in->newer, .end = text.length, .capacity = text.length};
		memcpy(block->bytes, strbuf_text(&text), text.length);
		output->queued += text.length;
		output->ready += text.length;
		stand_in->newer = block;
		if (output->newest == stand_in)
			output->newest = block;
	}
	output->oldest = stand_in->newer;
	if (!output->oldest)
		output->newest = NULL;
	output->queued -= stand_in->capacity;
	output->ready -= stand_in->capacity;
	free(stand_in);
	strbuf_deinit(&text);
	if (block && block->end == 0)
		recycle_oldest(output);
	pthread_cond_broadcast(&output->room);
	pthread_cond_broadcast(&output->taken);
}

/* Waits, with the lock, until something is ready. False: nothing will be any more. */
static bool wait_for_work(struct output *output)
{
	while (!output->ready) {
		if (output->is_ending || output->error_number)
			return false;
		output->is_writer_idle = true;
		pthread_cond_wait(&output->work, &output->lock);
		output->is_writer_idle = false;
	}
	return true;
}

/* write(2) took LENGTH bytes of the oldest block. */
static void account(struct output *output, size_t length)
{
	/* After a full queue let an eighth of it drain, so that the two threads do not wake each other for each block.
	 */
	size_t low = output->options.queue_size - output->options.queue_size / 8;

	output->oldest->start += length;
	output->queued -= length;
	output->ready -= length;
	output->written += length;
	if (output->oldest->start == output->oldest->end)
		recycle_oldest(output);
	if (output->was_full && output->queued <= low)
		pthread_cond_broadcast(&output->room);
	pthread_cond_broadcast(&output->taken);
}

static void break_off(struct output *output, int error_number)
{
	output->error_number = error_number;
	forget_all(output);
	pthread_cond_broadcast(&output->room);
	pthread_cond_broadcast(&output->taken);
	if (output->options.on_broken) {
		pthread_mutex_unlock(&output->lock);
		output->options.on_broken(error_number, output->options.user);
		pthread_mutex_lock(&output->lock);
	}
}

/* Somebody who shares the descriptor has made it non-blocking. Called with the lock, let go meanwhile. */
static void wait_until_writable(struct output *output)
{
	struct pollfd descriptor = {.fd = output->options.descriptor, .events = POLLOUT};

	pthread_mutex_unlock(&output->lock);
	poll(&descriptor, 1, -1);
	pthread_mutex_lock(&output->lock);
}

/* Writes one part of the oldest block. Called with the lock, let go meanwhile. */
static void write_some(struct output *output)
{
	struct block *block = output->oldest;
	size_t length = smaller(smaller(block->end - block->start, output->ready), output->write_size);
	const char *bytes = block->bytes + block->start;
	int error_number;
	ssize_t taken;

	if (block->produce) {
		produce_oldest(output);
		return;
	}
	pthread_mutex_unlock(&output->lock);
	taken = write(output->options.descriptor, bytes, length);
	error_number = errno;
	pthread_mutex_lock(&output->lock);
	if (taken >= 0)
		account(output, (size_t)taken);
	else if (error_number == EAGAIN)
		wait_until_writable(output);
	else if (error_number != EINTR)
		break_off(output, error_number);
}

/* Waits, with the lock: more will come soon, if any does. */
static void let_gather(struct output *output)
{
	uint64_t until_ns = clock_time_ns(CLOCK_MONOTONIC) + gather_ns;
	const struct timespec until = {
		.tv_sec = (time_t)(until_ns / 1000000000),
		.tv_nsec = (long)(until_ns % 1000000000),
	};

	output->is_gathering = true;
	while (!output->is_ending && output->queued <= output->options.queue_size / 2) {
		if (pthread_cond_timedwait(&output->work, &output->lock, &until) == ETIMEDOUT)
			break;
	}
	output->is_gathering = false;
}

static void *writer_main(void *user)
{
	struct output *output = user;

	pthread_mutex_lock(&output->lock);
	while (wait_for_work(output)) {
		while (output->ready)
			write_some(output);
		let_gather(output);
	}
	pthread_mutex_unlock(&output->lock);
	return NULL;
}

static bool is_regular_file(int descriptor)
{
	struct stat status;

	return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

static void output_deinit(struct output *output)
{
	forget_all(output);
	pthread_cond_destroy(&output->taken);
	pthread_cond_destroy(&output->room);
	pthread_cond_destroy(&output->work);
	pthread_mutex_destroy(&output->lock);
	free(output);
}

struct usdtrap_error *output_create(const struct output_options *options, struct output **ret)
{
	struct output *output = calloc(1, sizeof(*output));
	pthread_condattr_t monotonic;
	int error_number;

	if (!output)
		return &error_no_memory;
	output->options = *options;
	output->is_file = is_regular_file(options->descriptor);
	/* Pipes and terminals take PIPE_BUF bytes whole or not at all, pipe(7): it is known how much was read. */
	output->write_size = output->is_file ? BLOCK_SIZE : PIPE_BUF;
	pthread_mutex_init(&output->lock, NULL);
	pthread_cond_init(&output->room, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&output->work, &monotonic);
	pthread_cond_init(&output->taken, &monotonic);
	pthread_condattr_destroy(&monotonic);
	error_number = thread_start_deaf(&output->writer, writer_main, output);
	if (error_number) {
		output_deinit(output);
		return error_os(error_number, "cannot start the thread that writes the output");
	}
	*ret = output;
	return NULL;
}

void output_release(struct output *output)
{
	pthread_mutex_lock(&output->lock);
	output->is_released = true;
	pthread_cond_broadcast(&output->room);
	pthread_mutex_unlock(&output->lock);
}

void output_set_patience(struct output *output, enum output_patience patience)
{
	pthread_mutex_lock(&output->lock);
	if (patience > output->patience)
		output->patience = patience;
	pthread_cond_broadcast(&output->taken);
	pthread_mutex_unlock(&output->lock);
}

/* Waits half a second, with the lock, for the reader to take something. False: it did not. */
static bool wait_half_a_second(struct output *output)
{
	enum output_patience patience = output->patience;
	uint64_t before = output->written;
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_nsec += 500 * 1000 * 1000;
	if (deadline.tv_nsec >= 1000 * 1000 * 1000) {
		deadline.tv_nsec -= 1000 * 1000 * 1000;
		deadline.tv_sec++;
	}
	while (output->written == before && output->queued && output->patience == patience) {
		if (pthread_cond_timedwait(&output->taken, &output->lock, &deadline) == ETIMEDOUT)
			return output->written != before;
	}
	return true;
}

static void tell_stalled(struct output *output)
{
	size_t queued = output->queued;

	if (output->has_told)
		return;
	output->has_told = true;
	if (output->options.on_stalled) {
		pthread_mutex_unlock(&output->lock);
		output->options.on_stalled(queued, output->options.user);
		pthread_mutex_lock(&output->lock);
	}
}

/* Waits for the reader, with the lock. False: no longer. */
static bool wait_for_reader(struct output *output)
{
	switch (output->patience) {
	case OUTPUT_PATIENT:
		pthread_cond_wait(&output->taken, &output->lock);
		return true;
	case OUTPUT_TELLS:
		if (!wait_half_a_second(output) && !output->is_producing)
			tell_stalled(output);
		return true;
	case OUTPUT_HURRIES:
		return wait_half_a_second(output) || output->is_file || output->is_producing;
	case OUTPUT_GIVES_UP:
		return false;
	}
	return false;
}

/* Nothing more will come: tells the writer. Called with the lock. */
static void end(struct output *output)
{
	output->is_released = true;
	output->is_ending = true;
	output->ready = output->queued;
	pthread_cond_broadcast(&output->room);
	pthread_cond_signal(&output->work);
}

void output_finish(struct output *output, struct output_report *ret)
{
	pthread_mutex_lock(&output->lock);
	end(output);
	while (output->queued && wait_for_reader(output))
		;
	*ret = (struct output_report){
		.bytes_left = output->queued,
		.pieces_dropped = output->pieces_dropped,
		.bytes_dropped = output->bytes_dropped,
		.error_number = output->error_number,
	};
	pthread_mutex_unlock(&output->lock);
}

void output_destroy(struct output *output)
{
	if (!output)
		return;
	pthread_mutex_lock(&output->lock);
	end(output);
	pthread_mutex_unlock(&output->lock);
	pthread_join(output->writer, NULL);
	output_deinit(output);
}
