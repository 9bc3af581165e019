/* SPDX-License-Identifier: MIT */
/*
 * What differs from one processor to the next, behind one table.
 *
 * Everything above asks a `struct arch' and never names a register. To add an
 * architecture: write arch/NAME.c that exports one constant table, add it to
 * the list in arch.c, add a row of operand strings to the argspec tests.
 * A tracee's registers travel as an opaque blob.
 */
#ifndef USDTRAP_ARCH_ARCH_H
#define USDTRAP_ARCH_ARCH_H

#include <elf.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>
#include <usdtrap/syscall.h>

struct arch_net_code;
struct strbuf;

enum {
	ARCH_REGISTERS_SIZE = 272,         /* the largest general register set of a supported architecture, bytes */
	ARCH_VECTOR_REGISTERS_SIZE = 2688, /* likewise floating point and vector registers, up to AVX-512's */
	ARCH_VECTOR_REGISTER_SET = NT_X86_XSTATE, /* what PTRACE_GETREGSET calls the fullest set of those */
	ARCH_TRAP_SIZE = 4,
	ARCH_MAX_INSTRUCTION = 16,
	ARCH_COPY_SIZE = 32, /* the most an instruction needs to be executed elsewhere */
	ARCH_COPY_LANDINGS = 3,
	ARCH_FRAME_REGISTERS = 17, /* the most registers that DWARF numbers for walking a stack */
	ARCH_CAVE_SIZE = 112,      /* code that lets a borrowed thread make a system call and come back */
	ARCH_CALL_ARGUMENTS = 6,
	ARCH_SHOWN_REGISTERS = 64, /* the most that are shown at once */
	ARCH_SHOWN_SIZE = 64,      /* bytes of the largest of them */
};

/* A thread's general registers as the kernel hands them out (NT_PRSTATUS, elf(5)). */
struct arch_registers {
	alignas(16) unsigned char bytes[ARCH_REGISTERS_SIZE];
};

/* Its floating point and vector registers (ARCH_VECTOR_REGISTER_SET or, shorter, NT_PRFPREG). `size' bytes are valid.
 */
struct arch_vector_registers {
	alignas(16) unsigned char bytes[ARCH_VECTOR_REGISTERS_SIZE];
	size_t size;
};

/* Part of a register that an operand names: %rax, %eax, %ax, %al, %ah are five of these on one register. */
struct arch_register {
	uint16_t index; /* the architecture's own number of it */
	uint8_t offset; /* first byte of the part, from the least significant (1 for %ah) */
	uint8_t size;   /* bytes of the part */
	bool is_vector; /* lives among the vector registers */
	bool is_pc;     /* the program counter */
};

/* How people want to see what a register holds. */
enum arch_look {
	ARCH_LOOK_ADDRESS,  /* a number that may well be an address */
	ARCH_LOOK_NUMBER,   /* one that is none */
	ARCH_LOOK_FLAGS,    /* bits with names */
	ARCH_LOOK_EXTENDED, /* x87's 80 bits */
	ARCH_LOOK_VECTOR,   /* several values side by side */
};

/* A register for people. */
struct arch_shown_register {
	char name[12];
	enum arch_look look;
	uint8_t size;
	uint8_t bytes[ARCH_SHOWN_SIZE]; /* `size' of them, the least significant first */
	char flags[80];                 /* FLAGS: the names of the bits that are set, "PF ZF IF" */
};

/* The shapes an operand of the assembly language can have. */
enum arch_operand_kind {
	ARCH_OPERAND_CONSTANT, /* displacement + symbol, itself */
	ARCH_OPERAND_REGISTER, /* base, itself */
	ARCH_OPERAND_MEMORY,   /* memory at segment + displacement + symbol + base + index * scale */
};

