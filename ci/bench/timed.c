/* Runs a command and tells what it took: "seconds S cpu S kib N" on standard error, N being its peak of
 * resident memory. Usage: timed COMMAND [ARGUMENT…]. Ends as the command does. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

int main(int argc, char **argv)
{
    struct rusage use;
    int status;
    if (argc < 2)
        return fprintf(stderr, "usage: timed COMMAND [ARGUMENT…]\n") < 0 ? 3 : 2;
    double began = seconds_now();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &use) != child)
        return 2;
    double cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                 (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    fprintf(stderr, "seconds %.6f cpu %.6f kib %ld\n", seconds_now() - began, cpu, use.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
