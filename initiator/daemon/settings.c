/* What an administrator sets, by its name; scenarios call the same things so (section `hba`, `tune`). */
#include "rig/daemon.h"

#include <stddef.h>
#include <string.h>

#define MILLISECOND UINT64_C(1000000) /* in ns */
#define TIME_MAX_MS UINT64_C(86400000)

typedef bool take_fn(rig_view value, void *out);

static bool take_flag(rig_view value, void *out)
{
    bool yes = rig_view_is(value, "yes");
    if (!yes && !rig_view_is(value, "no"))
        return false;
    *(bool *)out = yes;
    return true;
}

/* How often, or how many: nothing of it can be none. */
static bool take_number(rig_view value, void *out)
{
    uint64_t number = 0;
    if (!rig_view_u64(value, &number) || number == 0 || number > UINT32_MAX)
        return false;
    uint32_t half = (uint32_t)number;
    memcpy(out, &half, sizeof half);
    return true;
}

static bool take_time(rig_view value, void *out)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"", 1000}};
    size_t digits = 0;
    uint64_t number = 0;
    while (digits < value.len && value.ptr[digits] >= '0' && value.ptr[digits] <= '9')
        digits++;
    rig_view unit = rig_view_sub(value, digits, value.len);
    if (!rig_view_u64(rig_view_sub(value, 0, digits), &number))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!rig_view_is(unit, units[i].name))
            continue;
        if (number > TIME_MAX_MS / units[i].ms)
            return false;
        uint64_t time = number * units[i].ms * MILLISECOND;
        memcpy(out, &time, sizeof time);
        return true;
    }
    return false;
}

static const struct {
    const char *name;
    take_fn *take;
    size_t offset;
    const char *wanted;
} rows[] = {
#define ROW(name, take, member, wanted)                                                                      \
    {                                                                                                        \
        name, take, offsetof(rig_service_settings, member), wanted                                           \
    }
#define NUMBER(name, member) ROW(name, take_number, member, "a number from 1 to 4294967295")
#define TIME(name, member) ROW(name, take_time, member, "a time of at most a day, as 500ms, 2s or 1m")
#define SWITCH(name, member) ROW(name, take_flag, member, "yes or no")
    NUMBER("login-attempts", login_attempts),
    TIME("login-pause", login_pause),
    NUMBER("network-attempts", network_attempts),
    TIME("network-pause", network_pause),
    TIME("device-wait", device_wait),
    NUMBER("boot-parallel", boot_parallel),
    TIME("scsi-timeout", scsi_timeout),
    TIME("reconnect-pause", reconnect_pause),
    TIME("device-hold", device_hold),
    TIME("radius-wait", radius_wait),
    SWITCH("no-multipath", no_multipath_policy),
    SWITCH("no-security-change", no_security_change_policy),
    SWITCH("strict-security", strict_security),
#undef SWITCH
#undef TIME
#undef NUMBER
#undef ROW
};

#define NUM_ROWS (sizeof rows / sizeof rows[0])

const char *rig_daemon_setting_at(size_t index)
{
    return index < NUM_ROWS ? rows[index].name : NULL;
}

rig_status rig_daemon_set(rig_service_settings *settings, rig_view text, rig_error *err)
{
    const char *names[NUM_ROWS];
    rig_view value = text;
    rig_view name = rig_view_split(&value, '=');
    for (size_t i = 0; i < NUM_ROWS; i++) {
        names[i] = rows[i].name;
        if (!rig_view_is(name, rows[i].name))
            continue;
        if (value.ptr && rows[i].take(value, (uint8_t *)settings + rows[i].offset))
            return RIG_OK;
        return rig_fail(err, RIG_E_SYNTAX, "%s is %s", rows[i].name, rows[i].wanted);
    }
    size_t near = rig_nearest(name, names, NUM_ROWS);
    return rig_fail(err, RIG_E_NOT_FOUND, "unknown setting \"%.*s\"%s%s", RIG_VIEW_ARG(name),
                    near < NUM_ROWS ? ", did you mean " : "", near < NUM_ROWS ? names[near] : "");
}
