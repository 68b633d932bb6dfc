/* A program as it is written for Windows: it finds a target through a portal, logs in, looks at what came of
 * it, sends SCSI commands, adds sessions and a connection, keeps a login and forgets it, and logs out.
 *
 * session ADDRESS PORT NAME. Prints what each function came to; its result is 0 when all is as it should be.
 * Built for both character sets, and played in the simulator, too. */
#include <windows.h>

#include <iscsidsc.h>

#include <stdio.h>
#include <stdlib.h>

#define POLLS 20000 /* most times it asks for the devices: they come a while after the session */
#define TRIES 3     /* of a command that ends with a unit attention */
#define DISK 0x07   /* FILE_DEVICE_DISK */
#define DEVICES 16
#define BIG (256 * 1024)

#define CHECK_CONDITION 2
#define UNIT_ATTENTION 6

typedef ISCSI_UNIQUE_SESSION_ID Id;

static int Failed;
static TCHAR Target[MAX_ISCSI_NAME_LEN + 1];
static ISCSI_TARGET_PORTAL Portal;
static ISCSI_DEVICE_ON_SESSION Devices[DEVICES];

/* ---- what every program needs ---- */

static void Expect(const char *function, ISDSC_STATUS is, ISDSC_STATUS wanted)
{
    Failed |= is != wanted;
    printf("%s %s: 0x%08x\n", is == wanted ? "ok" : "WRONG", function, (unsigned)is);
}

static void Check(const char *what, BOOL holds)
{
    Failed |= !holds;
    printf("%s %s\n", holds ? "ok" : "WRONG", what);
}

static void Widen(TCHAR *to, size_t room, const char *from)
{
    size_t i = 0;
    for (; from[i] && i + 1 < room; i++)
        to[i] = (TCHAR)from[i];
    to[i] = 0;
}

