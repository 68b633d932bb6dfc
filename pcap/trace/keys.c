#include "rig/text.h"

#include "print.h"

/* The names of RFC 7143 sections 12 and 13 and of the older text; the language wants any other name but an
 * extension's in quotes, so that a misspelt one is found. */
static const char *const known_keys[] = {
    "AuthMethod",
    "CHAP_A",
    "CHAP_C",
    "CHAP_I",
    "CHAP_N",
    "CHAP_R",
    "DataDigest",
    "DataPDUInOrder",
    "DataSequenceInOrder",
    "DefaultTime2Retain",
    "DefaultTime2Wait",
    "ErrorRecoveryLevel",
    "FirstBurstLength",
    "HeaderDigest",
    "IFMarkInt",
    "IFMarker",
    "ImmediateData",
    "InitialR2T",
    "InitiatorAlias",
    "InitiatorName",
    "KRB_AP_REP",
    "KRB_AP_REQ",
    "MaxBurstLength",
    "MaxConnections",
    "MaxOutstandingR2T",
    "MaxRecvDataSegmentLength",
    "OFMarkInt",
    "OFMarker",
    "SendTargets",
    "SessionType",
    "TargetAddress",
    "TargetAlias",
    "TargetName",
    "TargetPortalGroupTag",
    "TaskReporting",
    "iSCSIProtocolLevel",
};

static bool known_key(rig_view key)
{
    for (size_t i = 0; i < sizeof known_keys / sizeof known_keys[0]; i++)
        if (rig_view_is(key, known_keys[i]))
            return true;
    return rig_view_starts(key, "X-") || rig_view_starts(key, "X#");
}

static void print_key(rig_text *out, rig_view key)
{
    const char *quote = known_key(key) ? "" : "\"";
    rig_text_add(out, "%s", quote);
    rig_text_escaped(out, key);
    rig_text_add(out, "%s=", quote);
}

/* Characters that mean nothing to the scenario language inside a word. */
static bool plain(uint8_t c)
{
    static const char marks[] = ".-_:,/+@[]=*%^";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           memchr(marks, c, sizeof marks - 1);
}

/* A word may not look like a pattern: _ alone is any value, a..b a range, + - = would begin an offset or
 * comparison. */
static bool plain_word(rig_view value)
{
    static const char never_first[] = "+=*%^,";
    if (value.len == 0 || rig_view_is(value, "_") ||
        memchr(never_first, value.ptr[0], sizeof never_first - 1) || value.ptr[value.len - 1] == ',')
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (!plain(value.ptr[i]) || (value.ptr[i] == '.' && i + 1 < value.len && value.ptr[i + 1] == '.'))
            return false;
    return true;
}

void trc_value(rig_text *out, rig_view value)
{
    bool bare = plain_word(value);
    if (!bare)
        rig_text_add(out, "\"");
    rig_text_escaped(out, value);
    if (!bare)
        rig_text_add(out, "\"");
}

/* Room for "!cut" is left, so that a line that does not fit still says so. */
static bool add_pair(rig_text *out, const rig_pair *pair, size_t *column)
{
    static const char cut[] = "\n      !cut";
    rig_text part = {out->ptr + out->len, out->size - out->len, 0, false};
    bool fits = part.size > sizeof cut;
    if (fits) {
        part.size -= sizeof cut;
        print_key(&part, pair->key);
        if (rig_view_is(pair->key, "CHAP_R"))
            rig_text_add(&part, "_");
        else
            trc_value(&part, pair->value);
        fits = !part.cut;
    }
    if (!fits) {
        out->ptr[out->len] = '\0';
        return false;
    }
    *column += part.len + 1;
    out->len += part.len;
    return true;
}

static size_t width(const rig_pair *pair)
{
    return pair->key.len + pair->value.len + 2;
}

void trc_keys(rig_text *out, rig_view text)
{
    rig_pair pair;
    size_t column = TRC_COLUMNS;
    while (rig_pair_next(text.ptr, &text, &pair, NULL) == RIG_OK) {
        if (column + width(&pair) > TRC_COLUMNS) {
            rig_text_add(out, "\n     ");
            column = 5;
        }
        rig_text_add(out, " ");
        if (!add_pair(out, &pair, &column)) {
            rig_text_add(out, "!cut");
            return;
        }
    }
}
