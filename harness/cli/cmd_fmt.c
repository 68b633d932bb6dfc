/* iscsirig fmt: the canonical form of scenario files. */
#include "cli.h"

#include "manual.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

typedef enum fmt_way { FMT_PRINT, FMT_WRITE, FMT_CHECK } fmt_way;

static int put_back(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(text, 1, len, file) == len;
    good = (!file || fclose(file) == 0) && good;
    return good ? CLI_OK : cli_complain("%s: could not be written", path);
}

static int use(fmt_way way, const char *path, rig_view old, rig_view canonical)
{
    bool same = rig_view_eq(old, canonical);
    if (way == FMT_PRINT)
        return fwrite(canonical.ptr, 1, canonical.len, stdout) == canonical.len ? CLI_OK : CLI_USAGE;
    if (way == FMT_WRITE)
        return same ? CLI_OK : put_back(path, (const char *)canonical.ptr, canonical.len);
    if (!same)
        fprintf(stderr, "%s: not in canonical form; `iscsirig fmt --write %s` mends it\n", path, path);
    return same ? CLI_OK : CLI_FAILED;
}

static int fmt_file(fmt_way way, const char *path)
{
    static rig_scn_problems problems;
    const rig_alloc *alloc = rig_alloc_libc();
    rig_error error = {0};
    char *text = NULL, *canonical = NULL;
    size_t len = 0, canonical_len = 0;
    if (cli_read(path, RIG_SCN_FILE_MAX, &text, &len, &error))
        return cli_complain("%s", error.text);
    problems.num = 0;
    rig_status status = rig_scn_format(alloc, rig_view_str(path), rig_view_of(text, len), &canonical,
                                       &canonical_len, &problems);
    for (uint32_t i = 0; i < problems.num; i++)
        fprintf(stderr, "%s:%u:%u: %s\n", problems.list[i].path, problems.list[i].line, problems.list[i].col,
                problems.list[i].text);
    int end =
        status ? CLI_USAGE : use(way, path, rig_view_of(text, len), rig_view_of(canonical, canonical_len));
    rig_delete(alloc, canonical, canonical ? canonical_len + 1 : 0);
    rig_delete(alloc, text, len + 1);
    return end;
}

static const cli_option options[] = {
    {'w', "write", NULL, "into the files", 'w'},
    {'c', "check", NULL, "only says which files differ from their canonical form", 'c'},
    {0}};

const cli_manual cmd_fmt_manual = {
    .synopsis = "[--write|--check] FILE…",
    .about =
        (const char *const[]){
            "Prints scenario files in their canonical form: sections, indents and blanks as all "
            "others have them. Comments stay.",
            NULL},
    .options = {options},
    .status =
        (const cli_status[]){{0, "done"}, {1, "--check: a file differs"}, {2, "a file is no scenario"}, {0}},
    .examples = (const char *const[]){"--write my.scn", NULL},
    .takes = ".scn"};

int cmd_fmt(int argc, char **argv)
{
    cli_args args;
    fmt_way way = FMT_PRINT;
    cli_args_begin(&args, "fmt", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        if (c < 0)
            return args.end;
        way = c == 'w' ? FMT_WRITE : FMT_CHECK;
    }
    int worst = optind < argc ? CLI_OK : cli_complain("fmt: wanted scenario files");
    for (int i = optind; i < argc; i++) {
        int end = fmt_file(way, argv[i]);
        worst = end > worst ? end : worst;
    }
    return worst;
}
