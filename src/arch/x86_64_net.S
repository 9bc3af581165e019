/* SPDX-License-Identifier: MIT */
/*
 * The handler of arch/net.h for x86-64. It is data here (.rodata) and code in
 * the target. It calls nobody, keeps all registers that a function must, and
 * uses neither the x87 nor any vector register.
 *
 * The kernel calls it as handler(signal, siginfo, ucontext) on the stack of the
 * thread, or on its alternate one, with all signals blocked (unless it stands
 * in for a handler of the target's, which is called with the mask it asked for).
 *
 * Offsets: siginfo_t and ucontext_t of <signal.h>; heads and chunks of
 * arch/net.h, held together by the assertions in x86_64_cave.c.
 */
	.set SIGTRAP, 5
	.set SI_KERNEL, 0x80
	.set TRAP_HWBKPT, 4
	.set SIGINFO_CODE, 8
	.set CONTEXT_RSP, 160
	.set CONTEXT_RIP, 168
	.set CONTEXT_EFLAGS, 176
	.set TRAP_FLAG, 0x100
	.set TRAP_BYTE, 0xcc
	.set TRAP_WORD, 0x03cd		/* int $3 */

	.set HEAD_FLAGS, 16
	.set HEAD_IS_HEALED, 20
	.set HEAD_BEFORE, 24
	.set HEAD_ZERO, 88
	.set HEAD_FIRST_CHUNK, 120
	.set HEAD_OTHERS_FIRST, 128
	.set HEAD_OTHERS_LAST, 136
	.set HEALS, 1
	.set CHUNK_NEXT, 0
	.set CHUNK_COUNT, 8
	.set CHUNK_ENTRIES, 16
	.set ENTRY_THEN, 8
	.set ENTRY_SIZE, 16
	.set ADDR_SHIFT, 8
	.set DONE_BIT, 62

	.set SYS_open, 2
	.set SYS_close, 3
	.set SYS_rt_sigaction, 13
	.set SYS_rt_sigreturn, 15
	.set SYS_pread64, 17
	.set SYS_pwrite64, 18
	.set SYS_getpid, 39
	.set SYS_flock, 73
	.set SYS_gettid, 186
	.set SYS_tgkill, 234
	.set O_RDWR_CLOEXEC, 0x80002
	.set LOCK_EX, 2

	.section .rodata
	.balign 16
	.globl x86_64_net_begin
	.hidden x86_64_net_begin
	.type x86_64_net_begin, @object
x86_64_net_begin:
	endbr64
	cmpl $SI_KERNEL, SIGINFO_CODE(%rsi)
	jne foreign			/* sent by somebody: kill(2) and the like */
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $24, %rsp			/* two words of room; the stack is aligned */
	lea head(%rip), %rbx
	mov %rdx, %r12			/* the context */
	mov CONTEXT_RIP(%r12), %r13
	dec %r13			/* where the trap lies that was executed */

	mov HEAD_FIRST_CHUNK(%rbx), %rbp
find_in_chunk:
	test %rbp, %rbp
	jz not_in_table
	mov CHUNK_COUNT(%rbp), %ecx
	lea CHUNK_ENTRIES(%rbp), %rax
find_entry:
	dec %ecx
	js find_in_next
	mov (%rax), %r8
	shl $ADDR_SHIFT, %r8
	shr $ADDR_SHIFT, %r8
	mov ENTRY_THEN(%rax), %r14
	add $ENTRY_SIZE, %rax
	cmp %r8, %r13
	jne find_entry
	test %r14, %r14
	js find_entry			/* a semaphore */
	jmp found
find_in_next:
	mov CHUNK_NEXT(%rbp), %rbp
	jmp find_in_chunk

found:
	test %r14, %r14
	jnz go_on
	mov CONTEXT_RSP(%r12), %rax	/* act out the return that the trap covers */
	mov (%rax), %r14
	addq $8, CONTEXT_RSP(%r12)
go_on:
	mov %r14, CONTEXT_RIP(%r12)
	andl $~TRAP_FLAG, CONTEXT_EFLAGS(%r12)	/* whoever stepped it is dead */
	testl $HEALS, HEAD_FLAGS(%rbx)
	jz done
	cmpl $0, HEAD_IS_HEALED(%rbx)
	jne done

	/* Heal. The lock is for other threads that do the same now, and for a repair from outside. */
	mov $SYS_open, %eax
	lea path(%rip), %rdi
	mov $O_RDWR_CLOEXEC, %esi
	syscall
	test %eax, %eax
	js done				/* no /proc here: the trap was survived, at least */
	mov %eax, %r15d
	mov $SYS_flock, %eax
	mov %r15d, %edi
	mov $LOCK_EX, %esi
	syscall
	cmpl $0, HEAD_IS_HEALED(%rbx)
	jne close
	mov $1, %r14d			/* semaphores first, as long as their witnesses are there; then sites */
heal_all:
	mov HEAD_FIRST_CHUNK(%rbx), %rbp
heal_chunk:
	test %rbp, %rbp
	jz healed_all
	xor %r13d, %r13d		/* the entry's number */
