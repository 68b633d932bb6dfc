/* A program as it is written for Windows: it tells the service where targets are, and asks what it knows.
 * Built for both character sets; the number of the first line that is not as it should be is its result. */
#include <windows.h>

#include <iscsidsc.h>

#include <stdio.h>
#include <stdlib.h>

#define TARGET TEXT("iqn.2001-04.com.example:disk")
#define NODE TEXT("iqn.2001-04.com.example:me")
#define ALIAS TEXT("disk of \u00e9l\u00e8ve")

static int Failed;

#define CHECK(condition)                                                                                     \
    if (!(condition) && !Failed) {                                                                           \
        Failed = __LINE__;                                                                                   \
        printf("line %d: %s\n", Failed, #condition);                                                         \
    }

static BOOL Same(const TCHAR *a, const TCHAR *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static void Copy(TCHAR *to, const TCHAR *from)
{
    do
        *to++ = *from;
    while (*from++);
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

static void Identity(void)
{
    ISCSI_VERSION_INFO version = {0};
    TCHAR name[MAX_ISCSI_NAME_LEN + 1] = {0};
    ULONG size = 0;
    CHECK(GetIScsiVersionInformation(&version) == ERROR_SUCCESS);
    CHECK(SetIScsiInitiatorNodeName(NODE) == ERROR_SUCCESS);
    CHECK(GetIScsiInitiatorNodeName(name) == ERROR_SUCCESS && Same(name, NODE));
    CHECK(ReportIScsiInitiatorList(&size, NULL) == ERROR_INSUFFICIENT_BUFFER);
    TCHAR *list = calloc(size + 1, sizeof *list);
    CHECK(ReportIScsiInitiatorList(&size, list) == ERROR_SUCCESS && list[0] != 0);
    free(list);
}

static void AddTarget(void)
{
    ISCSI_TARGET_PORTAL_GROUP group = {.Count = 1};
    Copy(group.Portals[0].Address, TEXT("127.0.0.1"));
    group.Portals[0].Socket = 1;
    CHECK(AddIScsiStaticTarget(TARGET, ALIAS, 0, FALSE, NULL, NULL, &group) == ERROR_SUCCESS);
}

static void Targets(void)
{
    ULONG size = 0, count = 1;
    ISCSI_TARGET_PORTAL portal = {.Socket = 0};
    CHECK(ReportIScsiTargets(FALSE, &size, NULL) == ERROR_INSUFFICIENT_BUFFER);
    TCHAR *list = calloc(size + 1, sizeof *list);
    CHECK(ReportIScsiTargets(FALSE, &size, list) == ERROR_SUCCESS && Has(list, TARGET));
    free(list);
    CHECK(ReportIScsiTargetPortals(NULL, TARGET, NULL, &count, &portal) == ERROR_SUCCESS && count == 1);
    CHECK(Same(portal.Address, TEXT("127.0.0.1")) && portal.Socket == 1);
}

static void Information(void)
{
    TCHAR mechanisms[512] = {0}, alias[MAX_ISCSI_ALIAS_LEN + 1] = {0};
    ULONG size = sizeof mechanisms;
    CHECK(GetIScsiTargetInformation(TARGET, NULL, DiscoveryMechanisms, &size, mechanisms) == ERROR_SUCCESS);
    CHECK(mechanisms[0] != 0);
    size = sizeof alias;
    CHECK(GetIScsiTargetInformation(TARGET, mechanisms, TargetAlias, &size, alias) == ERROR_SUCCESS);
    CHECK(Same(alias, ALIAS) && size == sizeof ALIAS);
    size = sizeof alias;
    CHECK(GetIScsiTargetInformation(TARGET, TEXT("iSNS:nowhere"), TargetAlias, &size, alias) ==
          ISDSC_DISCOVERY_MECHANISM_NOT_FOUND);
}

/* Nobody listens there: the error of the attempt is told, and the portal is kept. */
static void Portals(void)
{
    ISCSI_TARGET_PORTAL portal = {.Socket = 1};
    ISCSI_TARGET_PORTAL_INFO info = {.Socket = 0};
    ULONG count = 0;
    Copy(portal.Address, TEXT("127.0.0.1"));
    CHECK(AddIScsiSendTargetPortal(NULL, ISCSI_ALL_INITIATOR_PORTS, NULL, 0, &portal) ==
          ISDSC_CONNECTION_FAILED);
    CHECK(ReportIScsiSendTargetPortals(&count, NULL) == ERROR_INSUFFICIENT_BUFFER && count == 1);
    CHECK(ReportIScsiSendTargetPortals(&count, &info) == ERROR_SUCCESS);
    CHECK(Same(info.Address, TEXT("127.0.0.1")) && info.Socket == 1);
    CHECK(RemoveIScsiSendTargetPortal(NULL, ISCSI_ALL_INITIATOR_PORTS, &portal) == ERROR_SUCCESS);
    CHECK(ReportIScsiSendTargetPortals(&count, NULL) == ERROR_SUCCESS && count == 0);
}

int main(void)
{
    Identity();
    AddTarget();
    Targets();
    Information();
    Portals();
    CHECK(RemoveIScsiStaticTarget(TARGET) == ERROR_SUCCESS);
    CHECK(RemoveIScsiStaticTarget(TARGET) == ISDSC_TARGET_NOT_FOUND);
    CHECK(SetIScsiInitiatorNodeName(NULL) == ERROR_SUCCESS);
    return Failed;
}
