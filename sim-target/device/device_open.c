/* A unit from its text: BACKING[,OPTION…], the same on the command line and in scenarios. */
#include "rig/device.h"

typedef struct option_row {
    const char *name;
    const char *wanted;                                     /* values it takes, NULL = it has none */
    bool (*read)(rig_view text, uint64_t *out_value);       /* what they look like */
    bool (*set)(rig_device_config *config, uint64_t value); /* false: no such value */
} option_row;

static bool set_block(rig_device_config *config, uint64_t value)
{
    config->block_len = (uint32_t)value;
    return value == 512 || value == 1024 || value == 2048 || value == 4096;
}

static bool set_serial(rig_device_config *config, uint64_t value)
{
    config->serial = value;
    return true;
}

static bool set_physical(rig_device_config *config, uint64_t value)
{
    config->physical = (uint32_t)value;
    return value == 512 || value == 1024 || value == 2048 || value == 4096;
}

static bool set_lbprz(rig_device_config *config, uint64_t value)
{
    config->reads_anything = value == 0;
    return value <= 1;
}

static bool set_lbpws10(rig_device_config *config, uint64_t value)
{
    config->no_unmap_same_10 = value == 0;
    return value <= 1;
}

#define NOT_SUPPORTED UINT64_MAX

static bool read_support(rig_view text, uint64_t *out_time)
{
    *out_time = NOT_SUPPORTED;
    return rig_view_is(text, "none") || rig_view_time(text, out_time);
}

static bool set_sanitize(rig_device_config *config, uint64_t value)
{
    config->no_sanitize = value == NOT_SUPPORTED;
    config->sanitize_time = config->no_sanitize ? 0 : value;
    return config->sanitize_time <= RIG_DEVICE_SANITIZE_MAX;
}

static bool set_protection(rig_device_config *config, uint64_t value)
{
    config->protection = (uint8_t)value;
    return value >= 1 && value <= 3;
}

static bool set_removable(rig_device_config *config, uint64_t value)
{
    config->removable = value != 0;
    return true;
}

static bool set_empty(rig_device_config *config, uint64_t value)
{
    config->empty = value != 0;
    return true;
}

static bool set_read_only(rig_device_config *config, uint64_t value)
{
    config->read_only = value != 0;
    return true;
}

static bool set_always_on(rig_device_config *config, uint64_t value)
{
    config->always_on = value != 0;
    return true;
}

static const option_row options[] = {
    {"block", "512, 1024, 2048 or 4096", rig_view_u64, set_block},
    {"physical", "512, 1024, 2048 or 4096", rig_view_u64, set_physical},
    {"serial", "a number", rig_view_u64, set_serial},
    {"protection", "1, 2 or 3", rig_view_u64, set_protection},
    {"lbprz", "0 or 1", rig_view_u64, set_lbprz},
    {"lbpws10", "0 or 1", rig_view_u64, set_lbpws10},
    {"sanitize", "a time up to 24h, as in 500ms, or none", read_support, set_sanitize},
    {"removable", NULL, NULL, set_removable},
    {"empty", NULL, NULL, set_empty},
    {"read-only", NULL, NULL, set_read_only},
    {"always-on", NULL, NULL, set_always_on},
};

#define NUM_OPTIONS (sizeof options / sizeof options[0])

static rig_status unknown_option(rig_view name, rig_error *err)
{
    const char *names[NUM_OPTIONS];
    for (size_t i = 0; i < NUM_OPTIONS; i++)
        names[i] = options[i].name;
    size_t near = rig_nearest(name, names, NUM_OPTIONS);
    if (near < NUM_OPTIONS)
        return rig_fail(err, RIG_E_SYNTAX, "unknown option '%.*s', did you mean '%s'?", RIG_VIEW_ARG(name),
                        names[near]);
    return rig_fail(err, RIG_E_SYNTAX,
                    "unknown option '%.*s'; wanted block=N, physical=N, serial=N, protection=N, lbprz=N, "
                    "lbpws10=N, sanitize=TIME, removable, empty, read-only or always-on",
                    RIG_VIEW_ARG(name));
}

static rig_status set_option(const option_row *row, rig_view text, rig_device_config *config, rig_error *err)
{
    size_t equal = rig_view_find(text, '=');
    uint64_t value = 1;
    if (!row->wanted && equal < text.len)
        return rig_fail(err, RIG_E_SYNTAX, "%s has no value, came '%.*s'", row->name, RIG_VIEW_ARG(text));
    bool sound = !row->wanted || row->read(rig_view_sub(text, equal + 1, text.len), &value);
    if (!sound || !row->set(config, value))
        return rig_fail(err, RIG_E_SYNTAX, "%s wants %s, came '%.*s'", row->name, row->wanted,
                        RIG_VIEW_ARG(text));
    return RIG_OK;
}

static rig_status read_option(rig_view text, rig_device_config *config, unsigned *seen, rig_error *err)
{
    rig_view name = rig_view_sub(text, 0, rig_view_find(text, '='));
    size_t i = 0;
    while (i < NUM_OPTIONS && !rig_view_is(name, options[i].name))
        i++;
    if (i == NUM_OPTIONS)
        return unknown_option(name, err);
    if (*seen >> i & 1)
        return rig_fail(err, RIG_E_EXISTS, "%s is given twice", options[i].name);
    *seen |= 1u << i;
    return set_option(&options[i], text, config, err);
}

static rig_status read_options(rig_view rest, rig_device_config *config, rig_error *err)
{
    rig_status status = RIG_OK;
    unsigned seen = 0;
    while (rest.ptr && status == RIG_OK)
        status = read_option(rig_view_split(&rest, ','), config, &seen, err);
    if (status == RIG_OK && config->empty && !config->removable)
        return rig_fail(err, RIG_E_SYNTAX, "empty wants removable: only such a unit can be without medium");
    return status;
}

/* Where the backing's text ends: two commas are one of a path. */
static size_t backing_len(rig_view text)
{
    size_t at = 0;
    while (at < text.len && (text.ptr[at] != ',' || (at + 1 < text.len && text.ptr[at + 1] == ',')))
        at += text.ptr[at] == ',' ? 2 : 1;
    return at;
}

static size_t join_commas(char *out, rig_view text)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len; at += text.ptr[at] == ',' ? 2 : 1)
        out[len++] = (char)text.ptr[at];
    return len;
}

static rig_status open_backing(rig_view text, rig_device_config *config, rig_error *err)
{
    char *name = rig_new(config->alloc, text.len + 1);
    if (!name)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a unit");
    rig_view joined = rig_view_of(name, join_commas(name, text));
    rig_status status = rig_backing_open(config->alloc, joined, &config->backing, err);
    rig_delete(config->alloc, name, text.len + 1);
    return status;
}

rig_status rig_device_config_read(rig_view text, rig_device_config *config, rig_error *err)
{
    size_t len = backing_len(text);
    rig_status status = RIG_OK;
    config->backing = NULL;
    if (len < text.len)
        status = read_options(rig_view_sub(text, len + 1, text.len), config, err);
    return status == RIG_OK ? open_backing(rig_view_sub(text, 0, len), config, err) : status;
}

rig_status rig_device_open(const rig_alloc *alloc, rig_view text, rig_device **out_device, rig_error *err)
{
    rig_device_config config = {.alloc = alloc, .err = err};
    rig_status status = rig_device_config_read(text, &config, err);
    if (status != RIG_OK)
        return status;
    return rig_device_new(&config, out_device);
}
