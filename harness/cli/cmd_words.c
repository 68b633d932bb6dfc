/* iscsirig words: the tables of the scenario language, and grammars that editors read. */
#include "cli.h"
#include "manual.h"
#include "rig/pdu.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRAMMAR_WORDS 4096 /* most words of a class */

/* What editors show alike. */
typedef enum word_class { HEADS, STEPS, EVENTS, ARGUMENTS, CHOICES, PDUS, FIELDS, CLASSES } word_class;

static const struct {
    const char *vim; /* group, and what it is linked to */
    const char *link;
    const char *scope; /* of TextMate */
} class_rows[CLASSES] = {
    [HEADS] = {"scnSection", "Keyword", "keyword.control.scn"},
    [STEPS] = {"scnWord", "Statement", "keyword.other.scn"},
    [EVENTS] = {"scnEvent", "Special", "support.function.scn"},
    [ARGUMENTS] = {"scnArgument", "Type", "storage.modifier.scn"},
    [CHOICES] = {"scnChoice", "Constant", "constant.language.scn"},
    [PDUS] = {"scnPdu", "Function", "entity.name.type.scn"},
    [FIELDS] = {"scnField", "Identifier", "variable.parameter.scn"},
};

typedef struct grammar {
    rig_view words[CLASSES][GRAMMAR_WORDS]; /* sorted, each once, each in the first class that has it */
    size_t num[CLASSES];
} grammar;

/* ---- words ---- */

static bool is_word(rig_view text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", text.ptr[i]))
            return false;
    return text.len > 0;
}

static bool known(const grammar *g, rig_view word)
{
    for (unsigned class = 0; class < CLASSES; class ++)
        for (size_t i = 0; i < g->num[class]; i++)
            if (rig_view_eq(g->words[class][i], word))
                return true;
    return false;
}

/* Words may hold several, behind blanks or with | between. */
static void add(grammar *g, word_class class, const char *words)
{
    for (const char *at = words; at && *at; at += strspn(at, " |")) {
        size_t len = strcspn(at, " |");
        rig_view word = rig_view_of(at, len);
        if (is_word(word) && !known(g, word) && g->num[class] < GRAMMAR_WORDS)
            g->words[class][g->num[class]++] = word;
        at += len;
    }
}

static word_class class_of(rig_scn_group group)
{
    switch (group) {
    case RIG_SCN_G_HEAD:
        return HEADS;
    case RIG_SCN_G_EVENT:
    case RIG_SCN_G_MEMBER:
        return EVENTS;
    case RIG_SCN_G_OUTCOME:
    case RIG_SCN_G_MARK:
        return CHOICES;
    case RIG_SCN_G_VIRTUAL:
        return FIELDS;
    default:
        return STEPS;
    }
}

static void add_names(grammar *g)
{
    for (int group = 0; group < RIG_SCN_GROUPS; group++) {
        size_t num = 0;
        const rig_scn_word *rows = rig_scn_words((rig_scn_group)group, &num);
        for (size_t i = 0; i < num; i++)
            add(g, class_of((rig_scn_group)group), rows[i].name);
    }
}

static void add_arguments(grammar *g, const rig_scn_word *word)
{
    for (size_t i = 0; i < RIG_SCN_ARGS_MAX && word->args[i].name; i++) {
        const rig_scn_arg_row *arg = &word->args[i];
        if (arg->form != RIG_SCN_BARE)
            add(g, ARGUMENTS, arg->name);
        if (arg->type == RIG_SCN_T_CHOICE)
            add(g, CHOICES, arg->choices);
    }
}

static int by_word(const void *a, const void *b)
{
    const rig_view *x = a, *y = b;
    int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);
    return order ? order : (int)x->len - (int)y->len;
}

static void gather(grammar *g)
{
    add_names(g);
    for (unsigned kind = 0; kind < RIG_PDU_KINDS; kind++)
        add(g, PDUS, rig_pdu_rows[kind].name);
    for (unsigned field = 0; field < RIG_FIELDS; field++)
        add(g, FIELDS, rig_fields[field].name);
    for (int group = 0; group < RIG_SCN_GROUPS; group++) {
        size_t num = 0;
        const rig_scn_word *rows = rig_scn_words((rig_scn_group)group, &num);
        for (size_t i = 0; i < num; i++)
            add_arguments(g, &rows[i]);
    }
    for (unsigned class = 0; class < CLASSES; class ++)
        qsort(g->words[class], g->num[class], sizeof(rig_view), by_word);
}

/* ---- vim ---- */

