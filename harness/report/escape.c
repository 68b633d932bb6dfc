/* Text of strangers, made safe for each kind of report. */
#include "reports.h"

#define REPLACEMENT 0xfffd

size_t rep_next(rig_view *rest, uint8_t out[4], uint32_t *out_code)
{
    static const uint8_t replacement[] = {0xef, 0xbf, 0xbd};
    rig_view before = *rest;
    if (rig_utf8_next(rest, out_code)) {
        size_t len = before.len - rest->len;
        memcpy(out, before.ptr, len);
        return len;
    }
    *rest = rig_view_sub(*rest, 1, rest->len);
    *out_code = REPLACEMENT;
    memcpy(out, replacement, sizeof replacement);
    return sizeof replacement;
}

static const char *xml_entity(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t':
        return "&#9;";
    case '\n':
        return "&#10;";
    default:
        return NULL;
    }
}

/* Characters that no XML 1.0 document may hold. */
static bool xml_forbids(uint32_t code)
{
    return code < 0x20 || code == 0xfffe || code == 0xffff || (code >= 0x7f && code < 0xa0);
}

void rep_xml(FILE *file, rig_view text)
{
    uint8_t bytes[4];
    uint32_t code;
    while (text.len > 0) {
        size_t len = rep_next(&text, bytes, &code);
        const char *entity = xml_entity(code);
        if (entity)
            fputs(entity, file);
        else if (xml_forbids(code))
            fputs("\xef\xbf\xbd", file);
        else
            fwrite(bytes, 1, len, file);
    }
}

void rep_xml_lines(FILE *file, rig_view text)
{
    while (text.ptr) {
        rep_xml(file, rig_view_split(&text, '\n'));
        if (text.ptr)
            fputc('\n', file);
    }
}

void rep_plain(rig_text *out, rig_view text)
{
    uint8_t bytes[4];
    uint32_t code;
    while (text.len > 0) {
        size_t len = rep_next(&text, bytes, &code);
        bool safe = code >= 0x20 && !(code >= 0x7f && code < 0xa0) && code != REPLACEMENT;
        rig_text_view(out, safe ? rig_view_of(bytes, len) : rig_view_str("?"));
    }
}

size_t rep_columns(rig_view text)
{
    uint8_t bytes[4];
    uint32_t code;
    size_t columns = 0;
    for (; text.len > 0; columns++)
        rep_next(&text, bytes, &code);
    return columns;
}
