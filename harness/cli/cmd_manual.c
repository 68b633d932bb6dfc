/* iscsirig manual: the pages of the commands, made from the rows that --help shows. */
#include "cli.h"
#include "manual.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* A page that is no command's. */
typedef struct page_row {
    const char *name;
    void (*put)(FILE *out);
} page_row;

/* ---- roff ---- */

/* Hyphens as they are typed, no line that looks like a request, ASCII only: an ellipsis is three dots. */
static void put_text(FILE *out, rig_view text)
{
    if (text.len && (text.ptr[0] == '.' || text.ptr[0] == '\''))
        fputs("\\&", out);
    for (size_t i = 0; i < text.len; i++) {
        if (rig_view_starts(rig_view_sub(text, i, text.len), "…")) {
            fputs("...", out);
            i += strlen("…") - 1;
        } else if (text.ptr[i] == '-')
            fputs("\\-", out);
        else if (text.ptr[i] == '\\')
            fputs("\\e", out);
        else
            fputc(text.ptr[i], out);
    }
}

static void put_string(FILE *out, const char *text)
{
    put_text(out, rig_view_str(text));
}

static bool is_page(rig_view word)
{
    return word.len > 4 && (rig_view_starts(word, "iscsi") || rig_view_starts(word, "docs/")) &&
           memchr(word.ptr, '(', word.len);
}

/* Options and names of pages are bold wherever they stand in a sentence. */
static void put_prose(FILE *out, const char *text)
{
    for (rig_view rest = rig_view_str(text); rest.ptr;) {
        rig_view word = rig_view_split(&rest, ' ');
        bool bold = (rig_view_starts(word, "--") && word.len > 2) || is_page(word);
        size_t end = bold ? word.len : 0;
        while (bold && end && strchr(",.;:)", word.ptr[end - 1]) &&
               !(is_page(word) && word.ptr[end - 1] == ')'))
            end--;
        fputs(bold ? "\\fB" : "", out);
        put_text(out, rig_view_sub(word, 0, bold ? end : word.len));
        fputs(bold ? "\\fP" : "", out);
        if (bold)
            put_text(out, rig_view_sub(word, end, word.len));
        if (rest.ptr)
            fputc(' ', out);
    }
    fputc('\n', out);
}

static void put_paragraphs(FILE *out, const char *const *paragraphs)
{
    for (size_t i = 0; paragraphs && paragraphs[i]; i++) {
        fputs(".PP\n", out);
        put_prose(out, paragraphs[i]);
    }
}

static void put_title(FILE *out, const char *page, const char *section, const char *what)
{
    fputs(".\\\" Made from the rows of the command line; nothing to edit.\n.TH ", out);
    for (const char *c = page; *c; c++)
        fputc(*c >= 'a' && *c <= 'z' ? *c - 32 : *c, out);
    fprintf(out, " %s \"\" \"iscsirig %s\" \"iscsirig manual\"\n.SH NAME\n", section, RIG_VERSION_NUMBER);
    put_string(out, page);
    fputs(" \\- ", out);
    put_string(out, what);
    fputc('\n', out);
}

/* ---- the page of a command ---- */

static void put_option(FILE *out, const cli_option *row)
{
    if (!row->name) {
        fputs(".SS ", out);
        put_string(out, row->what);
        fputc('\n', out);
        return;
    }
    fputs(".TP\n", out);
    if (row->letter && row->name[1])
        fprintf(out, "\\fB\\-%c\\fP, ", row->letter);
    fputs(row->name[1] ? "\\fB\\-\\-" : "\\fB\\-", out);
    put_string(out, row->name);
    fputs("\\fP", out);
    if (row->value) {
        fputs(" \\fI", out);
        put_string(out, row->value);
        fputs("\\fP", out);
    }
    fputc('\n', out);
    put_prose(out, row->what);
}

static void put_synopsis(FILE *out, const cli_command *command)
{
    fputs(".SH SYNOPSIS\n", out);
    bool first = true;
    for (rig_view rest = rig_view_str(command->manual->synopsis); rest.ptr; first = false) {
        fputs(first ? "" : ".br\n", out);
        fputs("\\fBiscsirig ", out);
        put_string(out, command->name);
        fputs("\\fP ", out);
        put_text(out, rig_view_split(&rest, '\n'));
        fputc('\n', out);
    }
}

static void put_status(FILE *out, const cli_status *status)
{
    fputs(".SH EXIT STATUS\n", out);
    for (; status && status->what; status++) {
        fprintf(out, ".TP\n.B %d\n", status->status);
        put_prose(out, status->what);
    }
}

