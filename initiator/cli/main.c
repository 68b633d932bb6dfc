/* All of a command line but the process itself. */
#include "cli.h"

/* What stands in front of the verb. */
typedef struct front {
    const char *socket;
    bool json;
    int end; /* -1: go on */
} front;

static int complete(const cli *c, const char *shell)
{
    if (shell && cli_completion(shell, c->out))
        return CLI_DONE;
    return cli_complain(c, "--completion is for bash, zsh or fish%s%s", shell ? ", not " : "",
                        shell ? shell : "");
}

/* How many words it takes. */
static int take_option(const cli *c, front *f, int left, char **argv)
{
    if (strcmp(argv[0], "--json") == 0) {
        f->json = true;
    } else if (strcmp(argv[0], "--socket") == 0 && left > 1) {
        f->socket = argv[1];
        return 2;
    } else if (strcmp(argv[0], "--completion") == 0) {
        f->end = complete(c, left > 1 ? argv[1] : NULL);
    } else if (cli_asks_usage(argv[0])) {
        cli_usage(c->out);
        f->end = CLI_DONE;
    } else if (strcmp(argv[0], "--version") == 0) {
        fprintf(c->out, "iscsicli %s\n", CLI_VERSION);
        f->end = CLI_DONE;
    } else {
        f->end = cli_complain(c, "%s is no option, or lacks its value; iscsicli --help lists them", argv[0]);
    }
    return 1;
}

/* A reply that could not be written is not told. */
static int flushed(const cli *c, int end)
{
    if (fflush(c->out) == 0 && !ferror(c->out))
        return end;
    cli_complain(c, "the output cannot be written");
    return CLI_FAILED;
}

int cli_main(FILE *in, FILE *out, FILE *err, int argc, char **argv, const rig_caller *caller)
{
    cli c = {.alloc = rig_alloc_libc(), .in = in, .out = out, .err = err};
    front f = {.end = -1};
    int at = 0;
    while (at < argc && (argv[at][0] == '-' || argv[at][0] == '/') && f.end < 0)
        at += take_option(&c, &f, argc - at, argv + at);
    if (f.end >= 0)
        return flushed(&c, f.end);
    c.json = f.json;
    c.caller = caller ? *caller : rig_client_caller(f.socket);
    if (at == argc)
        return flushed(&c, cli_prompt(&c));
    return flushed(&c, cli_run(&c, argv + at, (size_t)(argc - at)));
}
