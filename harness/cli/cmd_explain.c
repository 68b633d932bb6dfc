/* iscsirig explain and words: what a name of this project means. */
#include "cli.h"
#include "manual.h"
#include "rig/faults.h"
#include "rig/lint.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static bool explain_requirement(const cli_pack *pack, const char *word)
{
    bool found = false;
    for (rig_view rest = rig_view_of(pack->requirements.text, pack->requirements.len); rest.ptr;) {
        rig_view row = rig_view_split(&rest, '\n');
        rig_view cell[6] = {{0}};
        rig_view cells = row;
        for (unsigned i = 0; i < 6 && cells.ptr; i++)
            cell[i] = rig_view_split(&cells, '\t');
        char section[64];
        snprintf(section, sizeof section, "RFC7143/%.*s", RIG_VIEW_ARG(cell[1]));
        if (!rig_view_is(cell[0], word) && strcmp(section, word) != 0)
            continue;
        found = true;
        printf("%.*s  section %.*s, side %.*s, %.*s\n    %.*s\n    test: %.*s\n", RIG_VIEW_ARG(cell[0]),
               RIG_VIEW_ARG(cell[1]), RIG_VIEW_ARG(cell[2]), RIG_VIEW_ARG(cell[3]), RIG_VIEW_ARG(cell[5]),
               RIG_VIEW_ARG(cells.ptr ? cells : cell[5]));
    }
    return found;
}

static bool explain_fault(const char *word)
{
    rig_fault fault = rig_fault_find(rig_view_str(word));
    if (fault == RIG_FAULTS)
        return false;
    const rig_fault_row *row = &rig_fault_rows[fault];
    printf("fault %s: %s\n    violates %s; PDU: %s; judged by %s\n", row->name, row->what, row->requirement,
           rig_fault_pdu(row), row->judge);
    return true;
}

static bool explain_rule(const char *word)
{
    bool found = false;
    for (size_t r = 0; r < rig_lint_num_rules; r++) {
        const rig_lint_rule *rule = &rig_lint_rules[r];
        if (strcmp(rule->id, word) != 0 && strcmp(rule->name, word) != 0)
            continue;
        printf("lint rule %s %s: section %s, %s of the %s\n    %s\n    broken by: %s\n", rule->id, rule->name,
               rule->section, rig_lint_level_word(rule->level),
               rule->side == RIG_LINT_BOTH ? "sender" : rig_lint_side_word(rule->side), rule->what,
               rule->change);
        found = true;
    }
    return found;
}

static bool explain_status(const char *word)
{
    rig_status status;
    if (rig_status_parse(rig_view_str(word), &status))
        return false;
    printf("status %s: %s\n", rig_status_name(status), rig_status_meaning(status));
    return true;
}

static bool explain_word(const char *word)
{
    bool found = false;
    for (int group = 0; group < RIG_SCN_GROUPS; group++) {
        size_t num = 0;
        const rig_scn_word *rows = rig_scn_words((rig_scn_group)group, &num);
        for (size_t i = 0; i < num; i++) {
            char line[512];
            rig_text text;
            if (strcmp(rows[i].name, word) != 0)
                continue;
            rig_text_init(&text, line, sizeof line);
            rig_scn_word_grammar(&text, &rows[i]);
            printf("%s\n    %s (%s)\n", line, rows[i].what, rows[i].who);
            found = true;
        }
    }
    return found;
}

const cli_manual cmd_explain_manual = {
    .synopsis = "REQUIREMENT|SECTION|RULE|FAULT|STATUS|WORD",
    .about = (const char *const[]){"Says what the tables of the project know of a word.", NULL},
    .status = (const cli_status[]){{0, "there it is"}, {2, "nothing is called so"}, {0}},
    .examples = (const char *const[]){"RFC7143/7.8", "LOGIN-012", "r2t-length-zero", "login", NULL},
    .takes = "ID"};

int cmd_explain(int argc, char **argv)
{
    cli_args args;
    cli_args_begin(&args, "explain", argc, argv);
    if (cli_args_next(&args) < 0)
        return args.end;
    if (argc != optind + 1)
        return cli_complain("explain: wanted one word; see `iscsirig explain --help`");
    const char *word = argv[optind];
    cli_pack pack = {0};
    int bad = cli_pack_load(&pack, NULL, 0);
    bool found = !bad && explain_requirement(&pack, word);
    found = explain_rule(word) || found;
    found = explain_fault(word) || found;
    found = explain_status(word) || found;
    found = explain_word(word) || found;
    cli_pack_free(&pack);
    return found ? CLI_OK : cli_complain("nothing here is called \"%s\"", word);
}