static void put_examples(FILE *out, const cli_command *command)
{
    const char *const *lines = command->manual->examples;
    if (!lines)
        return;
    fputs(".SH EXAMPLES\n.nf\n", out);
    for (size_t i = 0; lines[i]; i++) {
        fputs("iscsirig ", out);
        put_string(out, command->name);
        fputc(' ', out);
        put_string(out, lines[i]);
        fputc('\n', out);
    }
    fputs(".fi\n", out);
}

static void put_command(FILE *out, const cli_command *command)
{
    const cli_option *rows[CLI_OPTIONS_MAX];
    char page[64];
    size_t num = cli_manual_options(command->manual, rows, CLI_OPTIONS_MAX);
    snprintf(page, sizeof page, "iscsirig-%s", command->name);
    put_title(out, page, "1", command->what);
    put_synopsis(out, command);
    fputs(".SH DESCRIPTION\n", out);
    put_paragraphs(out, command->manual->about);
    put_paragraphs(out, command->manual->more);
    fputs(".SH OPTIONS\n", out);
    for (size_t i = 0; i < num; i++)
        put_option(out, rows[i]);
    if (command->manual->sections)
        command->manual->sections(out);
    put_status(out, command->manual->status);
    put_examples(out, command);
    fputs(".SH SEE ALSO\n", out);
    put_prose(out, "iscsirig(1), iscsirig-scenario(5), iscsirig(7)");
}

/* ---- the pages of all ---- */

static const cli_status all_status[] = {
    {CLI_OK, "All is as expected."},
    {CLI_FAILED, "Something failed, or was found."},
    {CLI_USAGE, "Usage, or the environment."},
    {CLI_SKIPPED, "Everything was skipped."},
    {CLI_TIMEOUT, "The time was over."},
    {CLI_UNSUPPORTED, "Everything was skipped, because the peer lacks the feature."},
    {0}};

static const struct {
    const char *name, *what;
} environment[] = {
    {"ISCSIRIG_DATA", "Folder of scenarios and requirements, instead of the installed one."},
    {"ISCSIRIG_SOCKET", "Where the initiator service is; /run/iscsirig/socket when it is not set."},
    {"XDG_STATE_HOME",
     "Captures of what failed, and the list of it, are in its folder iscsirig; ~/.local/state when it is "
     "not set."},
    {"NO_COLOR", "Nothing is coloured in any case; the console draws progress on terminals alone."},
    {"CI", "bless refuses when it is set."},
};

static void put_environment(FILE *out)
{
    fputs(".SH ENVIRONMENT\n", out);
    for (size_t i = 0; i < sizeof environment / sizeof environment[0]; i++) {
        fprintf(out, ".TP\n.B %s\n", environment[i].name);
        put_prose(out, environment[i].what);
    }
}

static void put_tool(FILE *out)
{
    put_title(out, "iscsirig", "1", "plays, serves, judges and explains iSCSI");
    fputs(".SH SYNOPSIS\n\\fBiscsirig\\fP \\fICOMMAND\\fP [OPTION...] [ARGUMENT...]\n.br\n"
          "\\fBiscsirig\\fP \\-\\-help | \\-\\-version\n.SH DESCRIPTION\n",
          out);
    put_prose(
        out,
        "Plays scenarios between an initiator and a target, in the simulator or over sockets, and judges "
        "what "
        "passed the wire. Each command has a page of its own, iscsirig-COMMAND(1), and --help tells the same "
        "options. --version tells, behind the version, what this program was built with.");
    fputs(".SH COMMANDS\n", out);
    for (const cli_command *command = cli_commands; command->name; command++) {
        fputs(".TP\n.B ", out);
        put_string(out, command->name);
        fputc('\n', out);
        put_prose(out, command->what);
    }
    put_status(out, all_status);
    put_environment(out);
    fputs(".SH SEE ALSO\n", out);
    put_prose(out, "iscsirig(7), iscsirig-scenario(5), iscsirigd(8), iscsicli(1)");
}

static const char *const overview[] = {
    "iscsirig is a test rig for iSCSI (RFC 7143): a complete initiator, a scriptable simulated target, and a "
    "harness that plays "
    "scenario files between them, or between one of them and somebody else's product, and proves from the "
    "capture what went "
    "over the wire. No root, no kernel module, no clock: the pack runs in virtual time on a simulated "
    "network.",
    "A scenario is data: who acts, what the host does, what must and must never be seen. "
    "iscsirig-scenario(5) is its language. "
    "iscsirig-run(1) plays scenarios, and iscsirig-target(1) serves the target of one to any initiator.",
    "Every run can leave a capture, and any capture can be read: iscsirig-trace(1) shows it in the words of "
    "the scenarios, "
    "iscsirig-lint(1) says what it does against the RFC, iscsirig-sanitize(1) takes out what is nobody "
    "else's business, "
    "iscsirig-to-scenario(1) makes a scenario of it, and iscsirig-replay(1) does again what one of its sides "
    "did.",
    "A check that cannot fail is worth nothing: iscsirig-prove(1) shows that each can, and "
    "iscsirig-coverage(1) counts "
    "nothing else.",
    "The initiator service, iscsirigd(8), keeps portals, targets and logins; iscsicli(1), iscsirig-wmi(1) "
    "and programs that "
    "are linked with libiscsidsc ask it.",
    NULL};

