/* The tables of calls and of codes. */
#include "rig/calls.h"

static const rig_call calls[] = {
#define RIG_CALL(id, word, request, reply, meaning)                                                          \
    {RIG_CALL_##id, word, RIG_RECORD_##request, RIG_RECORD_##reply, meaning},
#include "rig/calls.def"
#undef RIG_CALL
};

static const struct {
    rig_code code;
    const char *word, *meaning;
} codes[] = {
#define RIG_CODE(id, word, value, meaning) {RIG_CODE_##id, word, meaning},
#include "rig/codes.def"
#undef RIG_CODE
};

#define NUM_CODES (sizeof codes / sizeof codes[0])
#define SEVERITY(code) ((uint32_t)(code) >> 30)
#define SEVERITY_WARNING 2

static size_t code_row(rig_code code)
{
    size_t i = 0;
    while (i < NUM_CODES && codes[i].code != code)
        i++;
    return i;
}

const char *rig_code_name(rig_code code)
{
    size_t row = code_row(code);
    return row < NUM_CODES ? codes[row].word : "?";
}

const char *rig_code_meaning(rig_code code)
{
    size_t row = code_row(code);
    return row < NUM_CODES ? codes[row].meaning : "a code that is not known here";
}

rig_status rig_code_parse(rig_view text, rig_code *out_code)
{
    uint64_t number = 0;
    bool is_number = rig_view_u64(text, &number);
    for (size_t i = 0; i < NUM_CODES; i++)
        if (rig_view_is(text, codes[i].word) || (is_number && number == (uint32_t)codes[i].code)) {
            *out_code = codes[i].code;
            return RIG_OK;
        }
    return RIG_E_NOT_FOUND;
}

bool rig_code_is_warning(rig_code code)
{
    return SEVERITY(code) == SEVERITY_WARNING;
}

const rig_call *rig_call_of(rig_call_id id)
{
    return &calls[id];
}

const rig_call *rig_call_find(rig_view word)
{
    for (size_t i = 0; i < RIG_CALLS; i++)
        if (rig_view_is(word, calls[i].word))
            return &calls[i];
    return NULL;
}
