/* JSON, schema iscsirig-results/1: one object, a line for each case. After each case the file is a whole
 * report: what follows the cases is written again behind the new one, in the same write. A run that is killed
 * leaves what it did; docs/results.md says what a reader can rely on. */
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig/results.h"

typedef struct json_report {
    rep_base base;
    bool any;      /* a case was written */
    bool in_place; /* the file can be written anywhere */
    off_t at;      /* where the next case goes, and the end until then */
} json_report;

/* ---- the end ---- */

static bool put_end(json_report *j, FILE *out, const rig_summary *summary)
{
    json_t *o = rep_summary(summary, j->base.alloc);
    fputs("\n],\n\"summary\":", out);
    bool ok = o && json_dumpf(o, out, JSON_COMPACT) == 0;
    fputs("}\n", out);
    json_decref(o);
    return ok;
}

static rig_status write_at(int fd, const char *text, size_t len, off_t at)
{
    while (len > 0) {
        ssize_t done = pwrite(fd, text, len, at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return RIG_E_IO;
        text += done;
        len -= (size_t)done;
        at += done;
    }
    return RIG_OK;
}

/* Puts what `more` is, NULL nothing, and the end into the file, in one write. */
static rig_status put_in_place(json_report *j, const json_t *more, const rig_summary *summary)
{
    char *text = NULL;
    size_t len = 0, case_len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return RIG_E_NOMEM;
    bool ok = true;
    if (more) {
        fputs(j->any ? ",\n" : "\n", out);
        ok = json_dumpf(more, out, JSON_COMPACT) == 0;
        fflush(out);
        case_len = len;
    }
    ok = put_end(j, out, summary) && ok;
    ok = fclose(out) == 0 && ok;
    rig_status status = ok ? write_at(fileno(j->base.file), text, len, j->at) : RIG_E_NOMEM;
    if (status == RIG_OK)
        j->at += (off_t)case_len;
    free(text);
    return status;
}

/* ---- the report ---- */

static rig_status take(rig_report *report, const json_t *record)
{
    json_report *j = (json_report *)report;
    rig_status status = RIG_OK;
    rep_count(&j->base.sofar, record);
    if (j->in_place) {
        status = put_in_place(j, record, &j->base.sofar);
    } else {
        fputs(j->any ? ",\n" : "\n", j->base.file);
        status = json_dumpf(record, j->base.file, JSON_COMPACT) == 0 ? RIG_OK : RIG_E_NOMEM;
    }
    j->any = j->any || status == RIG_OK;
    return status;
}

static rig_status finish(rig_report *report, const rig_summary *summary)
{
    json_report *j = (json_report *)report;
    rig_status status = RIG_OK;
    if (j->in_place)
        status = put_in_place(j, NULL, summary);
    else if (!put_end(j, j->base.file, summary))
        status = RIG_E_NOMEM;
    rig_status end = rep_end(&j->base, sizeof *j);
    return status ? status : end;
}

static const rig_report_ops ops = {NULL, rep_add_failed_ladder, take, finish};

static bool put_member(json_report *j, const char *before, const char *name, json_t *value)
{
    bool ok = value != NULL;
    fprintf(j->base.file, "%s\"%s\":", before, name);
    ok = ok && json_dumpf(value, j->base.file, JSON_ENCODE_ANY | JSON_COMPACT) == 0;
    json_decref(value);
    return ok;
}

static rig_status put_facts(json_report *j)
{
    const rep_facts *facts = &j->base.facts;
    const struct {
        const char *name, *text;
    } rows[] = {{"schema", RIG_RESULTS_SCHEMA},
                {"version", facts->version},
                {"command", facts->command},
                {"mode", facts->mode}};
    bool ok = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ok = put_member(j, i ? ",\n" : "{", rows[i].name,
                        rep_text(j->base.alloc, rig_view_str(rows[i].text))) &&
             ok;
    if (facts->runs)
        ok = put_member(j, ",\n", "runs", json_deep_copy(facts->runs)) && ok;
    if (facts->before)
        ok = put_member(j, ",\n", "before", json_deep_copy(facts->before)) && ok;
    fputs(",\n\"cases\":[", j->base.file);
    return ok ? RIG_OK : RIG_E_NOMEM;
}

/* Nothing was played yet, and the file says so. */
static rig_status begin_in_place(json_report *j)
{
    struct stat about;
    if (fflush(j->base.file) != 0)
        return RIG_E_IO;
    j->in_place = j->base.own && fstat(fileno(j->base.file), &about) == 0 && S_ISREG(about.st_mode);
    j->at = j->in_place ? about.st_size : 0;
    return j->in_place ? put_in_place(j, NULL, &j->base.sofar) : RIG_OK;
}

rig_status rep_json_open(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,
                         rig_report **out, rig_error *err)
{
    json_report *j;
    rig_status status = rep_new(alloc, path, facts, sizeof *j, &ops, &j, err);
    if (status != RIG_OK)
        return status;
    status = put_facts(j);
    if (status == RIG_OK)
        status = begin_in_place(j);
    if (status != RIG_OK) {
        rep_end(&j->base, sizeof *j);
        return rig_fail(err, status, "%s: %s", path ? path : "-", rig_status_meaning(status));
    }
    *out = &j->base.report;
    return RIG_OK;
}
