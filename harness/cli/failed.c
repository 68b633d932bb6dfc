#include "failed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_NAME "failed.txt"
#define LIST_MAX (16u << 20)
#define ROW_MAX (3 * CLI_PATH_SIZE)

/* ---- rows ---- */

static bool row_of(char *row, size_t size, const char *path, const rig_scn *scn)
{
    char absolute[CLI_PATH_SIZE];
    rig_text text;
    if (!realpath(path, absolute))
        return false;
    rig_text_init(&text, row, size);
    rig_text_add(&text, "%s\t%s\t", absolute, path);
    for (uint32_t i = 0; i < scn->num_bindings; i++) {
        rig_text_add(&text, i ? " " : "");
        rig_text_escaped(&text, scn->bindings[i].name);
        rig_text_add(&text, "=");
        rig_text_escaped(&text, scn->bindings[i].value);
    }
    return !text.cut && !strchr(path, '\n');
}

/* The row without the name a run happened to use. */
static bool same_case(rig_view a, rig_view b)
{
    rig_view left = rig_view_split(&a, '\t'), right = rig_view_split(&b, '\t');
    rig_view_split(&a, '\t');
    rig_view_split(&b, '\t');
    return a.ptr && b.ptr && rig_view_eq(left, right) && rig_view_eq(a, b);
}

bool cli_failed_has(const cli_failed *failed, const char *path, const rig_scn *scn)
{
    char row[ROW_MAX];
    if (!row_of(row, sizeof row, path, scn))
        return false;
    for (rig_view rest = rig_view_of(failed->text, failed->len); rest.ptr;)
        if (same_case(rig_view_split(&rest, '\n'), rig_view_str(row)))
            return true;
    return false;
}

/* ---- reading ---- */

/* As it was named when that still leads there: its draws follow from the name. */
static const char *path_of(char *absolute, char *named)
{
    char now[CLI_PATH_SIZE];
    return realpath(named, now) && strcmp(now, absolute) == 0 ? named : absolute;
}

static void add_path(cli_failed *failed, char *line)
{
    char *named = strchr(line, '\t');
    char *values = named ? strchr(named + 1, '\t') : NULL;
    if (!values)
        return;
    *named++ = 0;
    *values = 0;
    char *path = (char *)(uintptr_t)path_of(line, named);
    for (size_t i = 0; i < failed->num_paths; i++)
        if (strcmp(failed->paths[i], path) == 0)
            return;
    if (access(path, R_OK) == 0)
        failed->paths[failed->num_paths++] = path;
    else
        fprintf(stderr, "%s: failed the last time and is not there any more\n", path);
}

static bool find_paths(cli_failed *failed)
{
    for (size_t i = 0; i < failed->len; i++)
        failed->max_paths += failed->text[i] == '\n';
    failed->names = rig_copy_text(rig_alloc_libc(), failed->text, failed->len);
    failed->paths = rig_new(rig_alloc_libc(), (failed->max_paths + 1) * sizeof *failed->paths);
    if (!failed->names || !failed->paths)
        return false;
    for (char *line = failed->names, *end = strchr(line, '\n'); end; end = strchr(line, '\n')) {
        *end = 0;
        add_path(failed, line);
        line = end + 1;
    }
    return true;
}

int cli_failed_load(cli_failed *failed)
{
    char path[CLI_PATH_SIZE];
    rig_error error = {0};
    if (!cli_state_path(LIST_NAME, path, sizeof path))
        return cli_complain("--rerun-failed: neither XDG_STATE_HOME nor HOME says where the list is");
    if (access(path, F_OK) != 0)
        return cli_complain("--rerun-failed: no run has left a list in %s", path);
    if (cli_read(path, LIST_MAX, &failed->text, &failed->len, &error))
        return cli_complain("--rerun-failed: %s", error.text);
    return find_paths(failed) ? CLI_OK : cli_complain("no memory");
}

void cli_failed_free(cli_failed *failed)
{
    const rig_alloc *alloc = rig_alloc_libc();
    rig_delete(alloc, failed->paths, failed->paths ? (failed->max_paths + 1) * sizeof *failed->paths : 0);
    rig_delete(alloc, failed->names, failed->names ? failed->len + 1 : 0);
    rig_delete(alloc, failed->text, failed->text ? failed->len + 1 : 0);
    *failed = (cli_failed){0};
}

/* ---- writing ---- */

void cli_failed_begin(cli_failed_writer *writer)
{
    char folder[CLI_PATH_SIZE];
    *writer = (cli_failed_writer){0};
    if (!cli_state_path("", folder, sizeof folder) || !cli_make_folder(folder) ||
        !cli_state_path(LIST_NAME, writer->path, sizeof writer->path))
        return;
    int len = snprintf(writer->temporary, sizeof writer->temporary, "%s.%ld", writer->path, (long)getpid());
    if (len > 0 && (size_t)len < sizeof writer->temporary)
        writer->file = fopen(writer->temporary, "w");
}

void cli_failed_add(cli_failed_writer *writer, const char *path, const rig_scn *scn)
{
    char row[ROW_MAX];
    if (writer->file && scn && row_of(row, sizeof row, path, scn))
        fprintf(writer->file, "%s\n", row);
}

void cli_failed_end(cli_failed_writer *writer, bool replace)
{
    if (!writer->file)
        return;
    bool good = fclose(writer->file) == 0 && replace;
    writer->file = NULL;
    if (!good || rename(writer->temporary, writer->path) != 0)
        unlink(writer->temporary);
}
