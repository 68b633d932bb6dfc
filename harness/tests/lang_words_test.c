/* The rows of the language: complete, in order, and exactly what FORMAT.md lists. */
#include "lang_helper.h"
#include "rig/link.h"

#define TABLE_MAX 65536

static const struct {
    rig_scn_group group;
    const char *mark; /* FORMAT.md has the table between <!-- rows: MARK --> and <!-- end --> */
} tables[] = {
    {RIG_SCN_G_HEAD, "head"},       {RIG_SCN_G_NETWORK, "network"},     {RIG_SCN_G_TARGET, "target"},
    {RIG_SCN_G_ACTION, "action"},   {RIG_SCN_G_INITIATOR, "initiator"}, {RIG_SCN_G_HBA, "hba"},
    {RIG_SCN_G_PERSIST, "persist"}, {RIG_SCN_G_IPSEC, "ipsec"},         {RIG_SCN_G_ISNS, "isns"},
    {RIG_SCN_G_STEP, "step"},       {RIG_SCN_G_EVENT, "event"},         {RIG_SCN_G_MEMBER, "member"},
    {RIG_SCN_G_OUTCOME, "outcome"}, {RIG_SCN_G_VIRTUAL, "virtual"},     {RIG_SCN_G_MARK, "mark"}};

static void steps_and_events_stand_in_order(void)
{
    static const char *const events[] = {
#define X(id, name) name,
        RIG_SCN_EVENT_ROWS(X)};
#undef X
    size_t num;
    const rig_scn_word *rows = rig_scn_words(RIG_SCN_G_STEP, &num);
    CU_ASSERT_EQUAL_FATAL(num, RIG_SCN_STEPS);
    for (size_t i = 0; i < num; i++) {
        CU_ASSERT_EQUAL(rows[i].id, i);
    }
    rows = rig_scn_words(RIG_SCN_G_EVENT, &num);
    CU_ASSERT_EQUAL_FATAL(num, RIG_SCN_EVENTS);
    for (size_t i = 0; i < num; i++) {
        CU_ASSERT_STRING_EQUAL(rows[i].name, events[i]);
        CU_ASSERT_EQUAL(rows[i].id, i);
    }
}

static void words_are_unique_and_explained(void)
{
    for (int group = 0; group < RIG_SCN_GROUPS; group++) {
        size_t num;
        const rig_scn_word *rows = rig_scn_words((rig_scn_group)group, &num);
        CU_ASSERT_TRUE(num > 0);
        for (size_t i = 0; i < num; i++) {
            CU_ASSERT_TRUE(rows[i].who && rows[i].who[0] && rows[i].what && rows[i].what[0]);
            for (size_t j = 0; j < i; j++)
                CU_ASSERT_STRING_NOT_EQUAL(rows[i].name, rows[j].name);
        }
    }
    size_t num = 1;
    CU_ASSERT_PTR_NULL(rig_scn_words(RIG_SCN_GROUPS, &num));
    CU_ASSERT_EQUAL(num, 0);
}

static void grammars(void)
{
    static const struct {
        const char *name, *grammar;
    } all[] = {{"login", "login IQN [at ADDR:PORT] [offer KEY=VALUE…] [as IQN] [-> $x]"},
               {"logout", "logout [$session] [-> $x]"},
               {"wait", "wait EVENT [again]"},
               {"task-set", "task-set abort|clear lun N [on $session] [-> $x]"}};
    size_t num;
    const rig_scn_word *rows = rig_scn_words(RIG_SCN_G_STEP, &num);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        for (size_t j = 0; j < num; j++) {
            char line[300];
            rig_text text;
            rig_text_init(&text, line, sizeof(line));
            rig_scn_word_grammar(&text, &rows[j]);
            if (strcmp(rows[j].name, all[i].name) == 0)
                CU_ASSERT_STRING_EQUAL(line, all[i].grammar);
        }
}

