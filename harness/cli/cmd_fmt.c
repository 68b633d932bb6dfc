/* iscsirig fmt: the canonical form of scenario files. */
#include "cli.h"

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

int cmd_fmt(int argc, char **argv)
{
    static const struct option options[] = {{"write", no_argument, NULL, 'w'},
                                            {"check", no_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    fmt_way way = FMT_PRINT;
    opterr = 0;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, ":hwc", options, NULL)) != -1;) {
        if (c == 'h') {
            printf("usage: iscsirig fmt [--write|--check] FILE…\n");
            return CLI_OK;
        }
        if (c == '?' || c == ':')
            return cli_bad_option(c, argv);
        way = c == 'w' ? FMT_WRITE : FMT_CHECK;
    }
    int worst = optind < argc ? CLI_OK : cli_complain("fmt: wanted scenario files");
    for (int i = optind; i < argc; i++) {
        int end = fmt_file(way, argv[i]);
        worst = end > worst ? end : worst;
    }
    return worst;
}