/* What is meant by an operand's symbol. */
enum arch_symbol_use {
	ARCH_SYMBOL_NONE,          /* the operand has none */
	ARCH_SYMBOL_ADDRESS,       /* the symbol's address */
	ARCH_SYMBOL_THREAD_OFFSET, /* how far a thread-local symbol lies from the thread pointer (x86-64: x@tpoff) */
	ARCH_SYMBOL_SLOT,          /* the address of the slot that holds the symbol's address (x86-64: x@GOTPCREL) */
};

/* An operand, taken apart. What a flag says is absent is zero. */
struct arch_operand {
	enum arch_operand_kind kind;
	enum arch_symbol_use symbol_use;
	bool has_base;
	bool has_index;
	bool has_segment;
	bool is_pc_relative;  /* written relative to the pc, which is no summand: the symbol's address is meant */
	uint8_t scale;        /* 1 2 4 8; 0 without an index */
	uint8_t address_size; /* bytes an address is cut to before the segment is added (x86-64: 4 for (%eax)) */
	struct arch_register base;
	struct arch_register index;
	struct arch_register segment; /* the register that holds the segment's base address */
	int64_t displacement;
	uint64_t constant_high; /* bits 64 to 127 of a constant, whose low ones are `displacement' */
	const char *symbol;     /* a slice of the operand's text, or NULL */
	size_t symbol_length;
};

/* The memory of the thread whose registers are changed, a word of the architecture's size at a time. False: it cannot.
 */
struct arch_memory {
	bool (*read_word)(uint64_t address, uint64_t *ret, void *user);
	bool (*write_word)(uint64_t address, uint64_t value, void *user);
	void *user;
};

/* A place inside a copy where a thread may stand, and what that is in the original. */
struct arch_landing {
	uint8_t offset;      /* in the copy */
	uint8_t stack_shift; /* to be added to the stack pointer: the copy has pushed what the original has not yet */
	uint64_t pc;         /* where the thread would stand */
};

/*
 * An instruction made ready to be executed elsewhere than where it lies: it
 * does what the original does, and ends in a jump to where the original would
 * have gone on. A thread that is sent to its beginning needs nobody any more.
 */
struct arch_copy {
	uint64_t addr; /* where it is to lie */
	uint8_t code[ARCH_COPY_SIZE];
	uint8_t size;
	uint8_t landing_count;
	struct arch_landing landings[ARCH_COPY_LANDINGS]; /* the first is its beginning */
	bool pushes_return; /* a call: its return address is pushed by other means, which a shadow stack does not see */
};

/* A system call that a borrowed thread is to make. */
struct arch_call {
	long number;
	uint64_t arguments[ARCH_CALL_ARGUMENTS];
};

/* What an address is that a function is to return to. */
enum arch_return_place {
	ARCH_RETURN_NONE,     /* no call lies before it */
	ARCH_RETURN_DIRECT,   /* a call that always calls the same function */
	ARCH_RETURN_INDIRECT, /* a call that may call another one each time */
	ARCH_RETURN_SIGNAL,   /* what a signal handler returns to */
};

enum {
	ARCH_CALL_ARGUMENTS_MAX = 6,
	ARCH_CALL_SIZE = 2, /* bytes of the instruction that enters the kernel */
};

/* What memory is watched for. */
enum {
	ARCH_WATCH_READ = 1,
	ARCH_WATCH_WRITE = 2,
	ARCH_WATCH_EXECUTE = 4,
};

/* What a thread's registers say of the system call that it makes. */
struct arch_call_state {
	long number;                                 /* -1: none is being made */
	uint64_t arguments[ARCH_CALL_ARGUMENTS_MAX]; /* as far as they have not been overwritten by the result */
	int64_t result;
};

struct arch {
	const char *name;
	uint16_t elf_machine;        /* e_machine of files it runs, elf(5) */
	uint8_t address_size;        /* bytes */
	uint32_t audit_architecture; /* how seccomp filters name its system calls' convention: <linux/audit.h> */

	uint8_t trap[ARCH_TRAP_SIZE]; /* the breakpoint instruction */
	uint8_t trap_size;