heal_entry:
	cmp CHUNK_COUNT(%rbp), %r13d
	jae heal_next_chunk
	mov %r13, %rax
	shl $4, %rax
	lea CHUNK_ENTRIES(%rbp,%rax), %r12
	inc %r13d
	cmpq $0, (%r12)
	je heal_entry
	mov ENTRY_THEN(%r12), %rax
	mov %rax, %rcx
	shr $63, %rcx
	cmp %r14d, %ecx
	jne heal_entry			/* the other pass's */
	mov (%r12), %r10
	test %ecx, %ecx
	jz have_trap_addr
	bt $DONE_BIT, %rax
	jc heal_entry
	mov %rax, %r10			/* the witness */
have_trap_addr:
	shl $ADDR_SHIFT, %r10
	shr $ADDR_SHIFT, %r10
	mov $SYS_pread64, %eax		/* is our trap still there? */
	mov %r15d, %edi
	mov %rsp, %rsi
	mov $1, %edx
	syscall
	cmp $1, %eax
	jne heal_entry
	cmpb $TRAP_BYTE, (%rsp)
	jne heal_entry
	mov (%r12), %r10
	shl $ADDR_SHIFT, %r10
	shr $ADDR_SHIFT, %r10
	test %r14d, %r14d
	jnz lower
	mov 7(%r12), %al		/* the byte that belongs there */
	mov %al, (%rsp)
	mov $1, %edx
	jmp write
lower:
	mov $SYS_pread64, %eax
	mov %r15d, %edi
	mov %rsp, %rsi
	mov $2, %edx
	syscall
	cmp $2, %eax
	jne heal_entry
	cmpw $0, (%rsp)
	je heal_entry
	decw (%rsp)
	mov $2, %edx
write:
	mov $SYS_pwrite64, %eax
	mov %r15d, %edi
	mov %rsp, %rsi
	syscall
	test %r14d, %r14d
	jz heal_entry
	mov ENTRY_THEN(%r12), %rax	/* the semaphore is lowered: say so */
	bts $DONE_BIT, %rax
	mov %rax, (%rsp)
	mov $SYS_pwrite64, %eax
	mov %r15d, %edi
	mov %rsp, %rsi
	mov $8, %edx
	lea ENTRY_THEN(%r12), %r10
	syscall
	jmp heal_entry
heal_next_chunk:
	mov CHUNK_NEXT(%rbp), %rbp
	jmp heal_chunk
healed_all:
	dec %r14d
	jns heal_all
	movl $1, (%rsp)
	mov $SYS_pwrite64, %eax
	mov %r15d, %edi
	mov %rsp, %rsi
	mov $4, %edx
	lea HEAD_IS_HEALED(%rbx), %r10
	syscall
close:
	mov $SYS_close, %eax		/* and with it goes the lock */
	mov %r15d, %edi
	syscall
done:
	add $24, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

not_in_table:
	mov CONTEXT_RIP(%r12), %r14	/* behind a one-byte nop nothing has to be done */
	cmp HEAD_OTHERS_FIRST(%rbx), %r13
	jb not_ours
	cmp HEAD_OTHERS_LAST(%rbx), %r13
	jbe go_on
not_ours:
	cmpb $TRAP_BYTE, (%r13)		/* no trap stands there, in either of its forms: the tracer had */
	je not_our_trap			/* already sent the thread on from one, and died before it went */
	cmpw $TRAP_WORD, -1(%r13)
	jne done
not_our_trap:
	add $24, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
foreign:
	cmpl $TRAP_HWBKPT, SIGINFO_CODE(%rsi)
	je watched			/* a debug register that a dead tracer set: the access was made */
	mov head+HEAD_BEFORE(%rip), %rax
	cmp $1, %rax
	ja chain
	je ignore
by_default:
	push %rbx
	push %rsi
	push %rdx
	mov $SYS_rt_sigaction, %eax
	mov $SIGTRAP, %edi
	lea head+HEAD_ZERO(%rip), %rsi
	xor %edx, %edx
	mov $8, %r10d
	syscall
	pop %rdx
	pop %rsi
	cmpl $SI_KERNEL, SIGINFO_CODE(%rsi)
	jne send_again
	decq CONTEXT_RIP(%rdx)		/* a trap of the target's own: it executes it again, and ends there */
	pop %rbx
	ret
send_again:
	mov $SYS_getpid, %eax
	syscall
	mov %eax, %ebx
	mov $SYS_gettid, %eax
	syscall
	mov %ebx, %edi
	mov %eax, %esi
	mov $SIGTRAP, %edx
	mov $SYS_tgkill, %eax
	syscall
	pop %rbx
	ret
ignore:
	cmpl $SI_KERNEL, SIGINFO_CODE(%rsi)
	je by_default			/* a trap cannot be ignored */
	ret
chain:
	jmp *%rax
watched:
	ret

	.balign 8
	.globl x86_64_net_restorer
	.hidden x86_64_net_restorer
x86_64_net_restorer:
	mov $SYS_rt_sigreturn, %eax
	syscall
path:
	.asciz "/proc/self/mem"
	.balign 16
	.globl x86_64_net_end
	.hidden x86_64_net_end
x86_64_net_end:
head:					/* in the target, where the head is written */
	.section .note.GNU-stack, "", @progbits
