/* SPDX-License-Identifier: MIT */
#include "cli/command.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct usdtrap_error *command_split(const char *text, struct command *ret)
{
	struct command command = {
		.text = strdup(text),
		/* Every word but the last has a blank behind it; one more for the NULL. */
		.words = calloc(strlen(text) / 2 + 2, sizeof(char *)),
	};
	char *rest = NULL;
	size_t count = 0;

	if (!command.text || !command.words) {
		command_deinit(&command);
		return &error_no_memory;
	}
	for (char *word = strtok_r(command.text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		command.words[count++] = word;
	assert(count > 0);
	command.path = command.words[0];
	*ret = command;
	return NULL;
}

void command_deinit(struct command *command)
{
	free(command->words);
	free(command->text);
	*command = (struct command){0};
}