/* In a Markdown table a bar inside a cell is escaped. */
static void add_cell(rig_text *out, const char *text)
{
    for (; *text; text++)
        rig_text_add(out, *text == '|' ? "\\%c" : "%c", *text);
}

static void print_table(rig_text *out, rig_scn_group group)
{
    size_t num;
    const rig_scn_word *rows = rig_scn_words(group, &num);
    rig_text_add(out, "| words | by | meaning |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < num; i++) {
        char line[500];
        rig_text grammar;
        rig_text_init(&grammar, line, sizeof(line));
        rig_scn_word_grammar(&grammar, &rows[i]);
        rig_text_add(out, "| `");
        add_cell(out, line);
        rig_text_add(out, "` | %s | ", rows[i].who);
        add_cell(out, rows[i].what);
        rig_text_add(out, " |\n");
    }
}

static void format_page_lists_exactly_the_rows(void)
{
    char *page = help_read("scenarios/FORMAT.md");
    char *table = calloc(1, TABLE_MAX);
    CU_ASSERT_TRUE_FATAL(page && table);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        rig_text text;
        rig_text_init(&text, table, TABLE_MAX);
        rig_text_add(&text, "<!-- rows: %s -->\n", tables[i].mark);
        print_table(&text, tables[i].group);
        rig_text_add(&text, "<!-- end -->\n");
        bool listed = strstr(page, table) != NULL;
        if (!listed)
            printf("\n  scenarios/FORMAT.md should say\n%s", table);
        CU_ASSERT_TRUE(listed);
    }
    free(table);
    free(page);
}

static void format_page_lists_exactly_the_links(void)
{
    char *page = help_read("scenarios/FORMAT.md");
    char *table = calloc(1, TABLE_MAX);
    CU_ASSERT_TRUE_FATAL(page && table);
    rig_text text;
    rig_text_init(&text, table, TABLE_MAX);
    rig_text_add(&text, "<!-- links -->\n| link | options | what it does |\n| --- | --- | --- |\n");
    for (const rig_link_kind *kind = rig_link_rows; kind->name; kind++) {
        rig_text_add(&text, "| `%s` | ", kind->name);
        add_cell(&text, kind->options);
        rig_text_add(&text, " | ");
        add_cell(&text, kind->what);
        rig_text_add(&text, " |\n");
    }
    rig_text_add(&text, "<!-- end -->\n");
    bool listed = strstr(page, table) != NULL;
    if (!listed)
        printf("\n  scenarios/FORMAT.md should say\n%s", table);
    CU_ASSERT_TRUE(listed);
    free(table);
    free(page);
}

/* The first example of the page is a whole scenario. */
static void the_pages_example_is_right(void)
{
    char *page = help_read("scenarios/FORMAT.md"), *ids = help_read("docs/requirements.tsv");
    CU_ASSERT_TRUE_FATAL(page && ids);
    char *begin = strstr(page, "```\n"), *end = begin ? strstr(begin + 4, "```\n") : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    rig_scn_config config = {.alloc = rig_alloc_libc(), .requirements = rig_view_str(ids)};
    rig_scn_problems problems = {.num = 0};
    rig_scn_file *file;
    rig_view text = rig_view_of(begin + 4, (size_t)(end - begin) - 4);
    CU_ASSERT_EQUAL(rig_scn_open(&config, rig_view_str("FORMAT.md"), text, &file, &problems), RIG_OK);
    rig_scn_file_free(file);
    free(ids);
    free(page);
}

RIG_SUITE("lang_words", {"steps and events stand in order", steps_and_events_stand_in_order},
          {"words are unique and explained", words_are_unique_and_explained}, {"grammars", grammars},
          {"FORMAT.md lists exactly the rows", format_page_lists_exactly_the_rows},
          {"FORMAT.md lists exactly the links", format_page_lists_exactly_the_links},
          {"the page's example is right", the_pages_example_is_right})