	/* The length of the no-operation instruction that BYTES begin with (AVAILABLE of them are valid); 0: not one.
	 */
	size_t (*nop_length)(const uint8_t *bytes, size_t available);

	uint64_t (*pc)(const struct arch_registers *registers);
	void (*set_pc)(struct arch_registers *registers, uint64_t pc);
	uint64_t (*stack_pointer)(const struct arch_registers *registers);
	const char *stack_pointer_register; /* its name */
	/* Where the trap instruction lies that was just executed (x86: one before pc). */
	uint64_t (*trap_address)(const struct arch_registers *registers);

	/*
	 * The address that the instruction which BYTES begin with, and which lies at ADDR, names relative to itself:
	 * where it jumps to (*RET_IS_JUMP), or its operand in memory. False: it names none so.
	 */
	bool (*target)(const uint8_t *bytes, size_t available, uint64_t addr, uint64_t *ret, bool *ret_is_jump);

	/* Finds the register that NAME (LENGTH bytes, without any prefix character) means. False: no such register. */
	bool (*register_by_name)(const char *name, size_t length, struct arch_register *ret);
	/* The spelling of REGISTER, static, without any prefix character. */
	const char *(*register_name)(const struct arch_register *register_);
	/* The names of the registers that people look at, in the order they expect; ends with NULL. */
	const char *const *shown_registers;
	/* All general ones, with flags, segments and the like, at most ARCH_SHOWN_REGISTERS. Returns how many. */
	size_t (*show_registers)(const struct arch_registers *registers, struct arch_shown_register *ret);
	/* The same of floating point and vector registers, as wide as this machine has them. */
	size_t (*show_vectors)(const struct arch_vector_registers *registers, struct arch_shown_register *ret);
	/*
	 * The register that holds the upper half of a value twice as wide as
	 * LOW, of which compilers name only LOW. False: there is none.
	 */
	bool (*register_pair)(const struct arch_register *low, struct arch_register *ret);
	/* A general register's part, zero-extended. */
	uint64_t (*register_value)(const struct arch_registers *registers, const struct arch_register *register_);
	/* Copies a vector register's low SIZE bytes. False: this machine's register set does not reach so far. */
	bool (*vector_value)(const struct arch_vector_registers *registers, const struct arch_register *register_,
			     void *ret, size_t size);

	/*
	 * How far from the thread pointer the main program's thread-local data at
	 * OFFSET lie; their segment (PT_TLS) is at VADDR, SIZE bytes long, and
	 * aligned to ALIGNMENT, a power of two.
	 */
	int64_t (*thread_offset)(uint64_t offset, uint64_t vaddr, uint64_t size, uint64_t alignment);

	/*
	 * The registers that matter to whoever walks a stack, by DWARF's numbers
	 * (the ABI's supplement, "DWARF Register Number Mapping"), and which of
	 * them are special.
	 */
	uint8_t frame_register_count;
	uint8_t frame_stack_pointer;
	uint8_t frame_pointer;
	uint8_t frame_pc;
	void (*frame_registers)(const struct arch_registers *registers, uint64_t *ret);
	/*
	 * Whether BYTES, where a thread stands with its stack pointer at SP, are
	 * the end of a signal handler: the call rt_sigreturn(2). Then also where
	 * the kernel saved the frame registers of what the signal interrupted.
	 */
	bool (*signal_frame)(const uint8_t *bytes, size_t available, uint64_t stack_pointer, uint64_t *ret_addrs);

	/* How many of TEXT's LENGTH bytes belong to the operand it begins with. Operands may contain blanks: "[sp, 8]".
	 */
	size_t (*operand_length)(const char *text, size_t length);
	/* Reads the operand that TEXT is from end to end. RET keeps slices of it. Errors: BAD_ARGSPEC, NO_MEMORY. */
	struct usdtrap_error *(*operand_parse)(const char *text, size_t length,
					       struct arch_operand *ret)USDTRAP_MUST_USE;
	/* Appends OPERAND as text; parsing that text gives the same operand. */
	void (*operand_format)(const struct arch_operand *operand, struct strbuf *out);

