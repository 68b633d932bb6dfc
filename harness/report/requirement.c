/* The requirement table: what reports quote. */
#include "record.h"

static rig_view table; /* borrowed from whoever read the file */

void rig_report_requirements(rig_view text)
{
    table = text;
}

/* Columns: id, section, side, level, inferred, statement, probe. */
static void read_row(rig_view row, rep_requirement *out)
{
    rig_view columns[6] = {{NULL, 0}};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0] && row.ptr; i++)
        columns[i] = rig_view_split(&row, '\t');
    *out = (rep_requirement){columns[0], columns[1], columns[3], columns[5]};
}

bool rep_requirement_find(rig_view id, rep_requirement *out)
{
    for (rig_view rest = table; rest.ptr;) {
        read_row(rig_view_split(&rest, '\n'), out);
        if (id.len && rig_view_eq(out->id, id))
            return true;
    }
    return false;
}

json_t *rep_requirements(const rig_alloc *alloc)
{
    json_t *all = json_object();
    for (rig_view rest = table; all && rest.ptr;) {
        char id[64];
        rig_text text;
        rep_requirement row;
        read_row(rig_view_split(&rest, '\n'), &row);
        rig_text_init(&text, id, sizeof id);
        rep_plain(&text, row.id);
        if (row.id.len == 0 || row.statement.len == 0)
            continue;
        json_t *value = json_array();
        bool ok = value && json_array_append_new(value, rep_text(alloc, row.section)) == 0 &&
                  json_array_append_new(value, rep_text(alloc, row.level)) == 0 &&
                  json_array_append_new(value, rep_text(alloc, row.statement)) == 0;
        if (rep_set(all, id, value) && ok)
            continue;
        json_decref(all);
        return NULL;
    }
    return all;
}
