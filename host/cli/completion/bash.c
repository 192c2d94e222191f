/* The script for bash, 4.2 or newer. It needs no other package. */
#include <stdio.h>

#include "cli/completion/completion.h"
#include "cli/io/typed.h"

static const char head[] =
    "# Completion of windrow for bash, printed by: windrow completion bash\n"
    "\n"
    "# A command's function calls `_windrow_option NAME KIND WORD...` for each option, and\n"
    "# `_windrow_operand KIND WORD...`. KIND tells what follows: flag (nothing), text (anything),\n"
    "# word, words (with commas between), file, files, folder.\n"
    "_windrow_option() {\n"
    "    options+=(\"$1\")\n"
    "    if [[ $1 == \"$option\" && $2 != flag ]]; then\n"
    "        kind=$2\n"
    "        words=(\"${@:3}\")\n"
    "    fi\n"
    "}\n"
    "\n"
    "_windrow_operand() {\n"
    "    operand=$1\n"
    "    operands=(\"${@:2}\")\n"
    "}\n"
    "\n"
    "# Offers the words that are not on the command line yet.\n"
    "_windrow_new_words() {\n"
    "    local word given=\" ${COMP_WORDS[*]:2:COMP_CWORD-2} \"\n"
    "    words=()\n"
    "    for word in \"$@\"; do\n"
    "        [[ $given == *\" $word \"* ]] || words+=(\"$word\")\n"
    "    done\n"
    "}\n"
    "\n"
    "_windrow_reply() {\n"
    "    local word find\n"
    "    if [[ $kind == words || $kind == files ]] && [[ $current == *,* ]]; then\n"
    "        prefix+=${current%,*},\n"
    "        current=${current##*,}\n"
    "    fi\n"
    "    for word in \"${words[@]}\"; do\n"
    "        [[ $word == \"$current\"* ]] && COMPREPLY+=(\"$prefix$word\")\n"
    "    done\n"
    "    case $kind in\n"
    "    file | files) find=-f ;;\n"
    "    folder) find=-d ;;\n"
    "    *) return ;;\n"
    "    esac\n"
    "    current=${current//\\\\/} # as typed, a blank has a backslash before it\n"
    "    current=${current#[\\\"\\']}\n"
    "    while IFS= read -r word; do\n"
    "        COMPREPLY+=(\"$prefix$word\")\n"
    "    done < <(compgen \"$find\" -- \"$current\")\n"
    "    compopt -o filenames 2>/dev/null # which adds backslashes, and / to folders\n"
    "}\n"
    "\n"
    "_windrow() {\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local prefix= kind= words=() options=(--help) operand= operands=() ended= i\n"
    "    COMPREPLY=()\n"
    "    if ((COMP_CWORD == 1)); then\n"
    "        kind=word\n"
    "        words=(\"${_windrow_commands[@]}\")\n"
    "        [[ $current != -* ]] || words=(--help --version)\n"
    "        _windrow_reply\n"
    "        return\n"
    "    fi\n"
    "    declare -F \"_windrow_command_${COMP_WORDS[1]}\" >/dev/null || return 0\n"
    "    # --name=value is one word, or three where COMP_WORDBREAKS has a =.\n"
    "    if [[ $current == --*=* ]]; then\n"
    "        option=${current%%=*}\n"
    "        prefix=$option=\n"
    "        current=${current#*=}\n"
    "    elif [[ $current == = ]]; then\n"
    "        current=\n"
    "    elif [[ $option == = ]]; then\n"
    "        option=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n"
    "    \"_windrow_command_${COMP_WORDS[1]}\"\n"
    "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
    "        [[ ${COMP_WORDS[i]} == -- ]] && ended=1\n"
    "    done\n"
    "    if [[ -z $ended && ( -n $kind || -n $prefix ) ]]; then\n"
    "        : # the value of an option\n"
    "    elif [[ -z $ended && $current == -* ]]; then\n"
    "        kind=word\n"
    "        _windrow_new_words \"${options[@]}\"\n"
    "    else\n"
    "        kind=$operand\n"
    "        _windrow_new_words \"${operands[@]}\"\n"
    "    fi\n"
    "    _windrow_reply\n"
    "}\n"
    "complete -F _windrow windrow\n";

static void begin(void) {
    fputs(head, stdout);
    fputs("\n_windrow_commands=(", stdout);
    for (size_t c = 0; command_table[c] != NULL; c++)
        printf("%s ", command_table[c]->name);
    puts("help)\n"
         "_windrow_command_help() {\n"
         "    _windrow_operand word \"${_windrow_commands[@]}\"\n"
         "}");
}

static void begin_command(const struct command *command) {
    printf("_windrow_command_%s() {\n", command->name);
}

static void option(const struct command *command, const struct option_spec *spec) {
    static const char *const kinds[] = {
        [COMPLETE_FLAG] = "flag",    [COMPLETE_TEXT] = "text", [COMPLETE_WORD] = "word",
        [COMPLETE_WORDS] = "words",  [COMPLETE_FILE] = "file", [COMPLETE_FILES] = "files",
        [COMPLETE_FOLDER] = "folder"};
    (void)command;
    if (option_is_named(spec))
        printf("    _windrow_option --%s %s", spec->name, kinds[completion_kind(spec)]);
    else
        printf("    _windrow_operand %s", kinds[completion_kind(spec)]);
    for (size_t i = 0; completion_word(spec, i) != NULL; i++) {
        putchar(' ');
        print_shell_word(stdout, completion_word(spec, i));
    }
    putchar('\n');
}

static void end_command(const struct command *command) {
    puts(command->options.count > 0 ? "}" : "    :\n}");
}

static void end(void) {}

const struct completion_shell completion_bash = {.begin = begin,
                                                 .begin_command = begin_command,
                                                 .option = option,
                                                 .end_command = end_command,
                                                 .end = end};
