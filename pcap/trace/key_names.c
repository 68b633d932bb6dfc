#include "rig/trace.h"

const char *const rig_key_names[] = {
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
    "SRP_A",
    "SRP_B",
    "SRP_GROUP",
    "SRP_HM",
    "SRP_M",
    "SRP_N",
    "SRP_U",
    "SRP_g",
    "SRP_s",
    "SendTargets",
    "SessionType",
    "TargetAddress",
    "TargetAlias",
    "TargetAuth",
    "TargetName",
    "TargetPortalGroupTag",
    "TaskReporting",
    "iSCSIProtocolLevel",
    NULL,
};

/* X for keys, Y for digests, Z for authentication methods, which come as keys where somebody mixes them up.
 */
static bool extension(rig_view name)
{
    return name.len > 2 && name.ptr[0] >= 'X' && name.ptr[0] <= 'Z' &&
           (name.ptr[1] == '-' || name.ptr[1] == '#');
}

bool rig_key_known(rig_view name)
{
    for (size_t i = 0; rig_key_names[i]; i++)
        if (rig_view_is(name, rig_key_names[i]))
            return true;
    return extension(name);
}
