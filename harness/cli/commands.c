/* The commands, and their options read and told from rows. */
#include "cli.h"
#include "manual.h"

#include <getopt.h>
#include <string.h>

#define HELP_COLUMN 22  /* where --help tells what an option means */
#define HELP_WIDTH 110  /* columns of a line of --help */
#define FIRST_LONG 4096 /* getopt's number of the first row; short forms are letters */

#define CLI_COMMAND(identifier, name, what) extern const cli_manual cmd_##identifier##_manual;
#include "commands.def"
#undef CLI_COMMAND

#define CLI_COMMAND(identifier, name, what) {name, cmd_##identifier, what, &cmd_##identifier##_manual},
const cli_command cli_commands[] = {
#include "commands.def"
    {0}};
#undef CLI_COMMAND

const cli_command *cli_command_find(const char *name)
{
    const cli_command *command = cli_commands;
    while (command->name && strcmp(command->name, name) != 0)
        command++;
    return command->name ? command : NULL;
}

/* ---- rows ---- */

static size_t add_table(const cli_option *table, const cli_option **out, size_t num, size_t max)
{
    for (; table && (table->name || table->what) && num < max; table++)
        out[num++] = table;
    return num;
}

size_t cli_manual_options(const cli_manual *manual, const cli_option **out, size_t max)
{
    static const cli_option help = {'h', "help", NULL, "this text", 'h'};
    size_t num = manual->own ? add_table(manual->own(), out, 0, max - 1) : 0;
    for (size_t i = 0; i < CLI_MANUAL_TABLES && manual->options[i]; i++)
        num = add_table(manual->options[i], out, num, max - 1);
    out[num++] = &help;
    return num;
}

/* ---- the command line ---- */

typedef struct reader {
    const cli_option *rows[CLI_OPTIONS_MAX];
    size_t num;
    struct option longs[CLI_OPTIONS_MAX + 1];
    char shorts[2 * CLI_OPTIONS_MAX + 2];
} reader;

static char row_letter(const cli_option *row)
{
    return row->name && !row->name[1] ? row->name[0] : row->letter;
}

static void make_reader(reader *r, const cli_manual *manual)
{
    char *letter = r->shorts;
    size_t num = 0;
    r->num = cli_manual_options(manual, r->rows, CLI_OPTIONS_MAX);
    *letter++ = ':';
    for (size_t i = 0; i < r->num; i++) {
        const cli_option *row = r->rows[i];
        if (row->name && row->name[1])
            r->longs[num++] = (struct option){row->name, row->value ? required_argument : no_argument, NULL,
                                              FIRST_LONG + (int)i};
        if (row_letter(row))
            *letter++ = row_letter(row);
        if (row_letter(row) && row->value)
            *letter++ = ':';
    }
    r->longs[num] = (struct option){0};
    *letter = 0;
}

void cli_args_begin(cli_args *args, const char *command, int argc, char **argv)
{
    *args = (cli_args){.command = cli_command_find(command), .argc = argc, .argv = argv};
    opterr = 0;
    optind = 1;
}

static int unknown(const reader *r, const char *word)
{
    const char *names[CLI_OPTIONS_MAX];
    size_t num = 0;
    for (size_t i = 0; i < r->num; i++)
        if (r->rows[i]->name && r->rows[i]->name[1])
            names[num++] = r->rows[i]->name;
    size_t near = rig_nearest(rig_view_str(word + strspn(word, "-")), names, num);
    return cli_complain("unknown option \"%s\"%s%s", word, near < num ? ", did you mean --" : "; see --help",
                        near < num ? names[near] : "");
}

static const cli_option *taken(const reader *r, int c)
{
    for (size_t i = 0; i < r->num; i++)
        if (c == FIRST_LONG + (int)i || (c < FIRST_LONG && c == row_letter(r->rows[i])))
            return r->rows[i];
    return NULL;
}

int cli_args_next(cli_args *args)
{
    reader r;
    make_reader(&r, args->command->manual);
    int c = getopt_long(args->argc, args->argv, r.shorts, r.longs, NULL);
    if (c == -1)
        return 0;
    const cli_option *row = c == ':' || c == '?' ? NULL : taken(&r, c);
    if (row && row->code != 'h')
        return row->code;
    args->end = CLI_OK;
    if (row)
        cli_help(args->command, stdout);
    else if (c == ':')
        args->end = cli_complain("%s needs a value", args->argv[optind - 1]);
    else
        args->end = unknown(&r, args->argv[optind - 1]);
    return -1;
}

/* ---- help ---- */

static int columns(const char *text, size_t len)
{
    int num = 0;
    for (size_t i = 0; i < len; i++)
        num += ((unsigned char)text[i] & 0xc0) != 0x80;
    return num;
}

void cli_wrap(FILE *out, const char *text, int indent, int width)
{
    int at = indent;
    for (bool first = true; *text; first = false) {
        size_t len = strcspn(text, " ");
        int wide = columns(text, len);
        if (!first && at + 1 + wide > width) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, len, out);
        at += wide;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

/* "-i, --interface NAME" */
static void put_left(rig_text *text, const cli_option *row)
{
    if (row->letter && row->name[1])
        rig_text_add(text, "-%c, ", row->letter);
    rig_text_add(text, "%s%s", row->name[1] ? "--" : "-", row->name);
    if (row->value)
        rig_text_add(text, " %s", row->value);
}

static void help_option(const cli_option *row, FILE *out)
{
    char left[256];
    rig_text text;
    if (!row->name) {
        fprintf(out, "\n%s\n", row->what);
        return;
    }
    rig_text_init(&text, left, sizeof left);
    put_left(&text, row);
    int wide = columns(left, text.len);
    if (wide + 4 <= HELP_COLUMN)
        fprintf(out, "  %s%*s", left, HELP_COLUMN - 2 - wide, "");
    else
        fprintf(out, "  %s\n%*s", left, HELP_COLUMN, "");
    cli_wrap(out, row->what, HELP_COLUMN, HELP_WIDTH);
}

static void help_status(const cli_status *status, FILE *out)
{
    char line[2048];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    for (const cli_status *row = status; row->what; row++)
        rig_text_add(&text, "%s%d %s%s", row == status ? "Status " : "", row->status, row->what,
                     row[1].what ? ", " : ".");
    fputc('\n', out);
    cli_wrap(out, line, 0, HELP_WIDTH);
}

void cli_help(const cli_command *command, FILE *out)
{
    const cli_manual *manual = command->manual;
    const cli_option *rows[CLI_OPTIONS_MAX];
    size_t num = cli_manual_options(manual, rows, CLI_OPTIONS_MAX);
    rig_view rest = rig_view_str(manual->synopsis);
    for (bool first = true; rest.ptr; first = false) {
        rig_view line = rig_view_split(&rest, '\n');
        fprintf(out, "%s iscsirig %s %.*s\n", first ? "usage:" : "      ", command->name, RIG_VIEW_ARG(line));
    }
    if (rows[0]->name)
        fputc('\n', out);
    for (size_t i = 0; i < num; i++)
        help_option(rows[i], out);
    for (size_t i = 0; manual->about && manual->about[i]; i++) {
        fputc('\n', out);
        cli_wrap(out, manual->about[i], 0, HELP_WIDTH);
    }
    if (manual->status)
        help_status(manual->status, out);
}
