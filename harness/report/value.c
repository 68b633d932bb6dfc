/* JSON values from text of strangers, and back. */
#include "record.h"

#define TEXT_MAX (1u << 20) /* bytes of one string; longer ones are cut */

json_t *rep_text(const rig_alloc *alloc, rig_view text)
{
    uint8_t bytes[4];
    uint32_t code;
    text = rig_view_sub(text, 0, TEXT_MAX);
    size_t size = text.len * 3 + 1, len = 0;
    char *room = rig_new(alloc, size);
    if (!room)
        return NULL;
    while (text.len > 0) {
        size_t more = rep_next(&text, bytes, &code);
        memcpy(room + len, bytes, more);
        len += more;
    }
    json_t *value = json_stringn_nocheck(room, len);
    rig_delete(alloc, room, size);
    return value;
}

bool rep_set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new_nocheck(object, name, value) == 0;
}

bool rep_set_text(json_t *object, const rig_alloc *alloc, const char *name, const char *text)
{
    return rep_set(object, name, text ? rep_text(alloc, rig_view_str(text)) : json_null());
}

bool rep_set_view(json_t *object, const rig_alloc *alloc, const char *name, rig_view text)
{
    return rep_set(object, name, rep_text(alloc, text));
}

bool rep_set_number(json_t *object, const char *name, uint64_t number)
{
    char digits[24];
    rig_text text;
    if (number <= INT64_MAX)
        return rep_set(object, name, json_integer((json_int_t)number));
    rig_text_init(&text, digits, sizeof digits);
    rig_text_add(&text, "%llu", (unsigned long long)number);
    return rep_set(object, name, json_string_nocheck(digits));
}

const char *rep_str(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

uint64_t rep_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    uint64_t number = 0;
    if (json_is_string(value))
        return rig_view_u64(rig_view_str(json_string_value(value)), &number) ? number : 0;
    json_int_t integer = json_integer_value(value);
    return integer > 0 ? (uint64_t)integer : 0;
}

bool rep_verdict_find(const char *word, rig_verdict *out)
{
    for (unsigned v = 0; v < RIG_VERDICTS; v++)
        if (strcmp(word, rig_verdict_word((rig_verdict)v)) == 0) {
            *out = (rig_verdict)v;
            return true;
        }
    return false;
}

rig_verdict rep_verdict(const json_t *record)
{
    rig_verdict verdict = RIG_VERDICT_ERROR;
    rep_verdict_find(rep_str(record, "verdict"), &verdict);
    return verdict;
}

void rep_record_bindings(rig_text *out, const json_t *record)
{
    const char *name, *between = "";
    const json_t *value;
    json_t *bindings = json_object_get(record, "bindings");
    json_object_foreach(bindings, name, value)
    {
        rig_text_add(out, "%s", between);
        rep_plain(out, rig_view_str(name));
        rig_text_add(out, "=");
        rep_plain(out, rig_view_str(json_is_string(value) ? json_string_value(value) : ""));
        between = " ";
    }
}

const char *rep_record_headline(const json_t *record)
{
    const char *text = rep_str(json_array_get(json_object_get(record, "findings"), 0), "text");
    return text[0] ? text : rep_str(record, "reason");
}

void rep_count(rig_summary *summary, const json_t *record)
{
    if (strcmp(rep_str(record, "change"), "gone") == 0)
        return;
    summary->verdicts[rep_verdict(record)]++;
    summary->cases++;
}

json_t *rep_summary(const rig_summary *summary, const rig_alloc *alloc)
{
    json_t *o = json_object(), *verdicts = json_object();
    bool ok = o && verdicts;
    for (unsigned v = 0; ok && v < RIG_VERDICTS; v++)
        ok = rep_set_number(verdicts, rig_verdict_word((rig_verdict)v), summary->verdicts[v]);
    ok = ok && rep_set_number(o, "cases", summary->cases) && rep_set_number(o, "planned", summary->planned) &&
         rep_set_number(o, "files", summary->files) && rep_set_number(o, "real_ns", summary->real_ns) &&
         rep_set(o, "interrupted", json_boolean(summary->interrupted)) &&
         rep_set_text(o, alloc, "captures", summary->captures) &&
         rep_set(o, "verdicts", json_incref(verdicts));
    json_decref(verdicts);
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}
