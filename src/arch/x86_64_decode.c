/* SPDX-License-Identifier: MIT */
/*
 * How long an x86-64 instruction is, and where its parts lie. What it does is
 * of no interest here, only its form, which has six parts of which all but the
 * opcode may be missing:
 *
 *	prefixes | REX | opcode | ModRM, SIB | displacement | immediate
 *
 * The opcode is one byte, or one behind an escape: 0f, 0f 38, 0f 3a. That makes
 * four maps of 256 opcodes; two have the same form throughout, for the others
 * there is a table with a letter for each opcode. VEX (c4, c5) and EVEX (62)
 * are other spellings of prefixes, REX and escape together.
 *
 * Source: Intel SDM volume 2, chapter 2 "Instruction Format" and appendix A
 * "Opcode Map". The test compares lengths with capstone's over the whole text
 * of installed libraries.
 */
#include "arch/x86_64.h"

#include <string.h>

enum { MAX_LENGTH = 15 }; /* longer ones raise #GP */

/*
 * The letters: what follows the opcode.
 *	.  nothing        M  ModRM           x  no such instruction    p  a prefix or escape
 *	b  8 bits         z  32 or 16 bits   v  64, 32 or 16 bits      w  16 bits
 *	B  ModRM, 8 bits  Z  ModRM, 32/16    T  ModRM, and an immediate with /0 and /1 (test)
 *	j  8-bit branch   J  32-bit branch   o  a 64-bit address       e  16 and 8 bits (enter)
 */
/* clang-format off */
static const char one_byte_map[] =
	"MMMMbzxxMMMMbzxp" "MMMMbzxxMMMMbzxx" "MMMMbzpxMMMMbzpx" "MMMMbzpxMMMMbzpx" /* 00 10 20 30 */
	"pppppppppppppppp" "................" "xxpMppppzZbB...." "jjjjjjjjjjjjjjjj" /* 40 50 60 70 */
	"BZxBMMMMMMMMMMMM" "..........x....." "oooo....bz......" "bbbbbbbbvvvvvvvv" /* 80 90 a0 b0 */
	"BBw.ppBZe.w..bx." "MMMMxxx.MMMMMMMM" "jjjjbbbbJJxj...." "p.pp..TT......MM"; /* c0 d0 e0 f0 */
static const char two_byte_map[] =
	"MMMMx.....x.xM.B" "MMMMMMMMMMMMMMMM" "MMMMxxxxMMMMMMMM" "......x.pxpxxxxx" /* 00 10 20 30 */
	"MMMMMMMMMMMMMMMM" "MMMMMMMMMMMMMMMM" "MMMMMMMMMMMMMMMM" "BBBBMMM.MMxxMMMM" /* 40 50 60 70 */
	"JJJJJJJJJJJJJJJJ" "MMMMMMMMMMMMMMMM" "...MBMxx...MBMMM" "MMMMMMMMMMBMMMMM" /* 80 90 a0 b0 */
	"MMBMBBBM........" "MMMMMMMMMMMMMMMM" "MMMMMMMMMMMMMMMM" "MMMMMMMMMMMMMMMM"; /* c0 d0 e0 f0 */
/* clang-format on */

struct reader {
	const uint8_t *bytes;
	size_t available;
	size_t at;
	bool is_short; /* the bytes ended too soon */
};

static uint8_t take(struct reader *reader)
{
	if (reader->at >= reader->available) {
		reader->is_short = true;
		return 0;
	}
	return reader->bytes[reader->at++];
}

static uint8_t peek(const struct reader *reader)
{
	return reader->at < reader->available ? reader->bytes[reader->at] : 0;
}

/* Takes a prefix, if there is one. Of REX prefixes only one that stands right before the opcode counts. */
static bool take_prefix(struct reader *reader, struct x86_64_insn *insn)
{
	uint8_t byte = peek(reader), rex = 0;

	switch (byte) {
	case 0x40 ... 0x4f:
		rex = byte;
		break;
	case 0x66:
		insn->has_operand_size = true;
		break;
	case 0x67:
		insn->has_address_size = true;
		break;
	case 0xf2:
	case 0xf3:
		insn->repeat = byte;
		break;
	case 0xf0:
		insn->has_lock = true;
		break;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
		insn->segment = byte;
		break;
	default:
		return false;
	}
	insn->rex = rex;
	take(reader);
	return true;
}

/* The three-byte (c4), two-byte (c5) and EVEX (62) forms; the first byte is taken. False: no such encoding. */
static bool take_vector_prefix(struct reader *reader, struct x86_64_insn *insn, uint8_t first)
{
	uint8_t second = take(reader);

	if (insn->has_operand_size || insn->repeat || insn->has_lock || insn->rex)
		return false;
	insn->is_vector = true;
	if (first == 0xc5) {
		insn->map = X86_64_MAP_0F;
		return true;
	}
	insn->map = second & (first == 0x62 ? 0x07 : 0x1f);
	take(reader);
	if (first == 0x62)
		take(reader);
	if (first == 0x62 && (insn->map == 5 || insn->map == 6)) /* the half-precision maps: formed as 0f 38 */
		return true;
	return insn->map >= X86_64_MAP_0F && insn->map <= X86_64_MAP_0F3A;
}

