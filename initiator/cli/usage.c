/* What people are told of the verbs, made from their table. */
#include "cli.h"

#define MEANING_COLUMN 26

static void print_arg(const cli_arg *arg, FILE *out)
{
    const char *left = arg->given == CLI_OPTIONAL ? "[" : "<",
               *right = arg->given == CLI_OPTIONAL ? "]" : ">";
    fprintf(out, " %s%s%s", left, arg->name, right);
    if (arg->kind == CLI_MAPPINGS)
        fputs(" [<target-lun> <os-bus> <os-target> <os-lun>]...", out);
}

void cli_usage_line(const cli_verb *verb, FILE *out)
{
    fputs(verb->name, out);
    for (const cli_arg *arg = verb->args; arg->kind != CLI_NONE; arg++)
        print_arg(arg, out);
}

/* How the words of a kind are written; NULL: there is nothing to say. */
static const char *hint(cli_kind kind)
{
    static const char *const hints[] = {
        [CLI_NUMBER] = "a number, decimal or 0x hex",
        [CLI_SWITCH] = "T or F",
        [CLI_CONCEALED] = "T shows the LUNs to the operating system, anything else hides them",
        [CLI_BRIEF] = "T everything, F one line a session",
        [CLI_OCTETS] = "text, or bytes behind 0x",
        [CLI_SECRET] = "text, bytes behind 0x, @FILE that holds it, or - to read a line",
        [CLI_PORT] = "a number, * any",
        [CLI_SOCKET] = "a TCP port, * 3260",
        [CLI_UNIQUE_ID] = "two hex numbers with a - between, as lists show them",
        [CLI_LUN] = "a number, or all 16 digits behind 0x",
        [CLI_SECURITY] = "a number, or names like VALID+IKE+MAIN",
        [CLI_IDENTITY] = "an address or a name as the type says, or bytes behind 0x",
        [CLI_MAPPINGS] = "how many groups of four words follow",
        [CLI_PASSED_OVER] = "passed over: that of the session counts",
    };
    return (size_t)kind < sizeof hints / sizeof hints[0] ? hints[kind] : NULL;
}

void cli_usage_of(const cli_verb *verb, FILE *out)
{
    fputs("usage: iscsicli ", out);
    cli_usage_line(verb, out);
    fprintf(out, "\n\n%s\n", verb->meaning);
    if (verb->args[0].kind != CLI_NONE)
        fputs("\n", out);
    for (const cli_arg *arg = verb->args; arg->kind != CLI_NONE; arg++) {
        const char *said = hint(arg->kind);
        fprintf(out, "  %-22s%s%s\n", arg->name, said ? said : "text",
                arg->given == CLI_NEEDED ? "; needed" : "");
    }
}

void cli_usage(FILE *out)
{
    fputs("usage: iscsicli [--json] [--socket PATH] [VERB [ARGUMENT...]]\n\n"
          "The management verbs of the initiator service. Without a verb, commands are read.\n"
          "* stands for an argument that is not given. VERB -? tells the arguments of a verb.\n\n"
          "  --json                  replies, and what went wrong, as JSON\n"
          "  --socket PATH           where the service is\n"
          "  --completion SHELL      print the completions for bash, zsh or fish\n"
          "  --help, --version\n\n",
          out);
    for (size_t i = 0; i < cli_num_verbs(); i++)
        fprintf(out, "  %-*s%s\n", MEANING_COLUMN, cli_verb_at(i)->name, cli_verb_at(i)->meaning);
}

bool cli_asks_usage(const char *word)
{
    static const char *const words[] = {"-?", "/?", "--help", "-h"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}
