/* SPDX-License-Identifier: MIT */
#include "trace/displaced.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#include <utlist.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/ptrace.h"
#include "trace/engine.h"
#include "trace/journal.h"
#include "trace/room.h"
#include "trace/site.h"

enum { SENT_BACK_MAX = 16 }; /* signal handlers interrupted by signal handlers */

/* A thread's registers (pc at a site) when it was put back there; it will come again. */
struct sent_back {
	struct arch_registers registers;
	struct sent_back *next;
};

/* ---- Before the trap --------------------------------------------------------------------------------------------- */

/* What acting an instruction out would touch. */
struct trial {
	bool touches_memory;
};

static bool try_read(uint64_t address, uint64_t *ret, void *user)
{
	struct trial *trial = user;

	(void)address;
	trial->touches_memory = true;
	*ret = 0;
	return true;
}

static bool try_write(uint64_t address, uint64_t value, void *user)
{
	struct trial *trial = user;

	(void)address;
	(void)value;
	trial->touches_memory = true;
	return true;
}

static struct usdtrap_error *put_copy(const struct engine *engine, struct space *space, uint64_t addr,
				      const struct site_text *text, bool is_optional, struct arch_copy *ret)
{
	const struct room_request request = {.size = ARCH_COPY_SIZE, .near_addr = addr, .is_optional = is_optional};
	struct usdtrap_error *error;
	uint64_t copy_addr;

	/* Whether it can be done at all does not depend on the place: only then bytes are reserved. */
	error = space->arch->displace(text->bytes, text->size, addr, addr, ret);
	if (!error)
		error = room_reserve(engine, space, &request, &copy_addr);
	if (!error)
		error = space->arch->displace(text->bytes, text->size, addr, copy_addr, ret);
	if (!error && ret->pushes_return && space->has_shadow_stack)
		error = error_create(
			USDTRAP_UNSUPPORTED,
			"its instruction is a call, and process %d keeps return addresses in a shadow stack",
			(int)space->pid);
	if (!error)
		error = journal_room(space->journal, copy_addr, request.size);
	if (!error)
		error = memory_write(space->memory_fd, copy_addr, ret->code, ret->size);
	return error;
}

/*
 * What takes registers alone is acted out. What touches memory as well is left
 * to the thread itself, if there is room for a copy: a stack that has to grow
 * grows only under its own thread.
 */
struct usdtrap_error *displaced_prepare(const struct engine *engine, struct space *space, uint64_t addr,
					const struct site_text *text, struct displaced *ret)
{
	struct trial trial = {0};
	const struct arch_memory memory = {try_read, try_write, &trial};
	struct arch_registers scratch = {0};
	struct usdtrap_error *error;

	*ret = (struct displaced){0};
	space->arch->set_pc(&scratch, addr);
	ret->is_acted_out = space->arch->emulate(text->bytes, text->size, &scratch, &memory);
	if (ret->is_acted_out && !trial.touches_memory)
		return NULL;
	error = put_copy(engine, space, addr, text, ret->is_acted_out, &ret->copy);
	if (!error) {
		ret->is_acted_out = false;
		ret->has_copy = true;
		return NULL;
	}
	if (ret->is_acted_out && !space->has_shadow_stack && error_catch(error, USDTRAP_UNSUPPORTED))
		return NULL;
	return error;
}

/* ---- At the trap ------------------------------------------------------------------------------------------------- */

static bool write_word(uint64_t address, uint64_t value, void *user)
{
	const struct space *space = user;
	struct usdtrap_error *error = memory_write(space->memory_fd, address, &value, space->arch->address_size);

	usdtrap_error_destroy(error);
	return !error;
}

static void set_registers(const struct tracee *tracee, const struct arch_registers *registers)
{
	usdtrap_error_destroy(ptrace_set_registers(tracee->tid, registers)); /* gone: the wait will tell */
}

static bool act_out(struct space *space, const struct site *site, struct arch_registers *registers)
{
	const struct arch_memory memory = {space_read_word, write_word, space};

	return space->arch->emulate(site->original, site->original_size, registers, &memory);
}

