/* A program as it is written for Windows: it keeps a login for every start of the service, finds it again,
 * and removes it by what it was told. Built for both character sets; the number of the first line that is not
 * as it should be is its result. */
#include <windows.h>

#include <iscsidsc.h>

#include <stdio.h>
#include <stdlib.h>

#define TARGET TEXT("iqn.2001-04.com.example:favourite")

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

static ISDSC_STATUS Login(BOOLEAN persistent, ISCSI_UNIQUE_SESSION_ID *session,
                          ISCSI_UNIQUE_CONNECTION_ID *connection)
{
    UCHAR user[] = {'m', 'e'}, secret[] = "twelve bytes";
    ISCSI_LOGIN_OPTIONS options = {
        .Version = ISCSI_LOGIN_OPTIONS_VERSION,
        .InformationSpecified =
            ISCSI_LOGIN_OPTIONS_AUTH_TYPE | ISCSI_LOGIN_OPTIONS_USERNAME | ISCSI_LOGIN_OPTIONS_PASSWORD,
        .AuthType = ISCSI_CHAP_AUTH_TYPE,
        .Username = user,
        .UsernameLength = sizeof user,
        .Password = secret,
        .PasswordLength = sizeof secret - 1,
    };
    return LoginIScsiTarget(TARGET, FALSE, NULL, ISCSI_ANY_INITIATOR_PORT, NULL, 0, NULL, &options, 0, NULL,
                            persistent, session, connection);
}

/* The user's name comes back, the secret does not. */
static void CheckLogin(const PERSISTENT_ISCSI_LOGIN_INFO *login)
{
    CHECK(Same(login->TargetName, TARGET) && !login->IsInformationalSession);
    CHECK(login->InitiatorPortNumber == ISCSI_ANY_INITIATOR_PORT && login->Mappings == NULL);
    CHECK(login->LoginOptions.AuthType == ISCSI_CHAP_AUTH_TYPE && login->LoginOptions.UsernameLength == 2);
    CHECK(login->LoginOptions.Username && login->LoginOptions.Username[1] == 'e');
    CHECK(login->LoginOptions.PasswordLength == 0 && login->LoginOptions.Password == NULL);
}

static void Remove(void)
{
    ULONG count = 0, size = 0;
    CHECK(ReportIScsiPersistentLogins(&count, NULL, &size) == ERROR_INSUFFICIENT_BUFFER && count == 1);
    PERSISTENT_ISCSI_LOGIN_INFO *logins = calloc(1, size ? size : 1);
    CHECK(ReportIScsiPersistentLogins(&count, logins, &size) == ERROR_SUCCESS && count == 1);
    if (!Failed) {
        CheckLogin(&logins[0]);
        CHECK(RemoveIScsiPersistentTarget(logins[0].InitiatorInstance, logins[0].InitiatorPortNumber,
                                          logins[0].TargetName, &logins[0].TargetPortal) == ERROR_SUCCESS);
    }
    free(logins);
    size = 0;
    CHECK(ReportIScsiPersistentLogins(&count, NULL, &size) == ERROR_SUCCESS && count == 0);
}

static void Sessions(void)
{
    ISCSI_UNIQUE_SESSION_ID session = {1, 2};
    ISCSI_UNIQUE_CONNECTION_ID connection = {3, 4};
    ULONG size = 0, count = 1;
    CHECK(LogoutIScsiTarget(&session) == ISDSC_INVALID_SESSION_ID);
    CHECK(Login(FALSE, &session, &connection) == ISDSC_CONNECTION_FAILED);
    CHECK(GetIScsiSessionList(&size, &count, NULL) == ERROR_SUCCESS && count == 0);
}

int main(void)
{
    ISCSI_TARGET_PORTAL_GROUP group = {.Count = 1};
    ISCSI_UNIQUE_SESSION_ID session = {0, 0};
    ISCSI_UNIQUE_CONNECTION_ID connection = {0, 0};
    Copy(group.Portals[0].Address, TEXT("127.0.0.1"));
    group.Portals[0].Socket = 1;
    CHECK(AddIScsiStaticTarget(TARGET, NULL, 0, FALSE, NULL, NULL, &group) == ERROR_SUCCESS);
    CHECK(Login(TRUE, &session, &connection) == ERROR_SUCCESS);
    Remove();
    Sessions();
    CHECK(RemoveIScsiStaticTarget(TARGET) == ERROR_SUCCESS);
    return Failed;
}