static BOOL Same(const TCHAR *a, const TCHAR *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static BOOL SameId(const Id *a, const Id *b)
{
    return a->AdapterUnique == b->AdapterUnique && a->AdapterSpecific == b->AdapterSpecific;
}

/* Whether a list of strings has one. */
static BOOL Has(const TCHAR *list, const TCHAR *text)
{
    for (; *list; list++) {
        if (Same(list, text))
            return TRUE;
        while (*list)
            list++;
    }
    return FALSE;
}

static ULONGLONG Number(const UCHAR *bytes, int count)
{
    ULONGLONG number = 0;
    for (int i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

/* ---- finding the target ---- */

static BOOL IsReported(void)
{
    ULONG size = 0;
    ReportIScsiTargets(FALSE, &size, NULL);
    TCHAR *list = calloc(size + 1, sizeof *list);
    BOOL has = list && ReportIScsiTargets(FALSE, &size, list) == ERROR_SUCCESS && Has(list, Target);
    free(list);
    return has;
}

/* What is known of it by the first of the ways it was found. */
static void Information(void)
{
    ULONG size = 0;
    Expect("GetIScsiTargetInformation without room",
           GetIScsiTargetInformation(Target, NULL, DiscoveryMechanisms, &size, NULL),
           ERROR_INSUFFICIENT_BUFFER);
    TCHAR *mechanisms = calloc(1, size + sizeof *mechanisms);
    ULONG *groups = calloc(1, BIG);
    Expect("GetIScsiTargetInformation DiscoveryMechanisms",
           GetIScsiTargetInformation(Target, NULL, DiscoveryMechanisms, &size, mechanisms), ERROR_SUCCESS);
    size = BIG;
    Expect("GetIScsiTargetInformation PortalGroups",
           GetIScsiTargetInformation(Target, mechanisms, PortalGroups, &size, groups), ERROR_SUCCESS);
    Check("it is in a portal group", groups && *groups > 0);
    free(groups);
    free(mechanisms);
}

static void Discover(void)
{
    Expect("AddIScsiSendTargetPortal",
           AddIScsiSendTargetPortal(NULL, ISCSI_ALL_INITIATOR_PORTS, NULL, 0, &Portal), ERROR_SUCCESS);
    Check("ReportIScsiTargets has the target", IsReported());
    Information();
}

static void Forget(void)
{
    Expect("RemoveIScsiSendTargetPortal",
           RemoveIScsiSendTargetPortal(NULL, ISCSI_ALL_INITIATOR_PORTS, &Portal), ERROR_SUCCESS);
    Check("ReportIScsiTargets has it no more", !IsReported());
}

/* ---- sessions ---- */

static ISDSC_STATUS Login(BOOLEAN informational, ISCSI_LOGIN_FLAGS flags, BOOLEAN persistent, Id *session)
{
    Id connection = {0, 0};
    ISCSI_LOGIN_OPTIONS options = {.Version = ISCSI_LOGIN_OPTIONS_VERSION,
                                   .InformationSpecified = ISCSI_LOGIN_OPTIONS_MAXIMUM_CONNECTIONS,
                                   .LoginFlags = flags,
                                   .MaximumConnections = 2};
    return LoginIScsiTarget(Target, informational, NULL, ISCSI_ANY_INITIATOR_PORT, &Portal, 0, NULL, &options,
                            0, NULL, persistent, session, &connection);
}

static ULONG CountSessions(void)
{
    ULONG size = 0, count = 0;
    ISDSC_STATUS status = GetIScsiSessionList(&size, &count, NULL);
    BOOL right = status == (count ? ERROR_INSUFFICIENT_BUFFER : ERROR_SUCCESS);
    if (!right)
        Expect("GetIScsiSessionList", status, ERROR_SUCCESS);
    return count;
}

static void CheckSession(const Id *session)
{
    ULONG size = BIG, count = 0;
    ISCSI_SESSION_INFO *info = calloc(1, BIG);
    Expect("GetIScsiSessionList", GetIScsiSessionList(&size, &count, info), ERROR_SUCCESS);
    BOOL one = info && count == 1 && SameId(&info->SessionId, session);
    Check("it has the session, to the target", one && Same(info->TargetName, Target));
    Check("and its connection, to the portal", one && info->ConnectionCount == 1 &&
                                                   info->Connections->TargetSocket == Portal.Socket &&
                                                   Same(info->Connections->TargetAddress, Portal.Address));
    free(info);
}

/* What was negotiated for a session; Type is 255 when it is not listed. */
static ISCSI_SESSION_INFO_EX Negotiated(const Id *session)
{
    ISCSI_SESSION_INFO_EX found = {.Type = 255};
    ULONG size = BIG, count = 0;
    ISCSI_SESSION_INFO_EX *info = calloc(1, BIG);
    if (info && GetIScsiSessionListEx(&size, &count, info) == ERROR_SUCCESS)
        for (ULONG i = 0; i < count; i++)
            if (SameId(&info[i].SessionId, session))
                found = info[i];
    found.Connections = NULL; /* gone with the buffer */
    free(info);
    return found;
}

/* ---- devices ---- */

/* The disk of a session, NULL when it does not come. */
static const ISCSI_DEVICE_ON_SESSION *WaitForDisk(Id *session)
{
    for (int poll = 0; poll < POLLS; poll++) {
        ULONG count = DEVICES;
        if (GetDevicesForIScsiSession(session, &count, Devices) != ERROR_SUCCESS)
            return NULL;
        for (ULONG i = 0; i < count; i++)
            if (Devices[i].StorageDeviceNumber.DeviceType == DISK)
                return &Devices[i];
    }
    return NULL;
}

/* The target's number of a LUN of the operating system; all ones when it has none. */
static ULONGLONG MappedLun(const Id *session, ULONG osLun)
{
    ULONG size = BIG, count = 0;
    ULONGLONG lun = (ULONGLONG)-1;
    ISCSI_TARGET_MAPPING *mapping = calloc(1, BIG);
    Expect("ReportActiveIScsiTargetMappings", ReportActiveIScsiTargetMappings(&size, &count, mapping),
           ERROR_SUCCESS);
    Check("it has one mapping, of the session",
          mapping && count == 1 && SameId(&mapping->SessionId, session));
    for (ULONG i = 0; mapping && count == 1 && i < mapping->LUNCount; i++)
        if (mapping->LUNList[i].OSLUN == osLun)
            lun = mapping->LUNList[i].TargetLUN;
    free(mapping);
    return lun;
}

/* ---- SCSI commands ---- */

static void Luns(Id *session, ULONGLONG lun)
{
    UCHAR *list = calloc(1, BIG), sense[252], status = 0;
    ULONG size = BIG, senseSize = sizeof sense;
    BOOL has = FALSE;
    Expect("SendScsiReportLuns", SendScsiReportLuns(session, &status, &size, list, &senseSize, sense),
           ERROR_SUCCESS);
    for (ULONG at = 8; list && at + 8 <= size; at += 8)
        has |= Number(list + at, 8) == lun;
    Check("it has the LUN of the disk", has);
    free(list);
}

static void Inquiry(Id *session, ULONGLONG lun)
{
    UCHAR data[4096] = {0xff}, sense[252], status = 0;
    ULONG size = sizeof data, senseSize = sizeof sense;
    Expect("SendScsiInquiry", SendScsiInquiry(session, lun, 0, 0, &status, &size, data, &senseSize, sense),
           ERROR_SUCCESS);
    Check("it is a disk", size >= 36 && data[0] == 0);
}

/* Some targets tell first that there was a reset. */
static void Capacity(Id *session, ULONGLONG lun)
{
    UCHAR data[32] = {0}, sense[252] = {0}, scsi = 0;
    ULONG size = sizeof data, senseSize = sizeof sense;
    ISDSC_STATUS status = ISDSC_SCSI_REQUEST_FAILED;
    BOOL again = TRUE;
    for (int i = 0; i < TRIES && again; i++) {
        size = sizeof data;
        senseSize = sizeof sense;
        status = SendScsiReadCapacity(session, lun, &scsi, &size, data, &senseSize, sense);
        again = status == ISDSC_SCSI_REQUEST_FAILED && scsi == CHECK_CONDITION &&
                (sense[2] & 0xf) == UNIT_ATTENTION;
    }
    Expect("SendScsiReadCapacity", status, ERROR_SUCCESS);
    Check("it tells a size", size == 8 && Number(data, 4) > 0 && Number(data + 4, 4) >= 512);
    printf("%llu bytes\n", (unsigned long long)((Number(data, 4) + 1) * Number(data + 4, 4)));
}

/* ---- more sessions, more connections ---- */

static void SecondSession(void)
{
    Id session = {0, 0};
    Expect("LoginIScsiTarget once more", Login(FALSE, 0, FALSE, &session), ISDSC_TARGET_ALREADY_LOGGED_IN);
    Expect("LoginIScsiTarget with the multipath flag",
           Login(FALSE, ISCSI_LOGIN_FLAG_MULTIPATH_ENABLED, FALSE, &session), ERROR_SUCCESS);
    Check("there are two sessions", CountSessions() == 2);
    Expect("LogoutIScsiTarget of it", LogoutIScsiTarget(&session), ERROR_SUCCESS);
    Check("there is one session", CountSessions() == 1);
}

static void SecondConnection(Id *session)
{
    Id connection = {0, 0};
    BOOL allowed = Negotiated(session).MaximumConnections > 1;
    printf("%s\n", allowed ? "the target allows two connections" : "the target allows one connection");
    Expect(
        "AddIScsiConnection",
        AddIScsiConnection(session, NULL, ISCSI_ANY_INITIATOR_PORT, &Portal, 0, NULL, 0, NULL, &connection),
        allowed ? ERROR_SUCCESS : ISDSC_TOO_MANY_CONNECTIONS);
    Check("the session has as many", Negotiated(session).ConnectionCount == (allowed ? 2 : 1));
    Expect("RemoveIScsiConnection", RemoveIScsiConnection(session, &connection),
           allowed ? ERROR_SUCCESS : ISDSC_INVALID_CONNECTION_ID);
    Check("the session has one", Negotiated(session).ConnectionCount == 1);
}

/* Its LUNs are not shown to the operating system; commands can be sent all the same. */
static void Informational(ULONGLONG lun)
{
    Id session = {0, 0};
    ULONG count = DEVICES;
    Expect("LoginIScsiTarget for information",
           Login(TRUE, ISCSI_LOGIN_FLAG_MULTIPATH_ENABLED, FALSE, &session), ERROR_SUCCESS);
    Check("it is for information", Negotiated(&session).Type == 1);
    Inquiry(&session, lun);
    Capacity(&session, lun);
    Expect("GetDevicesForIScsiSession", GetDevicesForIScsiSession(&session, &count, Devices), ERROR_SUCCESS);
    Check("it has none", count == 0);
    Expect("LogoutIScsiTarget of it", LogoutIScsiTarget(&session), ERROR_SUCCESS);
}

/* ---- a login that is kept ---- */

static ULONG Kept(PERSISTENT_ISCSI_LOGIN_INFO *logins, ULONG size)
{
    ULONG count = 0;
    Expect("ReportIScsiPersistentLogins", ReportIScsiPersistentLogins(&count, logins, &size), ERROR_SUCCESS);
    return count;
}

static void Persistent(void)
{
    Id session = {0, 0};
    PERSISTENT_ISCSI_LOGIN_INFO *logins = calloc(1, BIG);
    Expect("LoginIScsiTarget that is kept", Login(FALSE, 0, TRUE, &session), ERROR_SUCCESS);
    ULONG count = Kept(logins, BIG);
    Check("it has the login", logins && count == 1 && Same(logins->TargetName, Target));
    if (logins && count == 1)
        Expect("RemoveIScsiPersistentTarget",
               RemoveIScsiPersistentTarget(logins->InitiatorInstance, logins->InitiatorPortNumber,
                                           logins->TargetName, &logins->TargetPortal),
               ERROR_SUCCESS);
    Check("it has none", Kept(logins, BIG) == 0);
    Check("no session came of it", CountSessions() == 1);
    free(logins);
}

/* ---- the whole ---- */

static void Use(Id *session)
{
    CheckSession(session);
    Check("GetIScsiSessionListEx says it is for data", Negotiated(session).Type == 2);
    const ISCSI_DEVICE_ON_SESSION *disk = WaitForDisk(session);
    Check("GetDevicesForIScsiSession has a disk", disk && Same(disk->TargetName, Target));
    if (!disk)
        return;
    ULONGLONG lun = MappedLun(session, disk->ScsiAddress.Lun);
    Luns(session, lun);
    Inquiry(session, lun);
    Capacity(session, lun);
    SecondSession();
    SecondConnection(session);
    Informational(lun);
    Persistent();
}

int main(int argc, char **argv)
{
    Id session = {0, 0};
    Failed = 0;
    if (argc != 4) {
        fprintf(stderr, "usage: session ADDRESS PORT NAME\n");
        return 2;
    }
    Widen(Portal.Address, MAX_ISCSI_PORTAL_ADDRESS_LEN, argv[1]);
    Portal.Socket = (USHORT)strtoul(argv[2], NULL, 10);
    Widen(Target, MAX_ISCSI_NAME_LEN + 1, argv[3]);
    Discover();
    ISDSC_STATUS status = Login(FALSE, 0, FALSE, &session);
    Expect("LoginIScsiTarget", status, ERROR_SUCCESS);
    if (status == ERROR_SUCCESS) {
        Use(&session);
        Expect("LogoutIScsiTarget", LogoutIScsiTarget(&session), ERROR_SUCCESS);
        Expect("LogoutIScsiTarget once more", LogoutIScsiTarget(&session), ISDSC_INVALID_SESSION_ID);
    }
    Forget();
    return Failed;
}
