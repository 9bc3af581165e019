/* SPDX-License-Identifier: MIT */
/*
 * How an argument's value comes about, summand by summand. The value is the
 * one that usdtrap_hit_argument() gives; what is taken apart here is only what
 * it was made of.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "arch/flow.h"
#include "base/error.h"
#include "os/memory.h"
#include "trace/observe.h"
#include "trace/site.h"

enum { CODE_AROUND = 2048 }; /* bytes to look at, on either side of a site */

struct code {
	uint8_t bytes[2 * CODE_AROUND];
	struct flow_code flow;
};

static void add_term(struct usdtrap_step_argument *argument, int kind, const char *name, size_t length, unsigned factor,
		     uint64_t value)
{
	struct usdtrap_step_term *term = &argument->terms[argument->term_count++];

	*term = (struct usdtrap_step_term){.factor = factor, .value = value};
	term->kind = kind;
	snprintf(term->name, sizeof(term->name), "%.*s", (int)length, name);
}

static void add_register(struct usdtrap_step_argument *argument, const struct usdtrap_hit *hit,
			 const struct arch_register *register_, unsigned factor)
{
	const struct arch *arch = hit->tracee->space->arch;
	const char *name = arch->register_name(register_);

	add_term(argument, USDTRAP_TERM_REGISTER, name, strlen(name), factor,
		 register_->is_vector ? 0 : arch->register_value(hit->registers, register_));
}

static void add_symbol(struct usdtrap_step_argument *argument, const struct usdtrap_hit *hit,
		       const struct argspec *spec)
{
	const bool is_address = spec->operand.symbol_use != ARCH_SYMBOL_THREAD_OFFSET;

	add_term(argument, USDTRAP_TERM_SYMBOL, spec->operand.symbol, spec->operand.symbol_length, 1,
		 spec->symbol_value + (is_address ? hit->site->mapped->load_bias : 0));
}

/* The operand's summands, in the order in which the sum is written. */
static void take_apart(struct usdtrap_step_argument *argument, const struct usdtrap_hit *hit,
		       const struct argspec *spec)
{
	const struct arch_operand *operand = &spec->operand;

	argument->operand = operand->kind == ARCH_OPERAND_CONSTANT   ? USDTRAP_OPERAND_CONSTANT
			    : operand->kind == ARCH_OPERAND_REGISTER ? USDTRAP_OPERAND_REGISTER
								     : USDTRAP_OPERAND_MEMORY;
	if (operand->has_segment)
		add_register(argument, hit, &operand->segment, 1);
	if (operand->symbol_use != ARCH_SYMBOL_NONE)
		add_symbol(argument, hit, spec);
	if (operand->has_base)
		add_register(argument, hit, &operand->base, 1);
	if (operand->has_index)
		add_register(argument, hit, &operand->index, operand->scale);
	if (operand->displacement || argument->term_count == 0)
		add_term(argument, USDTRAP_TERM_CONSTANT, "", 0, 1, (uint64_t)operand->displacement);
}

static void read_bytes(struct usdtrap_step_argument *argument, const struct usdtrap_hit *hit,
		       const struct argspec *spec)
{
	size_t size = spec->size < sizeof(argument->bytes) ? spec->size : sizeof(argument->bytes);
	struct usdtrap_error *error;

	for (size_t i = 0; i < argument->term_count; i++)
		argument->addr += argument->terms[i].value * argument->terms[i].factor;
	error = usdtrap_hit_read(hit, argument->addr, argument->bytes, size);
	if (!error)
		argument->byte_count = size;
	usdtrap_error_destroy(error);
}

/* The code around HIT's site, as the file has it: without traps. As much as there is. */
static bool read_code(const struct usdtrap_hit *hit, struct code *ret)
{
	const struct mapped_file *mapped = hit->site->mapped;
	const uint64_t vaddr = hit->site->addr - mapped->load_bias;
	uint64_t begin = vaddr, end = vaddr;
	const struct elf_segment *segments;
	struct usdtrap_error *error;
	size_t count;

	segments = elf_object_segments(mapped->file->object, &count);
	for (size_t i = 0; i < count; i++) {
		const struct elf_segment *segment = &segments[i];

		if (!segment->is_executable || vaddr < segment->vaddr || vaddr - segment->vaddr >= segment->file_size)
			continue;
		begin = vaddr - segment->vaddr < CODE_AROUND ? segment->vaddr : vaddr - CODE_AROUND;
		end = segment->vaddr + segment->file_size;
		if (end - vaddr > CODE_AROUND)
			end = vaddr + CODE_AROUND;
	}
	error = elf_object_read(mapped->file->object, begin, ret->bytes, (size_t)(end - begin));
	usdtrap_error_destroy(error);
	ret->flow = (struct flow_code){
		.arch = hit->tracee->space->arch,
		.bytes = ret->bytes,
		.size = (size_t)(end - begin),
		.address = begin + mapped->load_bias,
	};
	return !error && end > begin;
}

/* Which instruction put there what OPERAND holds at ADDRESS. */
static void find_source(struct usdtrap_step_argument *argument, const struct arch_operand *operand,
			const struct code *code, uint64_t address)
{
	struct insn insn;

	switch (flow_source(&code->flow, address, operand, &argument->source.address, &insn)) {
	case FLOW_UNKNOWN:
		argument->source.address = 0;
		return;
	case FLOW_WROTE:
		argument->source_kind = USDTRAP_SOURCE_WROTE;
		break;
	case FLOW_RETURNED:
		argument->source_kind = USDTRAP_SOURCE_RETURNED;
		break;
	}
	argument->source.length = (unsigned)insn.length;
	snprintf(argument->source.text, sizeof(argument->source.text), "%s", insn.text);
}

