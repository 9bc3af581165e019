/* SPDX-License-Identifier: MIT */
/*
 * mapper LIBRARY: a program with a loader of its own, which maps LIBRARY
 * (libguarded.so) segment by segment with mmap(2) and tells nobody. It does
 * what its input says, a word a line, and repeats the word when it is done:
 *	map	maps it at an address that the kernel chooses
 *	slowly	the same, with 200 ms between its text and its data
 *	again	maps it where it was before
 *	unmap	unmaps it
 *	call	calls libguarded_work() five times
 *	other	maps memory full of trap instructions where its text was
 *	anew	maps its text from the file once more, over itself
 *	copy	puts a copy of its text, in memory of no file, in its place, as some do to have it in huge pages
 *	vacate	makes the copy, and puts empty memory in the place of the text
 *	vanish	makes the copy, and unmaps the text
 *	refill	copies the copy there
 *	check	says "text right" if the text is that of the file, or of the trap instructions
 *	pause	sleeps for 100 ms, which is how late a tracer may notice what it waits for
 *	second	sleeps for 1.1 seconds, likewise of what it does not miss
 * In the end it says how often it called, and how often the semaphore was up.
 */
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "target.h"

enum { PAGE = 4096, TRAP = 0xcc };

static const uint8_t *file;
static int file_fd;
static uint8_t *base; /* where vaddr 0 lies, or would */
static size_t span;
static bool is_other;
static uint8_t *taken; /* a copy of the text */
static unsigned long calls, calls_while_up;

static const Elf64_Ehdr *header(void)
{
	return (const Elf64_Ehdr *)file;
}

static const Elf64_Phdr *segment(unsigned index)
{
	return (const Elf64_Phdr *)(file + header()->e_phoff) + index;
}

static const Elf64_Phdr *text(void)
{
	unsigned i = 0;

	while (segment(i)->p_type != PT_LOAD || !(segment(i)->p_flags & PF_X))
		i++;
	return segment(i);
}

static size_t page_down(size_t value)
{
	return value & ~(size_t)(PAGE - 1);
}

static size_t page_up(size_t value)
{
	return page_down(value + PAGE - 1);
}

static uint8_t *text_start(void)
{
	return base + page_down(text()->p_vaddr);
}

static size_t text_size(void)
{
	return page_up(text()->p_vaddr + text()->p_memsz) - page_down(text()->p_vaddr);
}

