/*
 * What is known of a command beside what it does: rows. The reader of the command line, --help, the manual
 * pages and the completions are made from them, so that none of them can tell of an option that another does
 * not know.
 */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A row of a table of options, which ends with a row of zeros. A row without a name is a heading. */
typedef struct cli_option {
    int code;          /* above 0: what cli_args_next gives for it */
    const char *name;  /* long; of one letter: with one dash, and no other form */
    const char *value; /* what its value is called, or its values with | between; NULL: it has none */
    const char *what;  /* without a full stop */
    char letter;       /* short form, 0: none */
} cli_option;

/* What an exit status means, in a table that ends with a row without words. */
typedef struct cli_status {
    int status;
    const char *what;
} cli_status;

#define CLI_MANUAL_TABLES 4 /* most tables of options of a command */

typedef struct cli_manual {
    const char *synopsis;                         /* behind the command's name; a line each */
    const char *const *about;                     /* paragraphs; NULL ends them */
    const char *const *more;                      /* paragraphs of the page alone */
    const cli_option *options[CLI_MANUAL_TABLES]; /* tables; NULL ends them */
    const cli_option *(*own)(void); /* one more table, made from other rows, in front of those */
    const cli_status *status;       /* how it ends */
    const char *const *examples;    /* of the page alone; lines, each behind "iscsirig NAME " */
    const char *takes;              /* arguments for completion: .scn, capture, words, or NULL */
    void (*sections)(FILE *out);    /* whole sections of the page, in roff */
} cli_manual;

typedef struct cli_command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
    const cli_manual *manual;
} cli_command;

/* The rows of commands.def; a row without a name ends them. */
extern const cli_command cli_commands[];

/* NULL: there is none of that name. */
const cli_command *cli_command_find(const char *name);

/* The rows of a command in one list: at most max pointers at out, headings included. Gives how many there
 * are. */
size_t cli_manual_options(const cli_manual *manual, const cli_option **out, size_t max);

#define CLI_OPTIONS_MAX 96 /* of a command, headings included */

/* ---- the command line ---- */

/* Reads the options of a command; the long one, its beginnings, and the short ones, -- ends them. */
typedef struct cli_args {
    const cli_command *command;
    int argc;
    char **argv;
    int end; /* when cli_args_next gave -1: CLI_OK, help was printed; CLI_USAGE, it was said what is wrong */
} cli_args;

void cli_args_begin(cli_args *args, const char *command, int argc, char **argv);

/* The code of the next option, its value in optarg; 0 behind the last, with optind at the first argument; -1:
 * args->end. */
int cli_args_next(cli_args *args);

/* ---- what is made from the rows ---- */

void cli_help(const cli_command *command, FILE *out);

/* Options that two commands share. */
extern const cli_option cli_evidence_rows[], cli_captured_rows[], cli_auth_rows[];

/* A paragraph in lines of at most width columns, each behind indent blanks; the first line has its indent
 * already. */
void cli_wrap(FILE *out, const char *text, int indent, int width);

/* Prints the completions for a shell; false: there is none of that name. */
bool cli_completion(const char *shell, FILE *out);

/* Prints a page, such as iscsirig-run.1; false: there is none of that name. */
bool cli_page(const char *name, FILE *out);

/* Names of pages, by number; false behind the last. */
bool cli_page_name(size_t index, char *out, size_t size);

#endif