	/*
	 * Acts out the instruction that BYTES begin with, on REGISTERS whose pc
	 * stands at it, and on MEMORY: the common ones that functions begin with.
	 * A return and a call are acted out without a shadow stack. False: not
	 * one of these, or the memory refused; nothing was changed then.
	 */
	bool (*emulate)(const uint8_t *bytes, size_t available, struct arch_registers *registers,
			const struct arch_memory *memory);
	/*
	 * Makes the instruction that BYTES begin with, which lies at ADDR, ready
	 * to be executed at COPY_ADDR, which must be within 2 GiB if it names
	 * memory relative to the pc. Errors: UNSUPPORTED, with the reason.
	 */
	struct usdtrap_error *(*displace)(const uint8_t *bytes, size_t available, uint64_t addr, uint64_t copy_addr,
					  struct arch_copy *ret)USDTRAP_MUST_USE;
	/*
	 * If REGISTERS stand in COPY: changes them to what they would be had the
	 * thread executed the original so far, and returns true. The thread may
	 * then be let go, get a signal, or have its stack walked.
	 */
	bool (*leave_copy)(const struct arch_copy *copy, struct arch_registers *registers);

	/* Where a function's first arguments are when they are integers or pointers, and its result: register names;
	 * the former end with NULL. */
	const char *const *argument_registers;
	const char *result_register;
	/* A function's argument INDEX, an integer or pointer, at its first instruction. False: it cannot be read. */
	bool (*argument)(const struct arch_registers *registers, const struct arch_memory *memory, unsigned index,
			 uint64_t *ret);
	/* What a function has returned, an integer or pointer, where it has just returned to. */
	uint64_t (*return_value)(const struct arch_registers *registers);
	/* Where the return address lies at a function's first instruction; or lay, where it has just returned to. */
	uint64_t (*return_slot)(const struct arch_registers *registers, bool has_returned);
	/* What lies at BYTES (AVAILABLE of them), behind the BEFORE_SIZE bytes of BEFORE. */
	enum arch_return_place (*return_place)(const uint8_t *before, size_t before_size, const uint8_t *bytes,
					       size_t available);
	/* At the first instruction of longjmp(3): the stack pointer that it will set. False: it cannot be told. */
	bool (*jump_stack_pointer)(const struct arch_registers *registers, const struct arch_memory *memory,
				   uint64_t *ret);
	/* Whether a thread that has these registers is to itself where one that has those is. */
	bool (*is_same_state)(const struct arch_registers *first, const struct arch_registers *second);

	/*
	 * REGISTERS are those of a thread that was interrupted by its tracer and
	 * by nobody else: no signal is pending for it. If it was inside a system
	 * call that would now return EINTR to the program, changes REGISTERS so
	 * that the call is entered again, with its whole timeout, and returns
	 * true. IS_FILTERED: a seccomp filter watches its system calls, and may
	 * not know the one by which the kernel restarts others. Source: signal(7), "Interruption of system calls".
	 */
	bool (*restart_interrupted_call)(struct arch_registers *registers, bool is_filtered);

	const struct usdtrap_syscall *syscalls; /* in order of their numbers */
	size_t syscall_count;
	const uint16_t *syscalls_by_name; /* indexes into them: those that have a kernel name, in order of it */
	size_t syscall_named_count;

