/* iscsirig completion: what shells offer behind a command, made from its rows. */
#include "cli.h"
#include "manual.h"
#include "rig/faults.h"
#include "rig/link.h"
#include "rig/wmi.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* ---- words that are looked up when they are asked for ---- */

typedef struct word_kind {
    const char *name; /* as values are called in the rows */
    int (*put)(void);
} word_kind;

static int put_faults(void)
{
    for (unsigned i = 0; i < RIG_FAULTS; i++)
        puts(rig_fault_rows[i].name);
    return CLI_OK;
}

static int put_links(void)
{
    for (size_t i = 0; rig_link_rows[i].name; i++)
        puts(rig_link_rows[i].name);
    return CLI_OK;
}

static int put_classes(void)
{
    for (size_t i = 0; i < rig_wmi_classes(); i++)
        puts(rig_wmi_class_name(rig_wmi_class_at(i)));
    return CLI_OK;
}

static int put_pages(void)
{
    char page[64];
    for (size_t i = 0; cli_page_name(i, page, sizeof page); i++)
        puts(page);
    return CLI_OK;
}

static int put_requirements(void)
{
    cli_pack pack = {0};
    int bad = cli_pack_load(&pack, NULL, 0);
    for (rig_view rest = rig_view_of(pack.requirements.text, pack.requirements.len); rest.ptr && !bad;) {
        rig_view row = rig_view_split(&rest, '\n');
        rig_view id = rig_view_split(&row, '\t');
        if (id.len && memchr(id.ptr, '-', id.len))
            printf("%.*s\n", RIG_VIEW_ARG(id));
    }
    cli_pack_free(&pack);
    return bad;
}

static void put_tags_of(const rig_scn_file *file)
{
    rig_scn *scn = NULL;
    if (rig_scn_cases(file) == 0 || rig_scn_case(file, 0, &scn, NULL))
        return;
    for (uint32_t i = 0; i < scn->num_tags; i++)
        printf("%.*s\n", RIG_VIEW_ARG(scn->tags[i]));
    rig_scn_free(scn);
}

/* The pack's tags or paths; whoever shows them leaves out what comes twice. */
static int put_pack(bool tags)
{
    char folder[CLI_PATH_SIZE], *paths[] = {folder};
    cli_pack pack = {0};
    if (!cli_data_path("scenarios", folder, sizeof folder))
        return cli_complain("completion: the scenarios are not here");
    int bad = cli_pack_load(&pack, paths, 1);
    for (size_t i = 0; i < pack.num && !bad; i++)
        if (tags)
            put_tags_of(pack.scenarios[i]->file);
        else
            puts(pack.scenarios[i]->source.path);
    cli_pack_free(&pack);
    return bad;
}

static int put_tags(void)
{
    return put_pack(true);
}

static int put_scenarios(void)
{
    return put_pack(false);
}

/* All that selects scenarios. */
static int put_selecting(void)
{
    int bad = put_pack(false);
    bad = bad ? bad : put_pack(true);
    return bad ? bad : put_requirements();
}

static const word_kind kinds[] = {
    {"FAULT", put_faults}, {"LINK", put_links},         {"CLASS", put_classes},
    {"PAGE", put_pages},   {"ID", put_requirements},    {"TAG", put_tags},
    {"EXPR", put_tags},    {"SCENARIO", put_scenarios}, {"SECTION", put_selecting}};

#define NUM_KINDS (sizeof kinds / sizeof kinds[0])

static int put_words(const char *name)
{
    for (size_t i = 0; i < NUM_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].put();
    return cli_complain("completion: no words are called %s", name);
}

/* ---- values ---- */

typedef enum value_form { VALUE_ANY, VALUE_FILE, VALUE_LIST, VALUE_KIND } value_form;

