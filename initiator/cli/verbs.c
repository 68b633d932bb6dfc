/* The table of verbs, and the ways into it. */
#include "cli.h"

#include <ctype.h>
#include <strings.h>

#define NAME_MAX_BYTES 64 /* as far as rig_nearest looks */

static const cli_verb verbs[] = {
#define CLI_VERB(verb, id, first, list, about)                                                               \
    {                                                                                                        \
        .name = #verb, .call = RIG_CALL_##id, .fixed = first, .what = list, .meaning = about, .args = {
#define CLI_ARG(word, how, when, where, along, bits) {word, CLI_##how, CLI_##when, where, along, bits},
#define CLI_VERB_END                                                                                         \
    {                                                                                                        \
        NULL, CLI_NONE, CLI_OPTIONAL, NULL, NULL, 0                                                          \
    }                                                                                                        \
    }                                                                                                        \
    }                                                                                                        \
    ,
#define CLI_VERB_END_WITH(more)                                                                              \
    {                                                                                                        \
        NULL, CLI_NONE, CLI_OPTIONAL, NULL, NULL, 0                                                          \
    }                                                                                                        \
    }                                                                                                        \
    , more                                                                                                   \
    }                                                                                                        \
    ,
#include "verbs.def"
#undef CLI_VERB
#undef CLI_ARG
#undef CLI_VERB_END
#undef CLI_VERB_END_WITH
};

#define NUM_VERBS (sizeof verbs / sizeof verbs[0])

size_t cli_num_verbs(void)
{
    return NUM_VERBS;
}

const cli_verb *cli_verb_at(size_t index)
{
    return &verbs[index];
}

const cli_verb *cli_verb_find(const char *name)
{
    for (size_t i = 0; i < NUM_VERBS; i++)
        if (strcasecmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static void lower(const char *name, char out[NAME_MAX_BYTES])
{
    size_t i = 0;
    for (; name[i] && i + 1 < NAME_MAX_BYTES; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    out[i] = 0;
}

const cli_verb *cli_verb_near(const char *name)
{
    char word[NAME_MAX_BYTES], all[NUM_VERBS][NAME_MAX_BYTES];
    const char *names[NUM_VERBS];
    lower(name, word);
    for (size_t i = 0; i < NUM_VERBS; i++) {
        lower(verbs[i].name, all[i]);
        names[i] = all[i];
    }
    size_t near = rig_nearest(rig_view_str(word), names, NUM_VERBS);
    return near < NUM_VERBS ? &verbs[near] : NULL;
}

size_t cli_num_args(const cli_verb *verb)
{
    size_t num = 0;
    while (verb->args[num].kind != CLI_NONE)
        num++;
    return num;
}

size_t cli_num_needed(const cli_verb *verb)
{
    size_t num = cli_num_args(verb);
    while (num && verb->args[num - 1].given == CLI_OPTIONAL)
        num--;
    return num;
}
