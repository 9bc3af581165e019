/* SPDX-License-Identifier: MIT */
/*
 * Functions that are left by exceptions, called through one and the same
 * virtual call as others that return. Prints what returned, as returns.c does.
 */
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>

#define PROBED __attribute__((noinline, noclone, noipa))

static std::map<std::string, unsigned long> returned;
static int cleaned;

struct cleaner {
	~cleaner()
	{
		cleaned++;
	}
};

struct task {
	virtual int run(int n) = 0;
	virtual ~task()
	{
	}
};

struct worker : task {
	int run(int n) override;
};

struct idler : task {
	int run(int n) override;
};

PROBED static int throws_or_returns(int n)
{
	if (n % 3 == 0)
		throw std::runtime_error("a third of them");
	returned["throws_or_returns(int)"]++;
	return n;
}

PROBED static int goes_through(int n)
{
	cleaner c;
	int result = throws_or_returns(n);

	returned["goes_through(int)"]++;
	return result;
}

PROBED int worker::run(int n)
{
	int result = goes_through(n);

	returned["worker::run(int)"]++;
	return result;
}

PROBED int idler::run(int n)
{
	return n;
}

PROBED static int catches(int n)
{
	int result;

	try {
		result = goes_through(n);
	} catch (const std::exception &) {
		result = -1;
	}
	returned["catches(int)"]++;
	return result;
}

int main()
{
	worker worker;
	idler idler;
	task *both[] = {&worker, &idler};

	for (int n = 0; n < 60; n++) {
		try {
			both[n / 3 % 2]->run(n);
		} catch (const std::exception &) {
		}
	}
	for (int n = 0; n < 30; n++)
		catches(n);
	for (const auto &entry : returned)
		std::printf("@[%s]: %lu\n", entry.first.c_str(), entry.second);
	return cleaned == 0;
}
