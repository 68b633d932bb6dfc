/* Where a report goes. */
#include "record.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WRITE_AGAIN_NS 1000000000u /* what a killed run may lose of a report that is written whole */
#define PATH_MAX_LEN 4096

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
    out->runs = facts->runs;
    out->before = facts->before;
    rep_remember_version(out->version);
}

static rep_base *new_base(const rig_alloc *alloc, const rig_run_facts *facts, size_t size,
                          const rig_report_ops *ops)
{
    rep_base *base = rig_new(alloc, size);
    if (!base)
        return NULL;
    base->report.ops = ops;
    base->alloc = alloc;
    base->sofar.planned = facts->planned;
    base->sofar.interrupted = true;
    copy_facts(&base->facts, facts);
    return base;
}

static bool is_stdout(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

rig_status rep_new(const rig_alloc *alloc, const char *path, const rig_run_facts *facts, size_t size,
                   const rig_report_ops *ops, void *out_report, rig_error *err)
{
    rep_base *base = new_base(alloc, facts, size, ops);
    if (!base)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a report");
    base->own = !is_stdout(path);
    base->file = base->own ? fopen(path, "w") : stdout;
    if (!base->file) {
        rig_delete(alloc, base, size);
        return rig_fail(err, RIG_E_IO, "%s: %s", path, strerror(errno));
    }
    memcpy(out_report, &base, sizeof base);
    return RIG_OK;
}

rig_status rep_end(rep_base *base, size_t size)
{
    bool bad = false;
    if (base->file) {
        bad = fflush(base->file) != 0;
        bad |= ferror(base->file) != 0;
        if (base->own)
            bad |= fclose(base->file) != 0;
    }
    rig_delete(base->alloc, base->path, base->path ? strlen(base->path) + 1 : 0);
    rig_delete(base->alloc, base, size);
    return bad ? RIG_E_IO : RIG_OK;
}

void rep_view(FILE *file, rig_view text)
{
    if (text.len)
        fwrite(text.ptr, 1, text.len, file);
}

/* ---- reports that are written whole ---- */

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static rig_status write_whole(rep_base *base, const rig_summary *summary, rep_write *write)
{
    char beside[PATH_MAX_LEN];
    rig_text text;
    rig_text_init(&text, beside, sizeof beside);
    rig_text_add(&text, "%s.new", base->path);
    FILE *file = text.cut ? NULL : fopen(beside, "w");
    if (!file)
        return RIG_E_IO;
    write(base, file, summary);
    bool bad = fflush(file) != 0;
    bad |= ferror(file) != 0;
    bad |= fclose(file) != 0;
    if (!bad && rename(beside, base->path) == 0) {
        base->written = clock_ns();
        return RIG_OK;
    }
    int why = errno;
    unlink(beside);
    errno = why;
    return RIG_E_IO;
}

/* Only a file, or what is not there yet, can be replaced by one. */
static bool can_be_replaced(const char *path)
{
    struct stat about;
    return !is_stdout(path) && (lstat(path, &about) == 0 ? S_ISREG(about.st_mode) : errno == ENOENT);
}

rig_status rep_new_whole(const rig_alloc *alloc, const char *path, const rig_run_facts *facts, size_t size,
                         const rig_report_ops *ops, rep_write *write, void *out_report, rig_error *err)
{
    if (!can_be_replaced(path))
        return rep_new(alloc, path, facts, size, ops, out_report, err);
    rep_base *base = new_base(alloc, facts, size, ops);
    char *copy = base ? rig_copy_text(alloc, path, strlen(path)) : NULL;
    if (!copy) {
        rig_delete(alloc, base, base ? size : 0);
        return rig_fail(err, RIG_E_NOMEM, "no memory for a report");
    }
    base->path = copy;
    if (write_whole(base, &base->sofar, write)) {
        rep_end(base, size); /* a folder that takes no new files may still hold one that can be written */
        return rep_new(alloc, path, facts, size, ops, out_report, err);
    }
    memcpy(out_report, &base, sizeof base);
    return RIG_OK;
}

rig_status rep_taken(rep_base *base, const json_t *record, rep_write *write)
{
    rep_count(&base->sofar, record);
    if (!base->path || clock_ns() - base->written < WRITE_AGAIN_NS)
        return RIG_OK;
    return write_whole(base, &base->sofar, write);
}

rig_status rep_write_last(rep_base *base, const rig_summary *summary, rep_write *write)
{
    if (base->path)
        return write_whole(base, summary, write);
    write(base, base->file, summary);
    return RIG_OK;
}