static value_form form_of(const char *value)
{
    static const char *const files[] = {"FILE", "DIR", "PATH", "FILE.scn", "FILE.inc", "capture", ".scn"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (strcmp(value, files[i]) == 0)
            return VALUE_FILE;
    for (size_t i = 0; i < NUM_KINDS; i++)
        if (strcmp(value, kinds[i].name) == 0)
            return VALUE_KIND;
    return strchr(value, '|') && !strchr(value, '[') ? VALUE_LIST : VALUE_ANY;
}

/* always|failed|never, with blanks. */
static void put_list(FILE *out, const char *value)
{
    for (; *value; value++)
        fputc(*value == '|' ? ' ' : *value, out);
}

/* In single quotes of a shell; brackets and colons as zsh wants them. */
static void put_quoted(FILE *out, const char *text, const char *escaped)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", out);
        else if (strchr(escaped, *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

/* ---- bash ---- */

static const char bash_head[] = "# iscsirig: completion for bash\n"
                                "_iscsirig()\n"
                                "{\n"
                                "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
                                "    local command=${COMP_WORDS[1]} words= files= kind= at\n"
                                "    COMPREPLY=()\n"
                                "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                                "        command= words='--help --version";

static const char bash_tail[] =
    "    [ -z \"$kind\" ] || words+=\" $(iscsirig completion --words \"$kind\" 2>/dev/null)\"\n"
    "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
    "    if [ -n \"$files\" ]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
    "    fi\n"
    "}\n"
    "complete -F _iscsirig iscsirig\n";

static void bash_value(FILE *out, const char *value)
{
    value_form form = form_of(value);
    if (form == VALUE_FILE)
        fputs("files=1", out);
    else if (form == VALUE_KIND)
        fprintf(out, "kind=%s", value);
    else if (form == VALUE_LIST) {
        fputs("words='", out);
        put_list(out, value);
        fputs("'", out);
    } else
        fputs(":", out);
}

static void bash_options(FILE *out, const cli_command *command)
{
    const cli_option *rows[CLI_OPTIONS_MAX];
    size_t num = cli_manual_options(command->manual, rows, CLI_OPTIONS_MAX);
    for (size_t i = 0; i < num; i++)
        if (rows[i]->name && rows[i]->value) {
            fprintf(out, "        %s.%s%s) ", command->name, rows[i]->name[1] ? "--" : "-", rows[i]->name);
            bash_value(out, rows[i]->value);
            fputs(" ;;\n", out);
        }
    fprintf(out, "        %s.*)\n            if [[ $cur == -* ]]; then\n                words='",
            command->name);
    for (size_t i = 0; i < num; i++)
        if (rows[i]->name)
            fprintf(out, "%s%s%s", i ? " " : "", rows[i]->name[1] ? "--" : "-", rows[i]->name);
    fputs("'\n            else\n                ", out);
    bash_value(out, command->manual->takes ? command->manual->takes : "");
    if (command->manual->takes && strcmp(command->manual->takes, ".scn") == 0)
        fputs(" kind=SECTION", out);
    fputs("\n            fi\n            ;;\n", out);
}

static void bash(FILE *out)
{
    fputs(bash_head, out);
    for (const cli_command *command = cli_commands; command->name; command++)
        fprintf(out, " %s", command->name);
    fputs("'\n    fi\n    case $command.$prev in\n", out);
    for (const cli_command *command = cli_commands; command->name; command++)
        bash_options(out, command);
    fputs("    esac\n", out);
    fputs(bash_tail, out);
}

/* ---- zsh ---- */

static void zsh_value(FILE *out, const char *value)
{
    value_form form = form_of(value);
    if (form == VALUE_FILE)
        fputs("_files", out);
    else if (form == VALUE_LIST) {
        fputc('(', out);
        put_list(out, value);
        fputc(')', out);
    } else if (form == VALUE_KIND)
        fprintf(out, "{_iscsirig_words %s}", value);
    else
        fputc(' ', out);
}

static void zsh_option(FILE *out, const cli_option *row)
{
    fprintf(out, "                '*%s%s[", row->name[1] ? "--" : "-", row->name);
    put_quoted(out, row->what, "[]:\\");
    fputc(']', out);
    if (row->value) {
        fputs(":value:", out);
        zsh_value(out, row->value);
    }
    fputs("' \\\n", out);
}

static void zsh_command(FILE *out, const cli_command *command)
{
    const cli_option *rows[CLI_OPTIONS_MAX];
    const char *takes = command->manual->takes;
    size_t num = cli_manual_options(command->manual, rows, CLI_OPTIONS_MAX);
    fprintf(out, "        %s)\n            _arguments \\\n", command->name);
    for (size_t i = 0; i < num; i++)
        if (rows[i]->name)
            zsh_option(out, rows[i]);
    fputs("                '*:argument:", out);
    if (takes && strcmp(takes, ".scn") == 0)
        fputs("_iscsirig_scenarios", out);
    else
        zsh_value(out, takes ? takes : "");
    fputs("'\n            ;;\n", out);
}

static void zsh(FILE *out)
{
    fputs("#compdef iscsirig\n"
          "_iscsirig_words()\n{\n    local -aU words\n    words=(${(f)\"$(iscsirig completion --words $1 "
          "2>/dev/null)\"})\n"
          "    compadd -a words\n}\n"
          "_iscsirig_scenarios()\n{\n    _files -g '*.scn'\n    _iscsirig_words SECTION\n}\n"
          "_iscsirig()\n{\n    local -a commands\n    commands=(\n",
          out);
    for (const cli_command *command = cli_commands; command->name; command++) {
        fprintf(out, "        '%s:", command->name);
        put_quoted(out, command->what, ":");
        fputs("'\n", out);
    }
    fputs("    )\n    if ((CURRENT == 2)); then\n        _describe -t commands command commands\n        "
          "return\n    fi\n"
          "    local command=$words[2]\n    shift words\n    ((CURRENT--))\n    case $command in\n",
          out);
    for (const cli_command *command = cli_commands; command->name; command++)
        zsh_command(out, command);
    fputs("    esac\n}\n_iscsirig \"$@\"\n", out);
}

/* ---- fish ---- */

static void fish_value(FILE *out, const char *value)
{
    value_form form = form_of(value);
    if (form == VALUE_FILE)
        fputs(" -r -F", out);
    else if (form == VALUE_KIND)
        fprintf(out, " -x -a '(iscsirig completion --words %s 2>/dev/null)'", value);
    else if (form == VALUE_LIST) {
        fputs(" -x -a '", out);
        put_list(out, value);
        fputc('\'', out);
    } else
        fputs(" -x", out);
}

static void fish_line(FILE *out, const cli_command *command)
{
    fprintf(out, "complete -c iscsirig -n '__fish_seen_subcommand_from %s'", command->name);
}

static void fish_command(FILE *out, const cli_command *command)
{
    const cli_option *rows[CLI_OPTIONS_MAX];
    const char *takes = command->manual->takes;
    size_t num = cli_manual_options(command->manual, rows, CLI_OPTIONS_MAX);
    fprintf(out, "complete -c iscsirig -f -n __fish_use_subcommand -a %s -d '", command->name);
    put_quoted(out, command->what, "\\");
    fputs("'\n", out);
    for (size_t i = 0; i < num; i++) {
        if (!rows[i]->name)
            continue;
        fish_line(out, command);
        fprintf(out, " -%c %s", rows[i]->name[1] ? 'l' : 's', rows[i]->name);
        if (rows[i]->value)
            fish_value(out, rows[i]->value);
        fputs(" -d '", out);
        put_quoted(out, rows[i]->what, "\\");
        fputs("'\n", out);
    }
    if (takes && strcmp(takes, ".scn") == 0)
        takes = "SECTION";
    if (takes && form_of(takes) == VALUE_KIND) {
        fish_line(out, command);
        fprintf(out, " -a '(iscsirig completion --words %s 2>/dev/null)'\n", takes);
    }
}

static void fish(FILE *out)
{
    fputs("# iscsirig: completion for fish\ncomplete -c iscsirig -n __fish_use_subcommand -l version\n", out);
    for (const cli_command *command = cli_commands; command->name; command++)
        fish_command(out, command);
}

bool cli_completion(const char *shell, FILE *out)
{
    static const struct {
        const char *shell;
        void (*print)(FILE *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(shells[i].shell, shell) == 0) {
            shells[i].print(out);
            return true;
        }
    return false;
}

/* ---- the command ---- */

static const cli_option options[] = {
    {'w', "words", "KIND",
     "words that such a value can be, one a line: FAULT, LINK, CLASS, PAGE, ID, TAG, SCENARIO (a path) "
     "or SECTION (any of the last three)",
     0},
    {0}};

const cli_manual cmd_completion_manual = {
    .synopsis = "bash|zsh|fish\n--words KIND",
    .about =
        (const char *const[]){
            "Made from the rows that --help shows. Tags, requirement ids, scenarios, faults and "
            "classes are looked up when they are asked for.",
            NULL},
    .options = {options},
    .status = (const cli_status[]){{0, "there they are"}, {2, "usage, or no scenarios"}, {0}},
    .examples = (const char *const[]){"bash > ~/.local/share/bash-completion/completions/iscsirig", NULL},
    .takes = "bash|zsh|fish"};

int cmd_completion(int argc, char **argv)
{
    const char *kind = NULL;
    cli_args args;
    cli_args_begin(&args, "completion", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0; kind = optarg)
        if (c < 0)
            return args.end;
    if (optind + (kind ? 0 : 1) != argc)
        return cli_complain("completion: wanted bash, zsh or fish");
    if (kind)
        return put_words(kind);
    return cli_completion(argv[optind], stdout)
               ? CLI_OK
               : cli_complain("completion: wanted bash, zsh or fish, came \"%s\"", argv[optind]);
}
