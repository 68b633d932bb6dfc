/* Commands one after the other, from people or from a file. */
#include "cli.h"

#include <strings.h>
#include <unistd.h>

#define LINE_MAX_BYTES 16384 /* a mapping of all LUNs fits */
#define WORDS_MAX (2 + CLI_ARGS_MAX + 4 * CLI_MAPPED_MAX)

/* Cuts the next word off, in place: blanks end it, "…" keeps them. NULL: there is none. */
static char *next_word(char **rest)
{
    char *from = *rest + strspn(*rest, " \t\r\n"), *to = from, *word = from;
    bool quoted = false;
    if (!*from)
        return NULL;
    for (; *from && (quoted || !strchr(" \t\r\n", *from)); from++) {
        if (*from == '"')
            quoted = !quoted;
        else
            *to++ = *from;
    }
    *rest = *from ? from + 1 : from;
    *to = 0;
    return word;
}

static bool is_word(const char *word, const char *a, const char *b)
{
    return strcasecmp(word, a) == 0 || strcasecmp(word, b) == 0;
}

/* -1: quit, else the status of the line. */
static int take_line(const cli *c, char *line)
{
    char *words[WORDS_MAX];
    size_t num = 0;
    char *rest = line;
    for (char *word = next_word(&rest); word; word = next_word(&rest)) {
        if (num == WORDS_MAX)
            return cli_complain(c, "more than %d words", WORDS_MAX);
        words[num++] = word;
    }
    if (num == 0 || words[0][0] == '#')
        return CLI_DONE;
    if (is_word(words[0], "quit", "exit"))
        return -1;
    if (is_word(words[0], "help", "?") || cli_asks_usage(words[0])) {
        cli_usage(c->out);
        return CLI_DONE;
    }
    return cli_run(c, words, num);
}

static void skip_rest(FILE *in)
{
    int byte;
    do
        byte = getc(in);
    while (byte != '\n' && byte != EOF);
}

int cli_prompt(const cli *c)
{
    char line[LINE_MAX_BYTES];
    bool is_terminal = fileno(c->in) >= 0 && isatty(fileno(c->in));
    int end = CLI_DONE;
    for (;;) {
        if (is_terminal)
            fputs("iscsicli> ", c->out);
        fflush(c->out);
        if (!fgets(line, sizeof line, c->in))
            return end;
        int now = CLI_USAGE;
        if (strlen(line) + 1 == sizeof line && line[sizeof line - 2] != '\n') {
            skip_rest(c->in);
            cli_complain(c, "a line is longer than %d bytes", LINE_MAX_BYTES - 2);
        } else {
            now = take_line(c, line);
        }
        rig_secret_wipe(line, sizeof line);
        if (now < 0)
            return end;
        end = now ? now : end;
    }
}
