/* Products that differ from the model, each by what is odd about it. */
#include "rig/hba.h"

static const rig_adapter_quirks rows[] = {
    {.name = "few-tags", .max_tasks = 4},
    {.name = "one-connection", .max_connections = 1},
    {.name = "few-sessions", .max_sessions = 2},
    {.name = "odd-data-out", .max_data_out = 1460},
    {.name = "own-boot", .boots_alone = true, .max_connections = 1},
    {.name = "small-security-cache", .security_cache = 2},
};

const rig_adapter_quirks *rig_quirks_at(size_t index)
{
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

const rig_adapter_quirks *rig_quirks_find(rig_view name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rig_view_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}
