/* Text segments: values by their keys (RFC 7143 sections 12 and 13). */
#include "sanitize.h"

/* Keys whose values are nobody's own. */
static const char *const public_keys[] = {"AuthMethod",
                                          "CHAP_A",
                                          "CHAP_I",
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
                                          "InitiatorRecvDataSegmentLength",
                                          "MaxAHSLength",
                                          "MaxBurstLength",
                                          "MaxConnections",
                                          "MaxOutstandingR2T",
                                          "MaxOutstandingUnexpectedPDUs",
                                          "MaxRecvDataSegmentLength",
                                          "OFMarkInt",
                                          "OFMarker",
                                          "RDMAExtensions",
                                          "SessionType",
                                          "TargetPortalGroupTag",
                                          "TargetRecvDataSegmentLength",
                                          "TaskReporting",
                                          "iSCSIProtocolLevel",
                                          "iSERHelloRequired"};

/* Values that answer any key (section 6.2), and the one that asks for all targets. */
static const char *const public_values[] = {"None", "Reject", "NotUnderstood", "Irrelevant", "All"};

static const struct {
    const char *key;
    san_kind kind;
} own_keys[] = {{"InitiatorName", SAN_NAME},   {"TargetName", SAN_NAME},   {"SendTargets", SAN_NAME},
                {"InitiatorAlias", SAN_ALIAS}, {"TargetAlias", SAN_ALIAS}, {"TargetAddress", SAN_HOST},
                {"CHAP_N", SAN_USER},          {"CHAP_C", SAN_BINARY},     {"CHAP_R", SAN_BINARY}};

static bool one_of(rig_view word, const char *const *words, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if (rig_view_is(word, words[i]))
            return true;
    return false;
}

static san_kind kind_of(rig_view key)
{
    for (size_t i = 0; i < sizeof own_keys / sizeof own_keys[0]; i++)
        if (rig_view_is(key, own_keys[i].key))
            return own_keys[i].kind;
    return SAN_OTHER;
}

/* host[:port][,group]: a host in brackets, or up to the port, or an IPv6 address without either. */
static rig_status change_address(rig_sanitize *s, uint8_t *value, size_t len)
{
    rig_view all = rig_view_sub(rig_view_of(value, len), 0, rig_view_find(rig_view_of(value, len), ','));
    size_t colon = rig_view_find(all, ':');
    size_t bracket = rig_view_find(all, ']');
    if (len && value[0] == '[')
        return san_host(s, value + 1, bracket - 1);
    rig_view behind = rig_view_sub(all, colon + 1, all.len);
    bool port = colon < all.len && rig_view_find(behind, ':') == behind.len;
    return san_host(s, value, port ? colon : all.len);
}

static rig_status change_pair(rig_sanitize *s, rig_view key, uint8_t *value, size_t len)
{
    rig_view said = rig_view_of(value, len);
    if (one_of(key, public_keys, sizeof public_keys / sizeof public_keys[0]) ||
        one_of(said, public_values, sizeof public_values / sizeof public_values[0]))
        return RIG_OK;
    san_kind kind = kind_of(key);
    return kind == SAN_HOST ? change_address(s, value, len) : san_value(s, kind, value, len);
}

/* What is no pair is nobody's business. */
rig_status san_text(rig_sanitize *s, uint8_t *text, size_t len)
{
    rig_status status = RIG_OK;
    for (size_t at = 0; at < len && !status;) {
        rig_view rest = rig_view_of(text + at, len - at);
        size_t end = rig_view_find(rest, 0);
        size_t equals = rig_view_find(rig_view_sub(rest, 0, end), '=');
        if (equals < end)
            status = change_pair(s, rig_view_of(text + at, equals), text + at + equals + 1, end - equals - 1);
        else
            status = san_value(s, SAN_OTHER, text + at, end);
        at += end + 1;
    }
    return status;
}
