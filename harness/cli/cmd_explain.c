/* iscsirig explain and words: what a name of this project means. */
#include "cli.h"
#include "rig/faults.h"
#include "rig/lint.h"

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

int cmd_explain(int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "--help") == 0) {
        printf("usage: iscsirig explain REQUIREMENT|SECTION|RULE|FAULT|STATUS|WORD\n");
        return argc == 2 ? CLI_OK : CLI_USAGE;
    }
    cli_pack pack = {0};
    int bad = cli_pack_load(&pack, NULL, 0);
    bool found = !bad && explain_requirement(&pack, argv[1]);
    found = explain_rule(argv[1]) || found;
    found = explain_fault(argv[1]) || found;
    found = explain_status(argv[1]) || found;
    found = explain_word(argv[1]) || found;
    cli_pack_free(&pack);
    return found ? CLI_OK : cli_complain("nothing here is called \"%s\"", argv[1]);
}

int cmd_words(int argc, char **argv)
{
    (void)argc;
    (void)argv;
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
    return CLI_OK;
}
