#include "rig/trace.h"

static bool bad_header_digest(const rig_item *item)
{
    return item->pdu.bad_header_digest;
}

static void make_bad_header_digest(rig_item *item)
{
    item->pdu.has_header_digest = item->pdu.bad_header_digest = true;
}

static bool bad_data_digest(const rig_item *item)
{
    return item->pdu.bad_data_digest;
}

static void make_bad_data_digest(rig_item *item)
{
    item->pdu.has_data_digest = item->pdu.bad_data_digest = true;
}

static bool bad_padding(const rig_item *item)
{
    return item->pdu.bad_padding;
}

static void make_bad_padding(rig_item *item)
{
    item->pdu.bad_padding = true;
}

const rig_mark rig_marks[] = {
#define X(id, name, what, without) {name, what, without, id, make_##id},
    RIG_MARK_ROWS(X)
#undef X
        {NULL, NULL, NULL, NULL, NULL},
};

const rig_mark *rig_mark_find(rig_view name)
{
    for (const rig_mark *mark = rig_marks; mark->name; mark++)
        if (rig_view_is(name, mark->name))
            return mark;
    return NULL;
}