/* Everything up to and with the opcode. False: no such instruction. */
static bool take_opcode(struct reader *reader, struct x86_64_insn *insn)
{
	while (take_prefix(reader, insn))
		;
	insn->opcode_at = (uint8_t)reader->at;
	insn->opcode = take(reader);
	if (insn->opcode == 0xc4 || insn->opcode == 0xc5 || insn->opcode == 0x62) {
		if (!take_vector_prefix(reader, insn, insn->opcode))
			return false;
		insn->opcode_at = (uint8_t)reader->at;
		insn->opcode = take(reader);
	} else if (insn->opcode == 0x0f) {
		insn->map = X86_64_MAP_0F;
		insn->opcode = take(reader);
		if (insn->opcode == 0x38 || insn->opcode == 0x3a) {
			insn->map = insn->opcode == 0x38 ? X86_64_MAP_0F38 : X86_64_MAP_0F3A;
			insn->opcode = take(reader);
		}
	}
	return !reader->is_short;
}

static char form_of(const struct x86_64_insn *insn)
{
	switch (insn->map) {
	case X86_64_MAP_ONE_BYTE:
		return one_byte_map[insn->opcode];
	case X86_64_MAP_0F:
		/* Of this map the vector encodings take those with a ModRM byte, and vzeroupper. */
		if (insn->is_vector && !strchr("MB", two_byte_map[insn->opcode]) && insn->opcode != 0x77)
			return 'x';
		return two_byte_map[insn->opcode];
	case X86_64_MAP_0F3A:
		return 'B';
	default:
		return 'M';
	}
}

static void take_modrm(struct reader *reader, struct x86_64_insn *insn)
{
	uint8_t mod, rm, base;

	insn->modrm_at = (uint8_t)reader->at;
	insn->modrm = take(reader);
	mod = insn->modrm >> 6;
	rm = insn->modrm & 7;
	base = rm;
	if (mod != 3 && rm == 4) {
		insn->sib = take(reader);
		base = insn->sib & 7;
	}
	if (mod == 1)
		insn->displacement_size = 1;
	else if (mod == 2 || (mod == 0 && base == 5))
		insn->displacement_size = 4;
	insn->is_pc_relative = mod == 0 && rm == 5;
	insn->displacement_at = (uint8_t)reader->at;
	for (unsigned i = 0; i < insn->displacement_size; i++)
		take(reader);
}

static unsigned immediate_size(const struct x86_64_insn *insn, char form)
{
	const bool is_wide = insn->rex & X86_64_REX_W;
	const unsigned z = insn->has_operand_size && !is_wide ? 2 : 4;
	const bool is_test = form == 'T' && ((insn->modrm >> 3) & 7) <= 1;

	switch (form) {
	case 'b':
	case 'B':
	case 'j':
		return 1;
	case 'w':
		return 2;
	case 'e':
		return 3;
	case 'z':
	case 'Z':
		return z;
	case 'v':
		return is_wide ? 8 : z;
	case 'o':
		return insn->has_address_size ? 4 : 8;
	case 'J':
		return 4;
	case 'T':
		return !is_test ? 0 : insn->opcode == 0xf6 ? 1 : z;
	default:
		return 0;
	}
}

/* Forms that the maps do not tell from their neighbours, and that nobody's compiler makes. */
static bool is_odd(const struct x86_64_insn *insn, char form)
{
	/* With a 16-bit operand size AMD's processors take 16-bit branches, Intel's do not. */
	if ((form == 'J' || form == 'j') && insn->has_operand_size && !(insn->rex & X86_64_REX_W))
		return true;
	if (insn->is_vector)
		return false;
	/* pop, or an XOP instruction of AMD's */
	if (insn->map == X86_64_MAP_ONE_BYTE && insn->opcode == 0x8f && ((insn->modrm >> 3) & 7) != 0)
		return true;
	/* vmread, or extrq and insertq with two immediates */
	return insn->map == X86_64_MAP_0F && insn->opcode == 0x78 && (insn->has_operand_size || insn->repeat);
}

bool x86_64_decode(const uint8_t *bytes, size_t available, struct x86_64_insn *ret)
{
	struct reader reader = {.bytes = bytes, .available = available < MAX_LENGTH ? available : MAX_LENGTH};
	char form;

	memset(ret, 0, sizeof(*ret));
	if (!take_opcode(&reader, ret))
		return false;
	form = form_of(ret);
	if (form == 'x' || form == 'p')
		return false;
	if (strchr("MBZT", form))
		take_modrm(&reader, ret);
	ret->immediate_at = (uint8_t)reader.at;
	ret->immediate_size = (uint8_t)immediate_size(ret, form);
	for (unsigned i = 0; i < ret->immediate_size; i++)
		take(&reader);
	ret->is_branch = form == 'j' || form == 'J';
	ret->length = (uint8_t)reader.at;
	return !reader.is_short && !is_odd(ret, form);
}

int64_t x86_64_signed_at(const uint8_t *bytes, unsigned at, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)bytes[at + i] << (8 * i);
	return size == 0 || size == 8 ? (int64_t)value : (int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size);
}

uint64_t x86_64_target(const struct x86_64_insn *insn, const uint8_t *bytes, uint64_t addr)
{
	uint64_t next = addr + insn->length;

	if (insn->is_branch)
		return next + (uint64_t)x86_64_signed_at(bytes, insn->immediate_at, insn->immediate_size);
	return next + (uint64_t)x86_64_signed_at(bytes, insn->displacement_at, insn->displacement_size);
}

bool x86_64_target_of(const uint8_t *bytes, size_t available, uint64_t addr, uint64_t *ret, bool *ret_is_jump)
{
	struct x86_64_insn insn;

	if (!x86_64_decode(bytes, available, &insn) || (!insn.is_pc_relative && !insn.is_branch))
		return false;
	*ret = x86_64_target(&insn, bytes, addr);
	*ret_is_jump = insn.is_branch;
	return true;
}
