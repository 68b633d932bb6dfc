/* The iSCSI profile of stringprep (RFC 3722), by GNU libidn. */
#include <stringprep.h>

#include "rig/iname.h"
#include "rig/text.h"

#define PREPARE_MAX (4 * RIG_NAME_MAX) /* bytes of a name before: mappings may make it shorter */

static const struct {
    int code;
    rig_status status;
    const char *why;
} reasons[] = {
    {STRINGPREP_CONTAINS_UNASSIGNED, RIG_E_SYNTAX, "a character that Unicode 3.2 does not have"},
    {STRINGPREP_CONTAINS_PROHIBITED, RIG_E_SYNTAX, "a prohibited character"},
    {STRINGPREP_BIDI_BOTH_L_AND_RAL, RIG_E_SYNTAX, "letters written from the right together with others"},
    {STRINGPREP_BIDI_LEADTRAIL_NOT_RAL, RIG_E_SYNTAX, "text from the right that begins or ends otherwise"},
    {STRINGPREP_BIDI_CONTAINS_PROHIBITED, RIG_E_SYNTAX, "a character that orders text"},
    {STRINGPREP_TOO_SMALL_BUFFER, RIG_E_LIMIT, "too long"},
    {STRINGPREP_MALLOC_ERROR, RIG_E_NOMEM, "no memory to prepare it"},
};

static rig_status refused(int code, rig_error *err)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].code == code)
            return rig_fail_at(err, reasons[i].status, 0, NULL, "not an iSCSI name: %s (RFC 3722)",
                               reasons[i].why);
    return rig_fail_at(err, RIG_E_SYNTAX, 0, NULL, "not an iSCSI name: stringprep fails (RFC 3722)");
}

/* What stringprep takes as a C string must be one, and UTF-8. */
static rig_status check_text(rig_view name, rig_error *err)
{
    rig_view rest = name;
    uint32_t code = 0;
    while (rest.len) {
        size_t offset = name.len - rest.len;
        if (!rig_utf8_next(&rest, &code) || code == 0)
            return rig_fail_at(err, RIG_E_SYNTAX, offset, NULL, "not an iSCSI name: no UTF-8 text");
    }
    return RIG_OK;
}

static bool has_digits_only(rig_view name)
{
    return rig_view_starts(name, "eui.") || rig_view_starts(name, "naa.");
}

static rig_status too_long(rig_error *err)
{
    return rig_fail_at(err, RIG_E_LIMIT, RIG_NAME_MAX, NULL, "an iSCSI name has at most %d bytes",
                       RIG_NAME_MAX);
}

/* Names are stored strings: code points that are not assigned stay out of them (RFC 3454 section 7). */
rig_status rig_iname_prepare(rig_view name, char out[RIG_INAME_TEXT], rig_error *err)
{
    char room[PREPARE_MAX + 1] = {0};
    rig_text text;
    if (name.len > PREPARE_MAX)
        return too_long(err);
    rig_status status = check_text(name, err);
    if (status)
        return status;
    rig_text_init(&text, room, sizeof room);
    rig_text_view(&text, name);
    int code = has_digits_only(name)
                   ? STRINGPREP_OK
                   : stringprep(room, sizeof room, STRINGPREP_NO_UNASSIGNED, stringprep_iscsi);
    if (code != STRINGPREP_OK)
        return refused(code, err);
    rig_text_init(&text, out, RIG_INAME_TEXT);
    rig_text_view(&text, rig_view_str(room));
    return text.cut ? too_long(err) : RIG_OK;
}