static void put_vim(const grammar *g)
{
    printf("\" Vim syntax of scenarios (*.scn), made by `iscsirig words --vim`.\n"
           "if exists('b:current_syntax')\n  finish\nendif\n"
           "syntax case match\nsetlocal iskeyword=@,48-57,_,-\nsetlocal commentstring=#\\ %%s\n");
    for (unsigned class = 0; class < CLASSES; class ++)
        for (size_t i = 0; i < g->num[class]; i++)
            printf("syntax match %s /\\<%.*s\\>/\n", class_rows[class].vim, RIG_VIEW_ARG(g->words[class][i]));
    printf("syntax match scnComment /\\(^\\|\\s\\)\\zs#.*$/ contains=@Spell\n"
           "syntax region scnText start=/\"/ skip=/\\\\./ end=/\"/ oneline contains=@Spell\n"
           "syntax match scnVariable /\\$[A-Za-z0-9_.-]\\+/\n"
           "syntax match scnNumber "
           "/\\<\\(0x[0-9a-fA-F]\\+\\|[0-9]\\+\\(ns\\|us\\|ms\\|s\\|m\\|h\\|[KMGT]\\(iB\\)\\?\\)\\?\\)\\>/\n"
           "syntax match scnRequirement /\\[[A-Z][A-Z0-9]*-[0-9, A-Z-]*\\]/\n"
           "syntax match scnDirection /^\\s*\\zs[<>!]\\ze\\s/\n");
    for (unsigned class = 0; class < CLASSES; class ++)
        printf("highlight default link %s %s\n", class_rows[class].vim, class_rows[class].link);
    printf("highlight default link scnComment Comment\nhighlight default link scnText String\n"
           "highlight default link scnVariable PreProc\nhighlight default link scnNumber Number\n"
           "highlight default link scnRequirement Tag\nhighlight default link scnDirection Operator\n"
           "let b:current_syntax = 'scn'\n");
}

/* ---- TextMate ---- */

/* A dot or a hyphen beside a word belongs to it, as in the language. */
static char *alternatives(const grammar *g, unsigned class)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    fputs("(?<![\\w$-])(?:", out);
    for (size_t i = 0; i < g->num[class]; i++)
        fprintf(out, "%s%.*s", i ? "|" : "", RIG_VIEW_ARG(g->words[class][i]));
    fputs(")(?![\\w-])", out);
    return fclose(out) == 0 ? text : NULL;
}

static void add_pattern(json_t *patterns, const char *scope, const char *match)
{
    json_array_append_new(patterns, json_pack("{s:s,s:s}", "name", scope, "match", match));
}

static int put_textmate(const grammar *g)
{
    json_t *patterns = json_array();
    add_pattern(patterns, "comment.line.number-sign.scn", "(?:^|(?<=\\s))#.*$");
    add_pattern(patterns, "string.quoted.double.scn", "\"(?:\\\\.|[^\"\\\\])*\"");
    add_pattern(patterns, "variable.other.scn", "\\$[A-Za-z0-9_.-]+");
    add_pattern(patterns, "entity.name.tag.scn", "\\[[A-Z][A-Z0-9]*-[0-9][0-9, A-Z-]*\\]");
    add_pattern(patterns, "keyword.operator.scn", "^\\s*[<>!](?=\\s)");
    for (unsigned class = 0; class < CLASSES; class ++) {
        char *match = alternatives(g, class);
        if (match)
            add_pattern(patterns, class_rows[class].scope, match);
        free(match);
    }
    add_pattern(patterns, "constant.numeric.scn",
                "\\b(?:0x[0-9a-fA-F]+|[0-9]+(?:ns|us|ms|s|m|h|[KMGT](?:iB)?)?)\\b");
    json_t *root = json_pack("{s:s,s:s,s:[s],s:o}", "scopeName", "source.scn", "name", "iscsirig scenario",
                             "fileTypes", "scn", "patterns", patterns);
    bool good = root && json_dumpf(root, stdout, JSON_INDENT(2)) == 0 && puts("") >= 0;
    json_decref(root);
    return good ? CLI_OK : cli_complain("words: no memory");
}

/* ---- the command ---- */

static void put_tables(void)
{
    for (int group = 0; group < RIG_SCN_GROUPS; group++) {
        size_t num = 0;
        const rig_scn_word *rows = rig_scn_words((rig_scn_group)group, &num);
        for (size_t i = 0; i < num; i++) {
            char line[512];
            rig_text text;
            rig_text_init(&text, line, sizeof line);
            rig_scn_word_grammar(&text, &rows[i]);
            printf("%d\t%s\t%s\t%s\n", group, rows[i].who, line, rows[i].what);
        }
    }
}

static const cli_option options[] = {
    {'v', "vim", NULL, "syntax of the language for Vim", 0},
    {'t', "textmate", NULL, "grammar for editors that read TextMate's (JSON)", 0},
    {0}};

const cli_manual cmd_words_manual = {
    .synopsis = "[--vim|--textmate]",
    .about =
        (const char *const[]){
            "One row a word of the scenario language: group, who performs it, grammar, meaning, "
            "separated by tabs. The grammars are made from the same rows.",
            NULL},
    .options = {options},
    .status = (const cli_status[]){{0, "there they are"}, {2, "usage"}, {0}},
    .examples = (const char *const[]){"--vim > ~/.vim/syntax/scn.vim", NULL}};

int cmd_words(int argc, char **argv)
{
    static grammar g; /* large */
    cli_args args;
    int what = 0;
    cli_args_begin(&args, "words", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0; what = c)
        if (c < 0)
            return args.end;
    if (optind < argc)
        return cli_complain("words: no argument is wanted, and \"%s\" is one", argv[optind]);
    if (what)
        gather(&g);
    if (what == 't')
        return put_textmate(&g);
    what == 'v' ? put_vim(&g) : put_tables();
    return CLI_OK;
}
