/* What a program compiled for Windows' header takes for granted: where every member is, what every constant
 * and code is. Built twice, once as most programs of this house and once as a Unicode program with
 * -fshort-wchar. */
#include "rig/calls.h"
#include "suite.h"

#include <string.h>

#include <iscsidsc.h>

typedef struct number {
    const char *name;
    uint64_t is, wanted;
} number;

static void check(const number *rows, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if (rows[i].is != rows[i].wanted)
            CU_FAIL(rows[i].name);
    CU_ASSERT(num > 0);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

static void sizes(void)
{
    static const number rows[] = {
#define DSC_STRUCTURE(s, size, align) {#s, sizeof(s), size}, {#s " alignment", _Alignof(s), align},
#define DSC_MEMBER(s, member, offset, bytes)
#define DSC_CONSTANT(name, value)
#define DSC_CODE(name, id, value)
#include "iscsidsc_layout.def"
#undef DSC_STRUCTURE
#undef DSC_MEMBER
    };
    CHECK(rows);
    CU_ASSERT_EQUAL(sizeof rows / sizeof rows[0], 2 * 28);
}

static void members(void)
{
    static const number rows[] = {
#define DSC_STRUCTURE(s, size, align)
#define DSC_MEMBER(s, member, offset, bytes)                                                                 \
    {#s "." #member, offsetof(s, member), offset}, {#s "." #member " bytes", sizeof(((s *)0)->member), bytes},
#include "iscsidsc_layout.def"
#undef DSC_MEMBER
#undef DSC_CONSTANT
    };
    CHECK(rows);
}

static void constants(void)
{
    static const number rows[] = {
#define DSC_MEMBER(s, member, offset, bytes)
#define DSC_CONSTANT(name, value) {#name, (uint64_t)name, value},
#include "iscsidsc_layout.def"
#undef DSC_CONSTANT
#undef DSC_CODE
    };
    CHECK(rows);
}

/* The values of the header, and those that the calls come to. */
static void codes(void)
{
    static const number rows[] = {
#define DSC_CONSTANT(name, value)
#define DSC_CODE(name, id, value) {#name, name, value}, {#name " of calls", (uint32_t)RIG_CODE_##id, value},
#include "iscsidsc_layout.def"
    };
    CHECK(rows);
    CU_ASSERT_EQUAL(sizeof rows / sizeof rows[0], 2 * 104);
    CU_ASSERT_EQUAL(ERROR_NOT_ENOUGH_MEMORY, RIG_CODE_WIN32_NOT_ENOUGH_MEMORY);
    CU_ASSERT_EQUAL(ERROR_INVALID_PARAMETER, RIG_CODE_WIN32_INVALID_PARAMETER);
    CU_ASSERT_EQUAL(ERROR_INSUFFICIENT_BUFFER, RIG_CODE_WIN32_INSUFFICIENT_BUFFER);
    CU_ASSERT_EQUAL(WSAHOST_NOT_FOUND, RIG_CODE_WIN32_HOST_NOT_FOUND);
}

/* Windows is LLP64. */
static void types(void)
{
    static const number rows[] = {
        {"ULONG", sizeof(ULONG), 4},
        {"DWORD", sizeof(DWORD), 4},
        {"LONG", sizeof(LONG), 4},
        {"BOOL", sizeof(BOOL), 4},
        {"BOOLEAN", sizeof(BOOLEAN), 1},
        {"UCHAR", sizeof(UCHAR), 1},
        {"CHAR", sizeof(CHAR), 1},
        {"WCHAR", sizeof(WCHAR), 2},
        {"USHORT", sizeof(USHORT), 2},
        {"WORD", sizeof(WORD), 2},
        {"ULONGLONG", sizeof(ULONGLONG), 8},
        {"PVOID", sizeof(PVOID), 8},
        {"GUID", sizeof(GUID), 16},
        {"ISDSC_STATUS", sizeof(ISDSC_STATUS), 4},
        {"flags", sizeof(ISCSI_SECURITY_FLAGS), 8},
        {"payload type", sizeof(IKE_IDENTIFICATION_PAYLOAD_TYPE), 1},
        {"enum", sizeof(TARGET_INFORMATION_CLASS), 4},
    };
    CHECK(rows);
}

/* Names without a suffix are those of the program's character set. */
static void unsuffixed(void)
{
#ifdef UNICODE
    CU_ASSERT_EQUAL(sizeof(TCHAR), 2);
    CU_ASSERT_EQUAL(sizeof(TEXT("ab")), 6);
    CU_ASSERT_EQUAL(sizeof(ISCSI_TARGET_PORTAL), sizeof(ISCSI_TARGET_PORTALW));
    CU_ASSERT_EQUAL(sizeof(PERSISTENT_ISCSI_LOGIN_INFO), sizeof(PERSISTENT_ISCSI_LOGIN_INFOW));
    CU_ASSERT_PTR_EQUAL(LoginIScsiTarget, LoginIScsiTargetW);
#else
    CU_ASSERT_EQUAL(sizeof(TCHAR), 1);
    CU_ASSERT_EQUAL(sizeof(TEXT("ab")), 3);
    CU_ASSERT_EQUAL(sizeof(ISCSI_TARGET_PORTAL), sizeof(ISCSI_TARGET_PORTALA));
    CU_ASSERT_EQUAL(sizeof(PERSISTENT_ISCSI_LOGIN_INFO), sizeof(PERSISTENT_ISCSI_LOGIN_INFOA));
    CU_ASSERT_PTR_EQUAL(LoginIScsiTarget, LoginIScsiTargetA);
#endif
}

RIG_SUITE("iscsidsc layout", {"structures have Windows' sizes", sizes},
          {"members stand where Windows has them", members}, {"constants", constants},
          {"status codes", codes}, {"widths of types", types}, {"names without suffix", unsuffixed})
