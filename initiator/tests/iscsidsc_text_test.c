/* Texts of callers and of the service: what is a string, how long it may be, and what cannot be said in the
 * other character set. */
#include "iscsidsc_kit.h"

#include <pthread.h>

#define MANY 400

/* ---- strings that cannot be ---- */

/* A text that is not of its character set is refused (API-011). */
static void not_of_its_set(void)
{
#ifdef UNICODE
    WCHAR low_first[] = {'a', 0xdc00, 'b', 0}, high_alone[] = {0xd800, 'b', 0},
          high_last[] = {'a', 0xdbff, 0};
    WCHAR *bad[] = {low_first, high_alone, high_last};
#else
    char overlong[] = "a\xc0\x80", cut[] = "a\xe2\x82", surrogate[] = "\xed\xa0\x80", alone[] = "\x80";
    char *bad[] = {overlong, cut, surrogate, alone};
#endif
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ISCSI_TARGET_PORTAL portal = kit_portal();
        kit_put(portal.Address, bad[i]);
        KIT_REFUSED(AddISNSServer(bad[i]), ERROR_INVALID_PARAMETER);
        KIT_REFUSED(RemoveIScsiStaticTarget(bad[i]), ISDSC_INVALID_ISCSI_NAME);
        KIT_REFUSED(RefreshIScsiSendTargetPortal(NULL, 0, &portal), ERROR_INVALID_PARAMETER);
        KIT_REFUSED(RefreshIScsiSendTargetPortal(bad[i], 0, &portal), ERROR_INVALID_PARAMETER);
    }
}

/* So many characters in memory of their own, without anything behind the NUL. */
static TCHAR *letters(size_t num)
{
    TCHAR *text = malloc((num + 1) * sizeof *text);
    for (size_t i = 0; i < num; i++)
        text[i] = 'a';
    text[num] = 0;
    return text;
}

/* An array that has no NUL ends where it ends: nothing behind it is looked at. */
static void without_end(void)
{
    ISCSI_TARGET_PORTAL *portal = malloc(sizeof *portal);
    memset(portal, 'a', sizeof *portal);
    KIT_REFUSED(RemoveIScsiSendTargetPortal(NULL, 0, portal), ERROR_INVALID_PARAMETER);
    kit_put(portal->SymbolicName, TEXT(""));
    KIT_REFUSED(RemoveIScsiSendTargetPortal(NULL, 0, portal), ERROR_INVALID_PARAMETER);
    TCHAR *longest_address = letters(MAX_ISCSI_PORTAL_ADDRESS_LEN - 1);
    kit_put(portal->Address, longest_address);
    free(longest_address);
    kit_answer(RIG_CODE_SUCCESS, NULL, NULL);
    CU_ASSERT_EQUAL(RemoveIScsiSendTargetPortal(NULL, 0, portal), 0);
    free(portal);
}

