/* SPDX-License-Identifier: MIT */
#include "cli/command.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/message.h"

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

/* Whether WORD means something to a shell alone: "|", ">out", "'a". */
static bool is_of_shell(const char *word)
{
	static const char *const operators[] = {"|", "||", "&", "&&", ";"};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (strcmp(word, operators[i]) == 0)
			return true;
	return strchr("<>'\"`$", *word) || strncmp(word, "2>", 2) == 0;
}

void command_warn(const struct command *command)
{
	for (char *const *word = command->words; word && *word; word++) {
		if (!is_of_shell(*word))
			continue;
		message_print(MESSAGE_WARNING, "-c runs no shell: the program is given %s as it is", *word);
		message_print(
			MESSAGE_HINT,
			"for a shell, write the command into a file: -c 'sh FILE', with --follow for the programs "
			"that it starts");
		return;
	}
}

void command_deinit(struct command *command)
{
	free(command->words);
	free(command->text);
	*command = (struct command){0};
}