static void tell_argument(const struct engine *engine, const struct usdtrap_hit *hit, unsigned index,
			  const struct argspec *spec, const struct code *code)
{
	struct observe_step step = observe_step(USDTRAP_STEP_ARGUMENT, hit->tracee->space, hit->site);
	struct usdtrap_step_argument *argument = &step.public.argument;
	struct usdtrap_error *error = usdtrap_hit_argument(hit, index, &argument->value);

	step.public.tid = hit->tracee->tid;
	argument->index = index;
	argument->text = spec->text;
	argument->text_length = spec->text_length;
	argument->error = error;
	if (!spec->reason) {
		take_apart(argument, hit, spec);
		if (argument->operand == USDTRAP_OPERAND_MEMORY)
			read_bytes(argument, hit, spec);
		if (code)
			find_source(argument, &spec->operand, code, hit->site->addr);
	}
	observe_tell(engine, &step);
	usdtrap_error_destroy(error);
}

/* ---- Functions: by the calling convention --------------------------------------------------------------------------
 */

/* The code that led to the call that HIT's function was entered by, from memory, without traps. *RET_CALL: the call. */
static bool read_caller(const struct usdtrap_hit *hit, struct code *ret, uint64_t *ret_call)
{
	const struct space *space = hit->tracee->space;
	uint64_t return_addr = 0;
	struct usdtrap_error *error = usdtrap_hit_read(hit, space->arch->return_slot(hit->registers, false),
						       &return_addr, space->arch->address_size);

	for (size_t before = CODE_AROUND; !error && before >= CODE_AROUND / 64; before /= 2) {
		error = usdtrap_hit_read(hit, return_addr - before, ret->bytes, before);
		if (!error) {
			site_mask(space, return_addr - before, ret->bytes, before);
			ret->flow = (struct flow_code){
				.arch = space->arch,
				.bytes = ret->bytes,
				.size = before,
				.address = return_addr - before,
			};
			*ret_call = flow_before(&ret->flow, return_addr, 1);
			return *ret_call < return_addr;
		}
		usdtrap_error_destroy(error); /* its page is the first one: try less */
		error = NULL;
	}
	usdtrap_error_destroy(error);
	return false;
}

/* Tells of what the register NAME holds, as argument INDEX, or as the result. */
static void tell_register(const struct engine *engine, const struct usdtrap_hit *hit, enum usdtrap_step_kind kind,
			  unsigned index, const char *name, const struct code *caller, uint64_t call)
{
	struct observe_step step = observe_step(kind, hit->tracee->space, hit->site);
	struct usdtrap_step_argument *argument = &step.public.argument;
	const struct arch *arch = hit->tracee->space->arch;
	struct arch_operand operand = {.kind = ARCH_OPERAND_REGISTER, .has_base = true};
	char text[32];

	if (!arch->register_by_name(name, strlen(name), &operand.base))
		return;
	snprintf(text, sizeof(text), "%%%s", name);
	step.public.tid = hit->tracee->tid;
	argument->index = index;
	argument->text = text;
	argument->text_length = strlen(text);
	argument->operand = USDTRAP_OPERAND_REGISTER;
	add_register(argument, hit, &operand.base, 1);
	argument->value = (struct usdtrap_value){
		.kind = USDTRAP_VALUE_UNSIGNED, .size = arch->address_size, .integer = argument->terms[0].value};
	if (caller)
		find_source(argument, &operand, caller, call);
	observe_tell(engine, &step);
}

/* Whether HIT is at FUNCTION+OFFSET, or at an address that was named. */
static bool is_inside(const struct usdtrap_hit *hit)
{
	const char *name = hit->location->info->name;

	return strchr(name, '+') || isdigit((unsigned char)*name);
}

static void observe_function(const struct engine *engine, const struct usdtrap_hit *hit)
{
	const struct arch *arch = hit->tracee->space->arch;
	struct code caller;
	uint64_t call = 0;
	bool has_caller;

	if (hit->has_returned) {
		tell_register(engine, hit, USDTRAP_STEP_RETURN_VALUE, 0, arch->result_register, NULL, 0);
		return;
	}
	has_caller = read_caller(hit, &caller, &call);
	for (unsigned i = 0; arch->argument_registers[i]; i++)
		tell_register(engine, hit, USDTRAP_STEP_ARGUMENT, i, arch->argument_registers[i],
			      has_caller ? &caller : NULL, call);
}

void observe_arguments(const struct engine *engine, const struct usdtrap_hit *hit)
{
	const struct argspec_list *arguments;
	struct usdtrap_error *error;
	struct code code;
	bool has_code;

	if (!hit->location)
		return;
	if (hit->location->info->kind != USDTRAP_PROBE_USDT) {
		/* At an instruction in the middle of a function its arguments may be anywhere. */
		if (hit->has_returned || !is_inside(hit))
			observe_function(engine, hit);
		return;
	}
	error = location_arguments(hit->site->mapped->file, hit->location, &arguments);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	has_code = read_code(hit, &code);
	for (size_t i = 0; i < arguments->count; i++)
		tell_argument(engine, hit, (unsigned)i, &arguments->items[i], has_code ? &code : NULL);
}
