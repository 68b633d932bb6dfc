/* HTML: one page, written as cases end. Browsers take a page whose end is missing, so that of a run that was
 * killed shows what it did. The page itself is in page/. */
#include "page.h"

#include <errno.h>
#include <sys/stat.h>

#define HTML_PATH_MAX 4096        /* bytes of DIR/index.html */
#define HTML_EMBED_MAX (4u << 20) /* bytes of captures that one page has in itself */

typedef struct html {
    rep_base base;
    char folder[HTML_PATH_MAX]; /* where the page is */
    size_t room;                /* what may still be embedded */
} html;

/* What the page does not show, or has elsewhere. */
static json_t *light(html *h, const json_t *record)
{
    json_t *o = json_copy((json_t *)(uintptr_t)record);
    if (!o)
        return NULL;
    json_object_del(o, "ladder");
    json_object_del(o, "screen");
    json_object_del(o, "made_wrong");
    if (rep_str(record, "capture")[0] &&
        !rep_set(o, "files", page_files(&h->base, record, h->folder, &h->room))) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static rig_status take(rig_report *report, const json_t *record)
{
    html *h = (html *)report;
    FILE *file = h->base.file;
    const json_t *ladder = json_object_get(record, "ladder");
    json_t *o = light(h, record);
    bool ok = page_put_json(file, "class=\"case\"", o);
    json_decref(o);
    if (ok && json_array_size(ladder))
        ok = page_put_packed(file, "class=\"ladder\"", ladder);
    fflush(file);
    return ok ? RIG_OK : RIG_E_NOMEM;
}

static rig_status finish(rig_report *report, const rig_summary *summary)
{
    html *h = (html *)report;
    json_t *end = rep_summary(summary, h->base.alloc);
    bool ok = page_put_json(h->base.file, "id=\"end\"", end);
    json_decref(end);
    page_end(h->base.file);
    rig_status status = rep_end(&h->base, sizeof *h);
    return ok ? status : RIG_E_NOMEM;
}

static const rig_report_ops ops = {NULL, rep_add_kept_ladder, take, finish};

static rig_status make_path(rig_text *out, const char *folder, rig_error *err)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return rig_fail(err, RIG_E_IO, "%s: %s", folder, strerror(errno));
    rig_text_add(out, "%s/index.html", folder);
    return out->cut ? rig_fail(err, RIG_E_LIMIT, "the name of the folder is too long") : RIG_OK;
}

rig_status rep_html_open(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,
                         rig_report **out, rig_error *err)
{
    html *h;
    char file[HTML_PATH_MAX];
    rig_text name;
    bool stream = !path || strcmp(path, "-") == 0;
    rig_text_init(&name, file, sizeof file);
    rig_status status = stream ? RIG_OK : make_path(&name, path, err);
    if (status == RIG_OK)
        status = rep_new(alloc, stream ? NULL : file, facts, sizeof *h, &ops, &h, err);
    if (status != RIG_OK)
        return status;
    rig_text_init(&name, h->folder, sizeof h->folder);
    rig_text_add(&name, "%s", stream ? "." : path);
    h->room = HTML_EMBED_MAX;
    if (!page_begin(h->base.file, &h->base)) {
        rep_end(&h->base, sizeof *h);
        return rig_fail(err, RIG_E_NOMEM, "no memory for a report");
    }
    fflush(h->base.file);
    *out = &h->base.report;
    return RIG_OK;
}
