/* Where a report goes. */
#include "reports.h"

#include <errno.h>

static void copy_facts(rep_facts *out, const rig_run_facts *facts)
{
    rig_text text;
    rig_text_init(&text, out->version, sizeof out->version);
    rig_text_view(&text, rig_view_str(facts->version));
    rig_text_init(&text, out->command, sizeof out->command);
    rig_text_view(&text, rig_view_str(facts->command));
    rig_text_init(&text, out->mode, sizeof out->mode);
    rig_text_view(&text, rig_view_str(facts->mode));
    out->planned = facts->planned;
    out->strict = facts->strict;
    out->verbose = facts->verbose;
    rep_remember_version(out->version);
}

rig_status rep_new(const rig_alloc *alloc, const char *path, const rig_run_facts *facts, size_t size,
                   const rig_report_ops *ops, void *out_report, rig_error *err)
{
    rep_base *base = rig_new(alloc, size);
    if (!base)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a report");
    base->report.ops = ops;
    base->alloc = alloc;
    base->own = path && strcmp(path, "-") != 0;
    base->file = base->own ? fopen(path, "w") : stdout;
    if (!base->file) {
        rig_delete(alloc, base, size);
        return rig_fail(err, RIG_E_IO, "%s: %s", path, strerror(errno));
    }
    copy_facts(&base->facts, facts);
    memcpy(out_report, &base, sizeof base);
    return RIG_OK;
}

rig_status rep_end(rep_base *base, size_t size)
{
    bool bad = fflush(base->file) != 0;
    bad |= ferror(base->file) != 0;
    if (base->own)
        bad |= fclose(base->file) != 0;
    rig_delete(base->alloc, base, size);
    return bad ? RIG_E_IO : RIG_OK;
}

void rep_view(rep_base *base, rig_view text)
{
    if (text.len)
        fwrite(text.ptr, 1, text.len, base->file);
}
