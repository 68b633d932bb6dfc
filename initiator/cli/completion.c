/* Completions of shells, made from the table of verbs. */
#include "cli.h"

static const char bash_head[] =
    "# iscsicli: completion for bash\n"
    "_iscsicli()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} at=1 verb v switches\n"
    "    COMPREPLY=()\n"
    "    while [ \"$at\" -lt \"$COMP_CWORD\" ]; do\n"
    "        case ${COMP_WORDS[at]} in\n"
    "            --socket) at=$((at + 2)) ;;\n"
    "            --*) at=$((at + 1)) ;;\n"
    "            *) break ;;\n"
    "        esac\n"
    "    done\n"
    "    if [ \"$at\" -gt \"$COMP_CWORD\" ] || [[ $cur == @* ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        [[ $cur == @* ]] && COMPREPLY=($(compgen -P @ -f -- \"${cur#@}\")) || COMPREPLY=($(compgen -f "
    "-- \"$cur\"))\n"
    "        return\n"
    "    fi\n"
    "    if [ \"$at\" -eq \"$COMP_CWORD\" ]; then\n"
    "        if [[ $cur == -* ]]; then\n"
    "            COMPREPLY=($(compgen -W '--json --socket --completion --help --version' -- \"$cur\"))\n"
    "            return\n"
    "        fi\n"
    "        for v in";
static const char bash_middle[] = "; do\n"
                                  "            [[ ${v,,} == \"${cur,,}\"* ]] && COMPREPLY+=(\"$v\")\n"
                                  "        done\n"
                                  "        return\n"
                                  "    fi\n"
                                  "    verb=${COMP_WORDS[at]}\n"
                                  "    switches=\n"
                                  "    case ${verb,,}.$((COMP_CWORD - at)) in\n";
static const char bash_tail[] = "    esac\n"
                                "    COMPREPLY=($(compgen -W \"$switches\" -- \"$cur\"))\n"
                                "}\n"
                                "complete -F _iscsicli iscsicli\n";

static void lower(const char *name, FILE *out)
{
    for (; *name; name++)
        fputc(*name >= 'A' && *name <= 'Z' ? *name | 0x20 : *name, out);
}

static bool is_switch(cli_kind kind)
{
    return kind == CLI_SWITCH || kind == CLI_CONCEALED || kind == CLI_BRIEF;
}

/* One line for each argument that is T or F. */
static void bash_switches(const cli_verb *verb, FILE *out)
{
    for (size_t i = 0; i < cli_num_args(verb); i++)
        if (is_switch(verb->args[i].kind)) {
            fputs("        ", out);
            lower(verb->name, out);
            fprintf(out, ".%zu) switches='T F' ;;\n", i + 1);
        }
}

static void bash(FILE *out)
{
    fputs(bash_head, out);
    for (size_t i = 0; i < cli_num_verbs(); i++)
        fprintf(out, " %s", cli_verb_at(i)->name);
    fputs(bash_middle, out);
    for (size_t i = 0; i < cli_num_verbs(); i++)
        bash_switches(cli_verb_at(i), out);
    fputs(bash_tail, out);
}

static void zsh(FILE *out)
{
    fputs("#compdef iscsicli\n"
          "local -a verbs\n"
          "verbs=(\n",
          out);
    for (size_t i = 0; i < cli_num_verbs(); i++)
        fprintf(out, "    '%s:%s'\n", cli_verb_at(i)->name, cli_verb_at(i)->meaning);
    fputs(")\n"
          "_arguments '--json[replies as JSON]' '--socket[where the service is]:socket:_files' \\\n"
          "    '--completion[print completions]:shell:(bash zsh fish)' '--help' '--version' \\\n"
          "    '1:verb:->verb' '*:argument:(\\* T F)'\n"
          "[[ $state == verb ]] && _describe -t verbs verb verbs -M 'm:{a-zA-Z}={A-Za-z}'\n",
          out);
}

static void fish(FILE *out)
{
    fputs("complete -c iscsicli -f\n"
          "complete -c iscsicli -l json -d 'replies as JSON'\n"
          "complete -c iscsicli -l socket -r -F -d 'where the service is'\n"
          "complete -c iscsicli -l completion -x -a 'bash zsh fish' -d 'print completions'\n"
          "complete -c iscsicli -l help\n"
          "complete -c iscsicli -l version\n",
          out);
    for (size_t i = 0; i < cli_num_verbs(); i++)
        fprintf(out, "complete -c iscsicli -n __fish_use_subcommand -a %s -d '%s'\n", cli_verb_at(i)->name,
                cli_verb_at(i)->meaning);
}

bool cli_completion(const char *shell, FILE *out)
{
    static const struct {
        const char *shell;
        void (*print)(FILE *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(shells[i].shell, shell) == 0) {
            shells[i].print(out);
            return true;
        }
    return false;
}
