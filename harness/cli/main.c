#include "cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"run", cmd_run, "play scenarios"},
    {"target", cmd_target, "serve the simulated target on a socket"},
    {"trace", cmd_trace, "show a capture in the notation of the scenarios"},
    {"to-scenario", cmd_to_scenario, "make a scenario of a capture"},
    {"replay", cmd_replay, "let one side of a capture do again what it did"},
    {"lint", cmd_lint, "say what a capture does against the RFC"},
    {"sanitize", cmd_sanitize, "make a capture fit to be shown to others"},
    {"prove", cmd_prove, "show that expectations and rules can fail"},
    {"coverage", cmd_coverage, "say which requirements are covered, and by what"},
    {"bless", cmd_bless, "rewrite trace blocks from what a run recorded"},
    {"fmt", cmd_fmt, "print scenario files in canonical form"},
    {"flags", cmd_flags, "say what each security bitmap comes to"},
    {"wmi", cmd_wmi, "show the service as Windows' management instrumentation does"},
    {"explain", cmd_explain, "say what a requirement, fault, status or word means"},
    {"words", cmd_words, "print the tables of the scenario language"},
};

#define NUM_COMMANDS (sizeof commands / sizeof commands[0])

static void usage(FILE *out)
{
    fprintf(out, "usage: iscsirig COMMAND [OPTION…] [ARGUMENT…]\n\n");
    for (size_t i = 0; i < NUM_COMMANDS; i++)
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].what);
    fprintf(out, "\n`iscsirig COMMAND --help` shows the options of a command.\n");
}

static int unknown(const char *word)
{
    const char *names[NUM_COMMANDS];
    for (size_t i = 0; i < NUM_COMMANDS; i++)
        names[i] = commands[i].name;
    size_t near = rig_nearest(rig_view_str(word), names, NUM_COMMANDS);
    if (near < NUM_COMMANDS)
        return cli_complain("unknown command \"%s\", did you mean %s?", word, names[near]);
    return cli_complain("unknown command \"%s\"; `iscsirig --help` lists them", word);
}

/* Where one of the standard descriptors is closed, the first socket would take its number, and what is said
 * to people would go there. */
static bool open_standard(void)
{
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

int main(int argc, char **argv)
{
    if (!open_standard())
        return CLI_USAGE;
    if (argc < 2) {
        usage(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("iscsirig %s\n", cli_commit());
        return CLI_OK;
    }
    for (size_t i = 0; i < NUM_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown(argv[1]);
}