/* The functions that take a string, at its longest and one more (API-012). */
static void longest(void)
{
    static const struct {
#ifdef UNICODE
        ISDSC_STATUS (*function)(PWSTR);
#else
        ISDSC_STATUS (*function)(PSTR);
#endif
        size_t most;
        ISDSC_STATUS refusal;
    } rows[] = {
        {RemoveIScsiStaticTarget, MAX_ISCSI_NAME_LEN, ISDSC_INVALID_ISCSI_NAME},
        {SetIScsiInitiatorNodeName, MAX_ISCSI_NAME_LEN, ISDSC_INVALID_ISCSI_NAME},
        {AddISNSServer, 255, ERROR_INVALID_PARAMETER},
        {AddPersistentIScsiDevice, 255, ERROR_INVALID_PARAMETER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        TCHAR *fits = letters(rows[i].most), *does_not = letters(rows[i].most + 1), *many = letters(MANY);
        kit_answer(RIG_CODE_SUCCESS, NULL, NULL);
        CU_ASSERT_EQUAL(rows[i].function(fits), 0);
        CU_ASSERT_EQUAL(kit.calls, 1);
        KIT_REFUSED(rows[i].function(does_not), rows[i].refusal);
        KIT_REFUSED(rows[i].function(many), rows[i].refusal);
        free(fits);
        free(does_not);
        free(many);
    }
}

/* ---- characters beyond ASCII ---- */

#define WORLD "a\u00e9\u20ac\U0001f600"
#define WORLD_T TEXT("a\u00e9\u20ac\U0001f600")

static void there_and_back(void)
{
    TCHAR name[MAX_ISCSI_NAME_LEN + 1];
    kit_answer(RIG_CODE_SUCCESS, NULL, "{\"text\":\"" WORLD "\"}");
    CU_ASSERT_EQUAL(AddRadiusServer(WORLD_T), 0);
    KIT_ASKED(RIG_CALL_ADD_RADIUS_SERVER);
    kit_answer(RIG_CODE_SUCCESS, "{\"text\":\"" WORLD "\"}", NULL);
    CU_ASSERT_EQUAL(GetIScsiInitiatorNodeName(name), 0);
    CU_ASSERT_TRUE(kit_same(name, WORLD_T));
}

static void units_of_lists(void)
{
    TCHAR list[64];
    ULONG size = 0;
    kit_answer(RIG_CODE_SUCCESS, "{\"labels\":[{\"text\":\"" WORLD "\"}]}", NULL);
    CU_ASSERT_EQUAL(ReportIScsiTargets(FALSE, &size, NULL), ERROR_INSUFFICIENT_BUFFER);
    CU_ASSERT_EQUAL(size, kit_len(WORLD_T) + 2);
#ifdef UNICODE
    CU_ASSERT_EQUAL(size, 5 + 2);
#else
    CU_ASSERT_EQUAL(size, 10 + 2);
#endif
    CU_ASSERT_EQUAL(ReportIScsiTargets(FALSE, &size, list), 0);
    CU_ASSERT_TRUE(kit_same(list, WORLD_T));
    CU_ASSERT_EQUAL(list[size - 1], 0);
}

/* A service whose texts are no UTF-8, or as long as can be. */
static rig_code tells_badly(void *ctx, rig_call_id id, const void *request, void *reply, rig_error *err)
{
    (void)request;
    (void)err;
    rig_label *label = id == RIG_CALL_REPORT_TARGETS
                           ? rig_list_add(rig_alloc_libc(), RIG_SHAPE(label), &((rig_labels *)reply)->labels)
                           : NULL;
    if (label)
        memcpy(label->text, ctx, strlen(ctx));
    rig_device *device = id == RIG_CALL_REPORT_DEVICES ? rig_list_add(rig_alloc_libc(), RIG_SHAPE(device),
                                                                      &((rig_devices *)reply)->devices)
                                                       : NULL;
    if (device)
        memcpy(device->legacy_name, ctx, strlen(ctx));
    return RIG_CODE_SUCCESS;
}

static void not_utf8_of_service(void)
{
    char text[] = "a\xff";
    const rig_caller caller = {tells_badly, text};
    ISCSI_UNIQUE_SESSION_ID session = {1, 2};
    ULONG size = 7;
    rig_iscsidsc_use(&caller);
    CU_ASSERT_EQUAL(ReportIScsiTargets(FALSE, &size, NULL), ISDSC_NON_SPECIFIC_ERROR);
    CU_ASSERT_EQUAL(GetDevicesForIScsiSession(&session, &size, NULL), ISDSC_NON_SPECIFIC_ERROR);
    CU_ASSERT_EQUAL(size, 7);
}

static void longest_of_structures(void)
{
    char text[MAX_PATH];
    const rig_caller caller = {tells_badly, text};
    ISCSI_UNIQUE_SESSION_ID session = {1, 2};
    ISCSI_DEVICE_ON_SESSION device;
    ULONG size = 1;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 0;
    rig_iscsidsc_use(&caller);
    CU_ASSERT_EQUAL(GetDevicesForIScsiSession(&session, &size, &device), 0);
    CU_ASSERT_EQUAL(kit_len(device.LegacyName), MAX_PATH - 1);
}

/* Without a service there is an answer, too. */
static void no_service(void)
{
    ULONG size = 7;
    rig_iscsidsc_use(NULL);
    setenv(RIG_SOCKET_VARIABLE, "/nonexistent/socket", 1);
    CU_ASSERT_EQUAL(ReportIScsiTargets(FALSE, &size, NULL), ISDSC_SERVICE_NOT_RUNNING);
    CU_ASSERT_EQUAL(AddISNSServer(TEXT("192.0.2.1")), ISDSC_SERVICE_NOT_RUNNING);
    CU_ASSERT_EQUAL(size, 7);
    unsetenv(RIG_SOCKET_VARIABLE);
}

/* ---- several threads ---- */

#define THREADS 4
#define TURNS 200

/* Answers by what it is asked alone. */
static rig_code echoes(void *ctx, rig_call_id id, const void *request, void *reply, rig_error *err)
{
    const rig_target_portals_query *query = request;
    rig_target_portal *portal =
        rig_list_add(rig_alloc_libc(), RIG_SHAPE(target_portal), &((rig_target_portals *)reply)->portals);
    (void)ctx;
    (void)id;
    (void)err;
    if (!portal)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    portal->socket = query->tag;
    memcpy(portal->address, query->target, sizeof query->target);
    return RIG_CODE_SUCCESS;
}

/* Each thread gets its own answers. */
static void *ask_often(void *own)
{
    USHORT *tag = own;
    TCHAR name[] = {'a', (TCHAR)('a' + *tag), 0};
    for (int i = 0; i < TURNS; i++) {
        ISCSI_TARGET_PORTAL portal;
        ULONG num = 1;
        if (ReportIScsiTargetPortals(NULL, name, tag, &num, &portal) || portal.Socket != *tag ||
            !kit_same(portal.Address, name))
            return own;
    }
    return NULL;
}

static void threads(void)
{
    static const rig_caller caller = {echoes, NULL};
    pthread_t ids[THREADS];
    USHORT tags[THREADS];
    rig_iscsidsc_use(&caller);
    for (USHORT i = 0; i < THREADS; i++) {
        tags[i] = i;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&ids[i], NULL, ask_often, &tags[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        pthread_join(ids[i], &wrong);
        CU_ASSERT_PTR_NULL(wrong);
    }
}

RIG_SUITE("iscsidsc texts", {"not of the character set", not_of_its_set},
          {"arrays without an end", without_end}, {"strings at their longest", longest},
          {"beyond ASCII, there and back", there_and_back}, {"characters that lists take", units_of_lists},
          {"a service that does not speak UTF-8", not_utf8_of_service},
          {"the longest path", longest_of_structures}, {"no service", no_service},
          {"several threads", threads})