/* As loaders do: first all of the address range, then each segment in its place. */
static void map_segment(const Elf64_Phdr *load)
{
	const int protection = (load->p_flags & PF_R ? PROT_READ : 0) | (load->p_flags & PF_W ? PROT_WRITE : 0) |
			       (load->p_flags & PF_X ? PROT_EXEC : 0);
	uint8_t *start = base + page_down(load->p_vaddr), *file_end = base + load->p_vaddr + load->p_filesz;
	uint8_t *end = base + page_up(load->p_vaddr + load->p_memsz);
	uint8_t *rest = (uint8_t *)page_up((size_t)file_end);

	if (mmap(start, (size_t)(file_end - start), protection, MAP_PRIVATE | MAP_FIXED, file_fd,
		 (off_t)page_down(load->p_offset)) == MAP_FAILED)
		target_fail("mmap of a segment");
	if (load->p_memsz == load->p_filesz)
		return;
	memset(file_end, 0, (size_t)(rest - file_end));
	if (rest < end &&
	    mmap(rest, (size_t)(end - rest), protection, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		target_fail("mmap of bss");
}

static void map(uint8_t *where, bool is_slow)
{
	for (unsigned i = 0; i < header()->e_phnum; i++)
		if (segment(i)->p_type == PT_LOAD)
			span = page_up(segment(i)->p_vaddr + segment(i)->p_memsz);
	base = mmap(where, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | (where != NULL ? MAP_FIXED : 0), -1, 0);
	if (base == MAP_FAILED)
		target_fail("mmap");
	for (unsigned i = 0; i < header()->e_phnum; i++)
		if (segment(i)->p_type == PT_LOAD) {
			if (is_slow && segment(i)->p_flags & PF_W)
				usleep(200000);
			map_segment(segment(i));
		}
	is_other = false;
}

static void map_other(void)
{
	memset(mmap(text_start(), text_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
	       TRAP, text_size());
	mprotect(text_start(), text_size(), PROT_READ | PROT_EXEC);
	is_other = true;
}

static void map_anew(void)
{
	if (mmap(text_start(), text()->p_filesz, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file_fd,
		 (off_t)page_down(text()->p_offset)) == MAP_FAILED)
		target_fail("mmap anew");
}

static void copy(void)
{
	uint8_t *copied = mmap(NULL, text_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copied == MAP_FAILED)
		target_fail("mmap of a copy");
	memcpy(copied, text_start(), text_size());
	mprotect(copied, text_size(), PROT_READ | PROT_EXEC);
	if (mremap(copied, text_size(), text_size(), MREMAP_MAYMOVE | MREMAP_FIXED, text_start()) == MAP_FAILED)
		target_fail("mremap");
}

/* The first half of what others do to have their text in huge pages. */
static void vacate(bool is_unmapped_first)
{
	taken = malloc(text_size());
	if (taken == NULL)
		target_fail("malloc");
	memcpy(taken, text_start(), text_size());
	if (is_unmapped_first)
		munmap(text_start(), text_size());
	else if (mmap(text_start(), text_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		      0) == MAP_FAILED)
		target_fail("mmap of empty memory");
}

/* The second half. */
static void refill(void)
{
	if (mmap(text_start(), text_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		target_fail("mmap of empty memory");
	memcpy(text_start(), taken, text_size());
	free(taken);
	mprotect(text_start(), text_size(), PROT_READ | PROT_EXEC);
}

/* The file's symbol libguarded_work. */
static uint64_t find_function(void)
{
	const Elf64_Shdr *sections = (const Elf64_Shdr *)(file + header()->e_shoff);

	for (unsigned i = 0; i < header()->e_shnum; i++) {
		const Elf64_Sym *symbols = (const Elf64_Sym *)(file + sections[i].sh_offset);
		const char *names;

		if (sections[i].sh_type != SHT_DYNSYM)
			continue;
		names = (const char *)file + sections[sections[i].sh_link].sh_offset;
		for (size_t s = 0; s < sections[i].sh_size / sizeof(*symbols); s++)
			if (strcmp(names + symbols[s].st_name, "libguarded_work") == 0)
				return symbols[s].st_value;
	}
	target_fail("libguarded_work");
}

static void call(void)
{
	void *address = base + find_function();
	int (*work)(int);

	*(void **)&work = address;
	for (int i = 0; i < 5; i++) {
		calls_while_up += work(i) != 0;
		calls++;
	}
}

static void check(void)
{
	size_t wrong = 0;

	for (size_t i = 0; i < text()->p_filesz; i++) {
		uint8_t expected = is_other ? TRAP : file[text()->p_offset + i];

		wrong += base[text()->p_vaddr + i] != expected;
	}
	if (wrong)
		printf("%zu bytes of text WRONG\n", wrong);
	else
		puts("text right");
}

static void obey(const char *word)
{
	if (strcmp(word, "map") == 0)
		map(NULL, false);
	else if (strcmp(word, "slowly") == 0)
		map(NULL, true);
	else if (strcmp(word, "again") == 0)
		map(base, false);
	else if (strcmp(word, "unmap") == 0)
		munmap(base, span);
	else if (strcmp(word, "call") == 0)
		call();
	else if (strcmp(word, "other") == 0)
		map_other();
	else if (strcmp(word, "anew") == 0)
		map_anew();
	else if (strcmp(word, "copy") == 0)
		copy();
	else if (strcmp(word, "vacate") == 0)
		vacate(false);
	else if (strcmp(word, "vanish") == 0)
		vacate(true);
	else if (strcmp(word, "refill") == 0)
		refill();
	else if (strcmp(word, "check") == 0)
		check();
	else if (strcmp(word, "pause") == 0)
		usleep(100000);
	else if (strcmp(word, "second") == 0)
		usleep(1100000);
	else
		target_fail(word);
	puts(word);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct stat status;
	uint8_t *bytes;
	char word[32];

	file_fd = open(argc > 1 ? argv[1] : "", O_RDONLY | O_CLOEXEC);
	if (file_fd < 0 || fstat(file_fd, &status) != 0)
		target_fail("open");
	/* Read, not mapped: a tracer should find no mapping of the file but those that are made later. */
	bytes = malloc((size_t)status.st_size);
	if (bytes == NULL || pread(file_fd, bytes, (size_t)status.st_size, 0) != status.st_size)
		target_fail("read");
	file = bytes;
	target_ready();
	while (target_read_line(word, sizeof(word)))
		obey(word);
	printf("called %lu\n@work: %lu\n", calls, calls_while_up);
	return 0;
}
