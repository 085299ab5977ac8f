/* cmd_complete.c - weir complete: scripts for shells, which ask `weir complete -- WORD...` what could come. */
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "cmd.h"
#include "complete.h"

static const struct arg_opt complete_opts[] = {
    { .name = NULL },
};

static const struct arg_section complete_sections[] = {
    { .title = "EXAMPLES",
      .verbatim = true,
      .text = "eval \"$(weir complete bash)\"              # in ~/.bashrc\n"
              "eval \"$(weir complete zsh)\"               # in ~/.zshrc, behind compinit\n"
              "weir complete fish | source               # in ~/.config/fish/config.fish" },
    { .title = NULL },
};

const struct args complete_args = {
    .command = "weir complete",
    .brief = "completion for bash, zsh and fish",
    .usage = "bash|zsh|fish",
    .operands = ARGS_SHELLS,
    .summary = "Prints what teaches a shell to complete weir's commands and options, and stages\n"
               "and their options within the text of a pipeline.\n"
               "'weir complete -- WORD...' prints what could stand in place of the last word.\n",
    .opts = complete_opts,
    .sections = complete_sections,
};

/*
 * bash replaces the whole word, or what is behind its last break; a word in open quotes counts from behind the quote,
 * which COMP_WORDS shows.
 */
static const char bash_script[] =
    "_weir() {\n"
    "    local line quote= cur=${COMP_WORDS[COMP_CWORD]} words=(\"${COMP_WORDS[@]:0:COMP_CWORD}\") breaks=\n"
    "    case $cur in\n"
    "    [\\'\\\"]*) quote=${cur:0:1}; cur=${cur:1} ;;\n"
    "    =) cur= ;;\n"
    "    esac\n"
    "    # --name=value comes as three words\n"
    "    if [[ -z $quote && ${words[-1]} == = && ${#words[@]} -gt 2 ]]; then\n"
    "        unset 'words[-1]'\n"
    "    fi\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r line; do\n"
    "        if [[ $line == :files ]]; then\n"
    "            compopt -o filenames 2>/dev/null\n"
    "            while IFS= read -r line; do COMPREPLY+=(\"$line\"); done < <(compgen -f -- \"$cur\")\n"
    "        else\n"
    "            COMPREPLY+=(\"${line%%$'\\t'*}\")\n"
    "        fi\n"
    "    done < <(\"${COMP_WORDS[0]}\" complete -- \"${words[@]}\" \"$cur\" 2>/dev/null)\n"
    "    if [[ -n $quote || ${COMPREPLY[0]-} == *[=/\\(] ]]; then compopt -o nospace 2>/dev/null; fi\n"
    "}\n"
    "complete -F _weir weir\n";

static const char zsh_script[] =
    "#compdef weir\n"
    "_weir() {\n"
    "    local line whole shown what cur=${(Q)PREFIX} tab=$'\\t'\n"
    "    local -a ends told_ends opens told_opens\n"
    "    local -a before=(\"${(@Q)words[1,CURRENT-1]}\")\n"
    "    [[ -n $QIPREFIX ]] && cur=$PREFIX # the quotes within quotes are the pipeline's\n"
    "    for line in \"${(@f)$(\"${before[1]}\" complete -- \"${before[@]}\" \"$cur\" 2>/dev/null)}\"; do\n"
    "        [[ -n $line ]] || continue\n"
    "        if [[ $line == :files ]]; then _files; continue; fi\n"
    "        whole=${line%%$tab*}; line=${line#*$tab}; shown=${line%%$tab*}; what=${line#*$tab}\n"
    "        if [[ -n $QIPREFIX || $whole == *[=/\\(] ]]; then\n"
    "            opens+=(\"$whole\"); told_opens+=(\"${(r:14:)shown} $what\")\n"
    "        else\n"
    "            ends+=(\"$whole\"); told_ends+=(\"${(r:14:)shown} $what\")\n"
    "        fi\n"
    "    done\n"
    "    (( $#ends )) && compadd -l -d told_ends -a ends\n"
    "    (( $#opens )) && compadd -l -S '' -d told_opens -a opens\n"
    "}\n"
    "if [[ $funcstack[1] == _weir ]]; then _weir \"$@\"; else compdef _weir weir; fi\n";

static const char fish_script[] = "function __weir_complete\n"
                                  "    set -l words (commandline -opc)\n"
                                  "    set -l cur (commandline -ct)\n"
                                  "    set -l plain (string replace -r '^[\\'\"]' '' -- $cur)\n"
                                  "    for line in ($words[1] complete -- $words $plain 2>/dev/null)\n"
                                  "        if test $line = :files\n"
                                  "            __fish_complete_path $plain\n"
                                  "        else\n"
                                  "            set -l part (string split \\t -- $line)\n"
                                  "            printf '%s\\t%s\\n' $part[1] $part[3]\n"
                                  "        end\n"
                                  "    end\n"
                                  "end\n"
                                  "complete -c weir -f -a '(__weir_complete)'\n";

int cmd_complete(int argc, char **argv)
{
    static const struct {
        const char *name, *script;
    } shells[] = { { "bash", bash_script }, { "zsh", zsh_script }, { "fish", fish_script } };
    if (argc > 1 && strcmp(argv[1], "--") == 0) {
        complete_words(stdout, argc - 2, argv + 2);
        return 0;
    }
    int operands, values;
    const int parsed = args_parse(&complete_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    for (size_t i = 0; operands == 1 && i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(argv[0], shells[i].name) == 0) {
            fputs(shells[i].script, stdout);
            return 0;
        }
    fprintf(stderr, "weir complete: name one of bash, zsh, fish%s%s%s\n", operands == 1 ? ", not '" : "",
            operands == 1 ? argv[0] : "", operands == 1 ? "'" : "");
    return EXIT_USAGE;
}
