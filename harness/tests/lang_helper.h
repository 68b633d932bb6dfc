/* What the tests of the language share: files in memory, problems as text. */
#ifndef LANG_HELPER_H
#define LANG_HELPER_H

#include <stdio.h>
#include <stdlib.h>

#include "rig/scn.h"
#include "suite.h"

#define HELP_FILES 4

typedef struct help_file {
    const char *name;
    const char *text;
} help_file;

static inline rig_status help_load(void *ctx, rig_view name, rig_view from, rig_view *out_path,
                                   rig_view *out_text)
{
    (void)from;
    for (const help_file *file = ctx; file && file->name; file++)
        if (rig_view_is(name, file->name)) {
            *out_path = rig_view_str(file->name);
            *out_text = rig_view_str(file->text);
            return RIG_OK;
        }
    return RIG_E_NOT_FOUND;
}

static inline rig_status help_open(const char *text, const help_file *files, rig_scn_file **out,
                                   rig_scn_problems *problems)
{
    rig_scn_config config = {.alloc = rig_alloc_libc(), .load = help_load, .ctx = (void *)(uintptr_t)files};
    *problems = (rig_scn_problems){.num = 0};
    return rig_scn_open(&config, rig_view_str("t.scn"), rig_view_str(text), out, problems);
}

/* Opens and makes case 0; NULL, with the problem printed, when that fails. */
static inline rig_scn *help_case(const char *text, const help_file *files, rig_scn_file **out_file)
{
    rig_scn_problems problems;
    rig_scn *made = NULL;
    if (help_open(text, files, out_file, &problems) != RIG_OK) {
        char line[800] = "";
        rig_text shown;
        rig_text_init(&shown, line, sizeof(line));
        if (problems.num)
            rig_scn_problem_print(&shown, &problems.list[0]);
        printf("\n  %s\n", line);
        return NULL;
    }
    rig_scn_case(*out_file, 0, &made, &problems);
    return made;
}

static inline char *help_read(const char *path)
{
    char name[512];
    snprintf(name, sizeof(name), "%s/%s", RIG_SOURCE_DIR, path);
    FILE *file = fopen(name, "rb");
    if (!file)
        return NULL;
    char *text = calloc(1, RIG_SCN_FILE_MAX);
    size_t len = text ? fread(text, 1, RIG_SCN_FILE_MAX - 1, file) : 0;
    fclose(file);
    if (text)
        text[len] = 0;
    return text;
}

/* A scenario that is right but for what is put in: section lines, then judging lines. */
#define HELP_HEAD                                                                                            \
    "scenario \"t\"\n"                                                                                       \
    "level MUST\n"
#define HELP_TARGET                                                                                          \
    "target\n"                                                                                               \
    "  node iqn.2026-01.example.sim:a lun 0 ram 1MiB\n"
#define HELP_RUN                                                                                             \
    "run\n"                                                                                                  \
    "  login iqn.2026-01.example.sim:a -> $s\n"
#define HELP_MUST "must ! session up\n"
#define HELP_ALL HELP_HEAD HELP_TARGET HELP_RUN HELP_MUST

#endif
