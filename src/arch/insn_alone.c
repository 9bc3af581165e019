/* SPDX-License-Identifier: MIT */
/*
 * For the static program only: capstone without the processors that nobody
 * asks for, which are four fifths of it.
 *
 * capstone's table of processors names two functions of each: XXX_global_init
 * and XXX_option. What the program itself defines the linker does not take out
 * of libcapstone.a, nor the decoder that hangs on it. A processor that is not in
 * this list is only dead weight, so a newer capstone does no harm.
 *
 * Source: capstone's cs.c, cs_arch_init and cs_arch_option, versions 4 and 5.
 */
#include <capstone/capstone.h>
#include <stddef.h>

/* Capstone's own type, which its public headers do not show. */
struct cs_struct;

#define IS_NOT_HERE(processor)                                                              \
	cs_err processor##_global_init(struct cs_struct *handle);                           \
	cs_err processor##_option(struct cs_struct *, cs_opt_type type, size_t);            \
                                                                                            \
	cs_err processor##_global_init(struct cs_struct *handle)                            \
	{                                                                                   \
		(void)handle;                                                               \
		return CS_ERR_ARCH;                                                         \
	}                                                                                   \
	cs_err processor##_option(struct cs_struct *handle, cs_opt_type type, size_t value) \
	{                                                                                   \
		(void)handle, (void)type, (void)value;                                      \
		return CS_ERR_ARCH;                                                         \
	}

IS_NOT_HERE(AArch64)
IS_NOT_HERE(ARM)
IS_NOT_HERE(BPF)
IS_NOT_HERE(EVM)
IS_NOT_HERE(M680X)
IS_NOT_HERE(M68K)
IS_NOT_HERE(MOS65XX)
IS_NOT_HERE(Mips)
IS_NOT_HERE(PPC)
IS_NOT_HERE(RISCV)
IS_NOT_HERE(SH)
IS_NOT_HERE(Sparc)
IS_NOT_HERE(SystemZ)
IS_NOT_HERE(TMS320C64x)
IS_NOT_HERE(TRICORE)
IS_NOT_HERE(WASM)
IS_NOT_HERE(XCore)
