/* iscsicli: the verbs of the initiator service, one a process or many at its prompt. */
#include "cli.h"

#include <fcntl.h>
#include <unistd.h>

/* Where one of the standard descriptors is closed, the socket of the service would take its number, and what
 * is said to people would go there. */
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
    if (!open_standard() || argc < 1)
        return CLI_USAGE;
    return cli_main(stdin, stdout, stderr, argc - 1, argv + 1, NULL);
}
