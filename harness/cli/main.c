#include "cli.h"
#include "manual.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void usage(FILE *out)
{
    fprintf(out, "usage: iscsirig COMMAND [OPTION…] [ARGUMENT…]\n\n");
    for (const cli_command *command = cli_commands; command->name; command++)
        fprintf(out, "  %-11s %s\n", command->name, command->what);
    fprintf(out,
            "\n`iscsirig COMMAND --help` shows the options of a command, `man iscsirig-COMMAND` more of it.\n"
            "`iscsirig --version` tells the version, and what this program was built with.\n");
}

static int unknown(const char *word)
{
    const char *names[CLI_OPTIONS_MAX] = {0};
    size_t num = 0;
    for (const cli_command *command = cli_commands; command->name && num < CLI_OPTIONS_MAX; command++)
        names[num++] = command->name;
    size_t near = rig_nearest(rig_view_str(word), names, num);
    if (near < num)
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
        cli_version(stdout);
        return CLI_OK;
    }
    const cli_command *command = cli_command_find(argv[1]);
    return command ? command->run(argc - 1, argv + 1) : unknown(argv[1]);
}