	/*
	 * Watching memory: `watch_count' places a thread, one register each for
	 * its address, one for how it is watched, and one that tells which was
	 * hit. All lie in what PTRACE_PEEKUSER calls the user area, at these
	 * offsets. Source: Intel SDM volume 3, "Debug Registers".
	 */
	unsigned watch_count;
	size_t (*watch_address_offset)(unsigned index);
	size_t watch_control_offset;
	size_t watch_status_offset;
	/* The part of the control register that has place INDEX, of LENGTH bytes, watched for ACCESS, ARCH_WATCH_*. */
	uint64_t (*watch_control)(unsigned index, unsigned length, unsigned access);
	/* Whether place INDEX was hit, by the status register. */
	bool (*watch_was_hit)(uint64_t status, unsigned index);

	/* What the registers say of a system call, at its entry or exit or when it was interrupted. */
	void (*call)(const struct arch_registers *registers, struct arch_call_state *ret);
	/*
	 * Whether CODE, the instruction of CODE_SIZE bytes that entered the kernel
	 * and lies just before pc, makes calls in an older convention than the
	 * program's own, with other numbers (x86-64: int $0x80).
	 */
	bool (*is_compatible_call)(const uint8_t *code);
	/* Whether call NUMBER runs a program. */
	bool (*is_exec)(long number);
	long restart_call; /* restart_syscall(2), by which the kernel goes on with some that were interrupted */
	/* Whether call NUMBER may change where files are mapped, or how. */
	bool (*is_mapping)(long number);
	/* The system call's number at a system call stop, -1 if none. */
	long (*system_call)(const struct arch_registers *registers);
	/*
	 * Whether REGISTERS, at a system call stop, are at the entry of a call
	 * that runs a program (execve(2), execveat(2)); then also where the text
	 * of its path lies and the descriptor of the directory it starts from
	 * (AT_FDCWD: the working directory).
	 */
	bool (*exec_entry)(const struct arch_registers *registers, uint64_t *ret_path_addr, int *ret_directory);

	/*
	 * A thread with REGISTERS is to make a system call for us and then to go
	 * on as if nothing had been. cave_make() makes the code that does that,
	 * for this thread at this moment; cave_enter() changes REGISTERS so that
	 * the thread makes CALL, by that code at CAVE_ADDR. From then on it comes
	 * back by itself. cave_result() is what the call returned, at the stop
	 * where it ends.
	 */
	void (*cave_make)(const struct arch_registers *registers, uint8_t code[ARCH_CAVE_SIZE]);
	void (*cave_enter)(struct arch_registers *registers, uint64_t cave_addr, const struct arch_call *call);
	int64_t (*cave_result)(const struct arch_registers *registers);
	/* SIZE bytes of a thread's stack that it does not use now, aligned to 16. */
	uint64_t (*scratch_below)(const struct arch_registers *registers, size_t size);
	/* Whether the kernel itself enters system call NUMBER again, as it was, when it was interrupted for nothing. */
	bool (*is_restarted)(long number);
	/* Whether system call NUMBER ends with EINTR for any signal whatever: signal(7). */
	bool (*is_never_restarted)(long number);
	/*
	 * Where a thread may go on that has executed a trap in the place of the
	 * instruction that BYTES, at ADDR, begin with, while nobody can act that
	 * out: behind it, if it does nothing; 0 if it is a return; ADDR itself for
	 * any other, once it is back.
	 */
	uint64_t (*survive)(const uint8_t *bytes, size_t available, uint64_t addr);
	/* The handler of arch/net.h. */
	void (*net_code)(struct arch_net_code *ret);
	long sigaction_call;   /* the number of rt_sigaction(2) */
	long sigprocmask_call; /* the number of rt_sigprocmask(2) */
	long mmap_call, munmap_call;
	uint64_t sigaction_flags; /* those that a struct arch_sigaction with a restorer needs */
};

/* The architecture that runs files of ELF_MACHINE with addresses of ADDRESS_BITS; NULL if not supported. */
const struct arch *arch_find(uint16_t elf_machine, unsigned address_bits);
/* That of programs which run on this machine without further ado: what scripts mean before any program is known. */
const struct arch *arch_native(void);

extern const struct arch arch_x86_64;

#endif