/* Neither way is open: the trap is given up, and the instruction executed where it lies. */
static void lift(struct engine *engine, struct space *space, struct site *site)
{
	usdtrap_error_destroy(site_restore(space, site));
	engine_notice(engine, USDTRAP_NOTICE_WARNING,
		      "the trap at 0x%" PRIx64 " of process %d was taken out: its instruction could not be acted out "
		      "(it needs memory that is not there yet), and there is no room to execute it elsewhere",
		      site->addr, (int)space->pid);
}

static void remember(struct tracee *tracee, const struct arch_registers *registers)
{
	struct sent_back *sent_back = calloc(1, sizeof(*sent_back)), *oldest;
	unsigned count;

	if (!sent_back)
		return; /* one hit will be told twice */
	sent_back->registers = *registers;
	LL_PREPEND(tracee->sent_back, sent_back);
	LL_COUNT(tracee->sent_back, oldest, count);
	if (count <= SENT_BACK_MAX)
		return;
	for (oldest = tracee->sent_back; oldest->next; oldest = oldest->next)
		;
	LL_DELETE(tracee->sent_back, oldest);
	free(oldest);
}

void displaced_go_on(struct engine *engine, struct tracee *tracee, struct site *site, struct arch_registers *registers,
		     int signal)
{
	struct space *space = tracee->space;
	const struct displaced *displaced = &site->displaced;

	/* A signal finds the thread behind the instruction, or at it: never in a copy. */
	if ((displaced->is_acted_out || signal) && act_out(space, site, registers))
		;
	else if (signal && displaced->has_copy)
		remember(tracee, registers);
	else if (displaced->has_copy)
		space->arch->set_pc(registers, displaced->copy.addr);
	else
		lift(engine, space, site);
	set_registers(tracee, registers);
}

/* ---- In a copy --------------------------------------------------------------------------------------------------- */

/* The site whose copy ADDR lies in, or NULL. */
static struct site *site_of_copy(const struct space *space, uint64_t addr)
{
	struct site *site;

	if (!room_holds(space, addr))
		return NULL;
	for (site = space->sites; site; site = site->hh.next) {
		const struct arch_copy *copy = &site->displaced.copy;

		if (site->displaced.has_copy && addr >= copy->addr && addr - copy->addr < copy->size)
			return site;
	}
	return NULL;
}

uint64_t displaced_translate(const struct space *space, struct arch_registers *registers)
{
	const struct site *site = space->arch ? site_of_copy(space, space->arch->pc(registers)) : NULL;

	return site && space->arch->leave_copy(&site->displaced.copy, registers) ? site->addr : 0;
}

/* What an instruction brings on itself stands at that instruction, undone; anything else may come after it as well. */
static bool is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP ||
	       signal == SIGSYS;
}

void displaced_put_back(struct tracee *tracee, int signal)
{
	struct space *space = tracee->space;
	struct arch_registers registers = {0};
	struct usdtrap_error *error;
	uint64_t addr;

	if (!space || !space->arch || !space->rooms)
		return;
	error = ptrace_get_registers(tracee->tid, &registers);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	addr = displaced_translate(space, &registers);
	if (!addr) {
		/* A copy that a dead tracer left: where in the original that is, nobody knows. */
		space->is_room_in_use |= room_holds(space, space->arch->pc(&registers));
		return;
	}
	/* At its beginning nothing is done yet: it is done now, or the trap is hit again. */
	if (space->arch->pc(&registers) == addr &&
	    (is_fault(signal) || !act_out(space, space_site(space, addr), &registers)))
		remember(tracee, &registers);
	set_registers(tracee, &registers);
}

bool displaced_is_repeated(struct tracee *tracee, const struct arch_registers *registers)
{
	struct sent_back *sent_back;

	LL_FOREACH (tracee->sent_back, sent_back) {
		if (!tracee->space->arch->is_same_state(&sent_back->registers, registers))
			continue;
		LL_DELETE(tracee->sent_back, sent_back);
		free(sent_back);
		return true;
	}
	return false;
}

void displaced_forget(struct tracee *tracee)
{
	struct sent_back *sent_back, *next;

	LL_FOREACH_SAFE(tracee->sent_back, sent_back, next)
	free(sent_back);
	tracee->sent_back = NULL;
}