#define PREFIX "/usr/share/iscsirig" /* the program looks in ../share of its own folder */

static void put_overview(FILE *out)
{
    put_title(out, "iscsirig", "7",
              "a test rig for iSCSI: initiator, simulated target, scenarios and evidence");
    fputs(".SH DESCRIPTION\n", out);
    put_paragraphs(out, overview);
    fputs(".SH FILES\n.TP\n", out);
    put_string(out, PREFIX "/scenarios");
    fputs("\nThe scenarios, by topic, with FORMAT.md and KNOWN.txt.\n.TP\n", out);
    put_string(out, PREFIX "/docs/requirements.tsv");
    fputs("\nThe requirements of RFC 7143, numbered.\n", out);
    put_environment(out);
    fputs(".SH SEE ALSO\n", out);
    put_prose(out, "iscsirig(1), iscsirig-scenario(5), iscsirigd(8), iscsicli(1)");
}

static const page_row own_pages[] = {{"iscsirig.1", put_tool}, {"iscsirig.7", put_overview}};

#define NUM_OWN (sizeof own_pages / sizeof own_pages[0])

bool cli_page_name(size_t index, char *out, size_t size)
{
    if (index < NUM_OWN) {
        snprintf(out, size, "%s", own_pages[index].name);
        return true;
    }
    for (const cli_command *command = cli_commands; command->name; command++)
        if (index-- == NUM_OWN) {
            snprintf(out, size, "iscsirig-%s.1", command->name);
            return true;
        }
    return false;
}

bool cli_page(const char *name, FILE *out)
{
    char page[64];
    for (size_t i = 0; cli_page_name(i, page, sizeof page); i++) {
        if (strcmp(page, name) != 0)
            continue;
        if (i < NUM_OWN)
            own_pages[i].put(out);
        else
            put_command(out, &cli_commands[i - NUM_OWN]);
        return true;
    }
    return false;
}

/* ---- the command ---- */

static const cli_option options[] = {
    {'a', "all", "DIR", "every page as a file of this folder, which is there", 0}, {0}};

const cli_manual cmd_manual_manual = {
    .synopsis = "[PAGE]\n--all DIR",
    .about =
        (const char *const[]){
            "The source of a page such as iscsirig-run.1, made from the rows that --help shows; "
            "without PAGE their names.",
            NULL},
    .options = {options},
    .status = (const cli_status[]){{0, "there it is"}, {2, "there is no such page"}, {0}},
    .examples = (const char *const[]){"iscsirig-run.1 | man -l -", NULL},
    .takes = "PAGE"};

static int write_all(const char *folder)
{
    char page[64], path[CLI_PATH_SIZE];
    for (size_t i = 0; cli_page_name(i, page, sizeof page); i++) {
        int len = snprintf(path, sizeof path, "%s/%s", folder, page);
        FILE *out = len > 0 && (size_t)len < sizeof path ? fopen(path, "w") : NULL;
        if (!out)
            return cli_complain("%s: %s", path, strerror(errno));
        cli_page(page, out);
        bool bad = ferror(out) != 0;
        if (fclose(out) != 0 || bad)
            return cli_complain("%s: could not be written", path);
    }
    return CLI_OK;
}

static int list_pages(void)
{
    char page[64];
    for (size_t i = 0; cli_page_name(i, page, sizeof page); i++)
        puts(page);
    return CLI_OK;
}

int cmd_manual(int argc, char **argv)
{
    const char *folder = NULL;
    cli_args args;
    cli_args_begin(&args, "manual", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0; folder = optarg)
        if (c < 0)
            return args.end;
    if (optind + (folder ? 0 : 1) < argc)
        return cli_complain("manual: \"%s\" is too much", argv[argc - 1]);
    if (folder)
        return write_all(folder);
    if (optind == argc)
        return list_pages();
    return cli_page(argv[optind], stdout)
               ? CLI_OK
               : cli_complain("manual: no page \"%s\"; `iscsirig manual` lists them", argv[optind]);
}
