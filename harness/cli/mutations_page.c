/* docs/lint.md: how much of what breaks the RFC lint finds. */
#include "mutations.h"

#include <stdlib.h>
#include <string.h>

static const char page_head[] =
    "# Lint, measured\n\n"
    "Made by `iscsirig prove --mutations --page docs/lint.md`; CI fails when it is out of date.\n\n"
    "Clean captures, in which lint finds nothing, are changed one PDU at a time: each field of the field "
    "table gets other\n"
    "values, reserved bits are set, padding and digests are spoilt, and PDUs are left out, sent twice, or "
    "change places with\n"
    "the next one of their sender or of the other side, or go on another connection; keys of text are left "
    "out, said twice, or get other "
    "values, and others are said besides. Lengths,\n"
    "data and digests are put right behind each change. What the RFCs say of it is a row of\n"
    "[lint-labels.tsv](../ci/judge/lint-labels.tsv), written from their text and not from what lint finds: "
    "the ids it breaks,\n"
    "that it is legal, or that a capture cannot tell. A mutation without a row fails.\n\n"
    "A breach counts as found when lint tells that very id, of the right side; where a row names several "
    "ids, each counts.\n"
    "Where one of several may be told (the row has them with slashes), the one that is told counts, else the "
    "first. An @ in a\n"
    "row is the other side: what it sends contradicts what the capture then has. A legal one must not be "
    "told of at all.\n"
    "What is missed needs a reason in [lint-misses.tsv](../ci/judge/lint-misses.tsv).\n\n";

static void page_score(const mutation_proof *proof, FILE *out)
{
    const mutation_tally *total = &proof->total;
    static const char *const ways[] = {"fields",
                                       "reserved bits",
                                       "padding",
                                       "header digests",
                                       "data digests",
                                       "left out",
                                       "sent twice",
                                       "before the sender's last PDU",
                                       "before the other side's",
                                       "on another connection",
                                       "keys of text",
                                       "keys besides"};
    fprintf(out, "## Score\n\n| | |\n| --- | --- |\n");
    fprintf(out, "| clean captures | %zu |\n| their PDUs | %llu |\n| mutations | %llu |\n", proof->pack->num,
            (unsigned long long)total->pdus, (unsigned long long)total->mutations);
    fprintf(out, "| break something | %llu |\n| are legal | %llu |\n| cannot be told | %llu |\n",
            (unsigned long long)total->breaking, (unsigned long long)total->legal,
            (unsigned long long)total->unknown);
    fprintf(out, "| breaches of a MUST | %llu |\n| found by id and side | %llu (%u %%) |\n",
            (unsigned long long)total->musts, (unsigned long long)total->musts_found,
            cli_mutation_percent(total->musts_found, total->musts));
    fprintf(out, "| legal ones told of | %llu |\n", (unsigned long long)total->false_alarms);
    fprintf(out,
            "| breaches of one side for which the other one, which answers as if nothing were wrong, is told "
            "of as well | %llu |\n\n",
            (unsigned long long)total->both_blamed);
    fprintf(out, "| what is changed | mutations |\n| --- | --- |\n");
    for (unsigned w = 0; w < RIG_MUTATION_WAYS; w++)
        fprintf(out, "| %s | %llu |\n", ways[w], (unsigned long long)total->by_way[w]);
    fprintf(out, "\n");
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const mutation_id *)a)->id, ((const mutation_id *)b)->id);
}

static void page_ids(const mutation_tally *total, FILE *out)
{
    mutation_id ids[MUTATION_IDS_MAX];
    memcpy(ids, total->ids, sizeof ids);
    qsort(ids, total->num_ids, sizeof ids[0], by_id);
    fprintf(out, "## By id\n\nWhat is no MUST does not count for the score.\n\n"
                 "| id | level | breaches | found | in 100 |\n| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < total->num_ids; i++)
        fprintf(out, "| %s | %s | %llu | %llu | %u |\n", ids[i].id, ids[i].must ? "MUST" : "below",
                (unsigned long long)ids[i].broken, (unsigned long long)ids[i].found,
                cli_mutation_percent(ids[i].found, ids[i].broken));
    fprintf(out, "\n");
}

static bool has_misses(const mutation_tally *total, size_t reason)
{
    for (size_t i = 0; i < total->num_misses; i++)
        if (total->misses[i].reason == reason)
            return true;
    return false;
}

static int by_miss(const void *a, const void *b)
{
    return strcmp(((const mutation_miss *)a)->id, ((const mutation_miss *)b)->id);
}

static void page_misses(const mutation_proof *proof, FILE *out)
{
    mutation_miss misses[MUTATION_GROUPS_MAX];
    const mutation_tally *total = &proof->total;
    memcpy(misses, total->misses, sizeof misses);
    qsort(misses, total->num_misses, sizeof misses[0], by_miss);
    fprintf(out, "## Missed\n\n");
    for (size_t r = 0; r < proof->reasons.num; r++) {
        if (!has_misses(total, r))
            continue;
        fprintf(out, "* %.*s:", RIG_VIEW_ARG(proof->reasons.rows[r].why));
        for (size_t i = 0; i < total->num_misses; i++)
            if (misses[i].reason == r)
                fprintf(out, " %s %llu", misses[i].id, (unsigned long long)misses[i].num);
        fprintf(out, "\n");
    }
    fprintf(out, "\n");
}

/* Rules that no label names are shown to fail by `prove --lint` alone. */
static void page_rules(const mutation_tally *total, FILE *out)
{
    fprintf(out, "## Rules that no mutation is for\n\nThey are about text, or about what clean captures do "
                 "not have; `iscsirig prove --lint` shows that they can fail.\n\n");
    for (size_t r = 0; r < rig_lint_num_rules; r++) {
        const rig_lint_rule *rule = &rig_lint_rules[r];
        bool named = false;
        for (size_t i = 0; i < total->num_ids; i++)
            named |= strcmp(total->ids[i].id, rule->id) == 0;
        if (!named)
            fprintf(out, "* %s %s\n", rule->id, rule->name);
    }
    fprintf(out, "\n");
}

void cli_mutation_page(const mutation_proof *proof, FILE *out)
{
    fputs(page_head, out);
    page_score(proof, out);
    page_ids(&proof->total, out);
    page_misses(proof, out);
    page_rules(&proof->total, out);
    fprintf(out, "## Clean captures\n\n");
    for (size_t i = 0; i < proof->pack->num; i++) {
        const char *path = strstr(proof->captures[i].path, "scenarios/");
        fprintf(out, "* `%s`: %llu PDUs, %llu mutations\n", path ? path : proof->captures[i].path,
                (unsigned long long)proof->captures[i].tally.pdus,
                (unsigned long long)proof->captures[i].tally.mutations);
    }
}
