/* What an administrator sets: each value is read into its member, and what it cannot be changes nothing. */
#include <stdio.h>
#include <string.h>

#include "rig/daemon.h"
#include "suite.h"

#define SECOND UINT64_C(1000000000)

static rig_status set(rig_service_settings *settings, const char *text, rig_error *error)
{
    *error = (rig_error){0};
    return rig_daemon_set(settings, rig_view_str(text), error);
}

/* Every one to a value that no other has, then all members by hand. */
static void each(void)
{
    static const char *const texts[] = {
        "login-attempts=11",      "login-pause=12ms",   "network-attempts=4294967295",
        "network-pause=1440m",    "device-wait=0",      "boot-parallel=0x10",
        "scsi-timeout=17s",       "reconnect-pause=18", "device-hold=19m",
        "radius-wait=86400000ms", "no-multipath=yes",   "no-security-change=yes",
        "strict-security=yes",
    };
    rig_service_settings settings;
    rig_error error;
    rig_service_settings_init(&settings);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CU_ASSERT_EQUAL(set(&settings, texts[i], &error), RIG_OK);
    CU_ASSERT_EQUAL(settings.login_attempts, 11);
    CU_ASSERT_EQUAL(settings.login_pause, 12 * (SECOND / 1000));
    CU_ASSERT_EQUAL(settings.network_attempts, UINT32_MAX);
    CU_ASSERT_EQUAL(settings.network_pause, 86400 * SECOND);
    CU_ASSERT_EQUAL(settings.device_wait, 0);
    CU_ASSERT_EQUAL(settings.boot_parallel, 16);
    CU_ASSERT_EQUAL(settings.scsi_timeout, 17 * SECOND);
    CU_ASSERT_EQUAL(settings.reconnect_pause, 18 * SECOND);
    CU_ASSERT_EQUAL(settings.device_hold, 1140 * SECOND);
    CU_ASSERT_EQUAL(settings.radius_wait, 86400 * SECOND);
    CU_ASSERT_TRUE(settings.no_multipath_policy);
    CU_ASSERT_TRUE(settings.no_security_change_policy);
    CU_ASSERT_TRUE(settings.strict_security);
    CU_ASSERT_EQUAL(set(&settings, "strict-security=no", &error), RIG_OK);
    CU_ASSERT_FALSE(settings.strict_security);
}

static void wrong(void)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "unknown setting \"\""},
        {"login-attemps=3", "did you mean login-attempts"},
        {"login-attempts", "login-attempts is a number"},
        {"login-attempts=", "login-attempts is a number"},
        {"login-attempts=0", "login-attempts is a number"},
        {"login-attempts=4294967296", "login-attempts is a number"},
        {"login-attempts=-1", "login-attempts is a number"},
        {"boot-parallel=2 ", "boot-parallel is a number"},
        {"login-pause", "login-pause is a time"},
        {"login-pause=", "login-pause is a time"},
        {"login-pause=s", "login-pause is a time"},
        {"login-pause=2h", "login-pause is a time"},
        {"login-pause=86401", "login-pause is a time"},
        {"login-pause=1441m", "login-pause is a time"},
        {"login-pause=86400001ms", "login-pause is a time"},
        {"login-pause=99999999999999999999", "login-pause is a time"},
        {"strict-security", "strict-security is yes or no"},
        {"strict-security=1", "strict-security is yes or no"},
        {"no-multipath=yes=no", "no-multipath is yes or no"},
    };
    rig_service_settings settings, before;
    rig_error error;
    memset(&settings, 0, sizeof settings);
    rig_service_settings_init(&settings);
    memcpy(&before, &settings, sizeof before);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_NOT_EQUAL(set(&settings, rows[i].text, &error), RIG_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, rows[i].why));
        CU_ASSERT_EQUAL(memcmp(&settings, &before, sizeof before), 0);
    }
}

/* The page without the backslashes in front of its hyphens. */
static void read_page(char *page, size_t size)
{
    FILE *file = fopen(RIG_SOURCE_DIR "/docs/man/iscsirigd.8", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t len = 0;
    for (int c; (c = fgetc(file)) != EOF && len + 1 < size;)
        if (c != '\\')
            page[len++] = (char)c;
    page[len] = 0;
    fclose(file);
}

/* The manual tells of each, in their order, and of nothing else. */
static void manual(void)
{
    static char page[16384];
    const char *name;
    read_page(page, sizeof page);
    const char *at = strstr(page, ".SH VALUES\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    for (size_t i = 0; (name = rig_daemon_setting_at(i)) != NULL; i++) {
        char valued[64], alone[64];
        at = strstr(at, ".TP\n");
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        at += strlen(".TP\n");
        snprintf(valued, sizeof valued, ".BI %s= ", name);
        snprintf(alone, sizeof alone, ".B %s\n", name);
        CU_ASSERT_TRUE(strncmp(at, valued, strlen(valued)) == 0 || strncmp(at, alone, strlen(alone)) == 0);
    }
    const char *more = strstr(at, ".TP\n"), *end = strstr(at, ".SH ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    CU_ASSERT_TRUE(!more || more > end);
}

RIG_SUITE("settings of the daemon", {"each value is set", each}, {"what a value cannot be", wrong},
          {"the manual tells of each", manual})
