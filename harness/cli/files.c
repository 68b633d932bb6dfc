/* Files and folders of scenarios. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLE_MAX (4u << 20)
#define LINE_SIZE (2 * CLI_PATH_SIZE)
#define SCENARIOS_MAX 100000

static struct {
    void (*say)(void *ctx, const char *line);
    void *ctx;
} lines;

void cli_lines_to(void (*say)(void *ctx, const char *line), void *ctx)
{
    lines.say = say;
    lines.ctx = ctx;
}

void cli_line(const char *line)
{
    if (lines.say)
        lines.say(lines.ctx, line);
    else
        fprintf(stderr, "%s\n", line);
}

int cli_complain(const char *format, ...)
{
    char line[LINE_SIZE];
    rig_text text;
    va_list args;
    rig_text_init(&text, line, sizeof line);
    rig_text_add(&text, "iscsirig: ");
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    cli_line(line);
    return CLI_USAGE;
}

const char *cli_commit(void)
{
    return RIG_VERSION;
}

int cli_open(const char *path, rig_error *err)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        rig_fail(err, RIG_E_IO, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
        return fd;
    close(fd);
    rig_fail(err, RIG_E_IO, "%s: not a file", path);
    return -1;
}

rig_status cli_check_capture(const char *path, rig_error *err)
{
    if (strcmp(path, "-") == 0)
        return RIG_OK;
    int fd = cli_open(path, err);
    if (fd >= 0)
        close(fd);
    return fd >= 0 ? RIG_OK : RIG_E_IO;
}

int cli_port(const char *text, uint16_t *out_port)
{
    uint64_t port = 0;
    if (!rig_view_u64(rig_view_str(text), &port) || port == 0 || port > UINT16_MAX)
        return cli_complain("--port: wanted 1 to 65535, came \"%s\"", text);
    *out_port = (uint16_t)port;
    return CLI_OK;
}

static bool read_whole(int fd, char *text, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, text + len, size - len);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            return false;
        len += got > 0 ? (size_t)got : 0;
    }
    return true;
}

rig_status cli_read(const char *path, size_t max, char **out_text, size_t *out_len, rig_error *err)
{
    struct stat about = {0};
    int fd = cli_open(path, err);
    if (fd < 0)
        return RIG_E_IO;
    rig_status status =
        fstat(fd, &about) == 0 ? RIG_OK : rig_fail(err, RIG_E_IO, "%s: %s", path, strerror(errno));
    if (!status && (uint64_t)about.st_size > max)
        status = rig_fail(err, RIG_E_LIMIT, "%s: larger than %zu bytes", path, max);
    size_t size = status ? 0 : (size_t)about.st_size;
    char *text = status ? NULL : rig_new(rig_alloc_libc(), size + 1);
    if (!status && !text)
        status = rig_fail(err, RIG_E_NOMEM, "%s: no memory", path);
    if (!status && !read_whole(fd, text, size)) {
        rig_delete(rig_alloc_libc(), text, size + 1);
        status = rig_fail(err, RIG_E_IO, "%s: could not be read", path);
    }
    close(fd);
    *out_text = status ? NULL : text;
    *out_len = size;
    return status;
}

/* ../share/iscsirig of the folder the program is in: where it is installed, wherever that is, and, by a link,
 * in a folder of builds. So no path of one machine is in the program. */
static const char *own_data(char *out, size_t size)
{
    char program[CLI_PATH_SIZE], path[CLI_PATH_SIZE + 32];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len <= 0)
        return NULL;
    program[len] = 0;
    char *slash = strrchr(program, '/');
    if (!slash)
        return NULL;
    *slash = 0;
    snprintf(path, sizeof path, "%s/../share/iscsirig", program);
    char *real = realpath(path, NULL);
    int got = real ? snprintf(out, size, "%s", real) : -1;
    free(real);
    return got > 0 && (size_t)got < size ? out : NULL;
}

bool cli_data_path(const char *name, char *out, size_t size)
{
    char own[CLI_PATH_SIZE];
    const char *folders[] = {getenv("ISCSIRIG_DATA"), ".", own_data(own, sizeof own)};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (!folders[i])
            continue;
        int len = snprintf(out, size, "%s/%s", folders[i], name);
        if (len > 0 && (size_t)len < size && access(out, R_OK) == 0)
            return true;
    }
    return false;
}

/* ---- includes ---- */

static rig_status include_add(cli_scenario *scenario, const char *path, rig_view *out_path,
                              rig_view *out_text)
{
    const rig_alloc *alloc = rig_alloc_libc();
    cli_text *more = rig_resize(alloc, scenario->includes, scenario->num_includes * sizeof *more,
                                (scenario->num_includes + 1) * sizeof *more);
    if (!more)
        return RIG_E_NOMEM;
    scenario->includes = more;
    cli_text *text = &more[scenario->num_includes];
    rig_error error = {0};
    rig_status status = cli_read(path, RIG_SCN_FILE_MAX, &text->text, &text->len, &error);
    if (status)
        return status;
    text->path = rig_copy_text(alloc, path, strlen(path));
    scenario->num_includes++;
    *out_path = rig_view_str(text->path);
    *out_text = rig_view_of(text->text, text->len);
    return text->path ? RIG_OK : RIG_E_NOMEM;
}

static rig_status try_include(cli_scenario *scenario, const char *folder, int folder_len, rig_view name,
                              rig_view *out_path, rig_view *out_text)
{
    char path[CLI_PATH_SIZE];
    int len = snprintf(path, sizeof path, "%.*s/%.*s", folder_len, folder, RIG_VIEW_ARG(name));
    if (len < 0 || (size_t)len >= sizeof path || access(path, R_OK) != 0)
        return RIG_E_NOT_FOUND;
    return include_add(scenario, path, out_path, out_text);
}

/* An include is looked for beside the file, in include/ of each folder above it, then in the project's own.
 */
static rig_status load_include(void *ctx, rig_view name, rig_view from, rig_view *out_path,
                               rig_view *out_text)
{
    cli_scenario *scenario = ctx;
    char folder[CLI_PATH_SIZE];
    if (name.len == 0 || name.ptr[0] == '/' || from.len >= CLI_PATH_SIZE - 16)
        return RIG_E_NOT_FOUND;
    size_t end = from.len;
    rig_status status = RIG_E_NOT_FOUND;
    while (end > 0 && status == RIG_E_NOT_FOUND) {
        while (end > 0 && from.ptr[end - 1] != '/')
            end--;
        size_t len = end ? end - 1 : 0;
        int shown = len ? snprintf(folder, sizeof folder, "%.*s", (int)len, (const char *)from.ptr)
                        : snprintf(folder, sizeof folder, ".");
        status = try_include(scenario, folder, shown, name, out_path, out_text);
        if (status == RIG_E_NOT_FOUND) {
            shown += snprintf(folder + shown, sizeof folder - (size_t)shown, "/include");
            status = try_include(scenario, folder, shown, name, out_path, out_text);
        }
        end = len;
    }
    if (status == RIG_E_NOT_FOUND && cli_data_path("scenarios/include", folder, sizeof folder))
        status = try_include(scenario, folder, (int)strlen(folder), name, out_path, out_text);
    return status;
}

/* ---- scenarios ---- */

static void text_free(cli_text *text)
{
    rig_delete(rig_alloc_libc(), text->path, text->path ? strlen(text->path) + 1 : 0);
    rig_delete(rig_alloc_libc(), text->text, text->text ? text->len + 1 : 0);
}

void cli_includes_free(cli_scenario *scenario)
{
    const rig_alloc *alloc = rig_alloc_libc();
    for (size_t i = 0; i < scenario->num_includes; i++)
        text_free(&scenario->includes[i]);
    rig_delete(alloc, scenario->includes, scenario->num_includes * sizeof *scenario->includes);
    scenario->includes = NULL;
    scenario->num_includes = 0;
}

static void scenario_free(cli_scenario *scenario)
{
    const rig_alloc *alloc = rig_alloc_libc();
    rig_scn_file_free(scenario->file);
    cli_includes_free(scenario);
    text_free(&scenario->source);
    rig_delete(alloc, scenario, sizeof *scenario);
}

static void print_problems(const rig_scn_problems *problems)
{
    for (uint32_t i = 0; i < problems->num; i++) {
        char line[1024];
        rig_text text;
        rig_text_init(&text, line, sizeof line);
        rig_scn_problem_print(&text, &problems->list[i]);
        cli_line(line);
    }
}

rig_status cli_scenario_read(cli_scenario *scenario, rig_view text, rig_scn_problems *problems)
{
    const cli_pack *pack = scenario->pack;
    const rig_scn_config config = {
        .alloc = rig_alloc_libc(),
        .load = load_include,
        .ctx = scenario,
        .defines = pack->defines,
        .num_defines = pack->num_defines,
        .requirements = rig_view_of(pack->requirements.text, pack->requirements.len),
    };
    return rig_scn_open(&config, rig_view_str(scenario->source.path), text, &scenario->file, problems);
}

static rig_status scenario_open(cli_scenario *scenario)
{
    static rig_scn_problems problems; /* large, and loading is single-threaded */
    rig_error error = {0};
    cli_text *source = &scenario->source;
    rig_status status = cli_read(source->path, RIG_SCN_FILE_MAX, &source->text, &source->len, &error);
    if (status) {
        cli_line(error.text);
        return status;
    }
    problems.num = 0;
    status = cli_scenario_read(scenario, rig_view_of(source->text, source->len), &problems);
    if (status)
        print_problems(&problems);
    return status;
}

static int scenario_add(cli_pack *pack, const char *path)
{
    const rig_alloc *alloc = rig_alloc_libc();
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    if (pack->num >= SCENARIOS_MAX)
        return cli_complain("more than %d scenario files", SCENARIOS_MAX);
    cli_scenario **more =
        rig_resize(alloc, pack->scenarios, pack->num * sizeof *more, (pack->num + 1) * sizeof *more);
    cli_scenario *scenario = rig_new(alloc, sizeof *scenario);
    if (more)
        pack->scenarios = more;
    if (!more || !scenario)
        return cli_complain("no memory");
    scenario->pack = pack;
    scenario->source.path = rig_copy_text(alloc, path, strlen(path));
    pack->scenarios[pack->num++] = scenario;
    return scenario->source.path ? CLI_OK : cli_complain("no memory");
}

static cli_pack *walking;

static int walk_file(const char *path, const struct stat *about, int type, struct FTW *at)
{
    (void)about;
    (void)at;
    size_t len = strlen(path);
    bool scenario = type == FTW_F && len > 4 && strcmp(path + len - 4, ".scn") == 0;
    return scenario ? scenario_add(walking, path) : 0;
}

static int by_path(const void *a, const void *b)
{
    const cli_scenario *const *left = a;
    const cli_scenario *const *right = b;
    return strcmp((*left)->source.path, (*right)->source.path);
}

static void drop_twins(cli_pack *pack)
{
    size_t kept = 0;
    for (size_t i = 0; i < pack->num; i++) {
        if (kept && strcmp(pack->scenarios[kept - 1]->source.path, pack->scenarios[i]->source.path) == 0)
            scenario_free(pack->scenarios[i]);
        else
            pack->scenarios[kept++] = pack->scenarios[i];
    }
    pack->num = kept;
}

/* Links inside a folder lead nowhere, so that none leads round in a circle; the one that was named does. */
static int how_to_walk(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0 && S_ISLNK(about.st_mode) ? 0 : FTW_PHYS;
}

static int path_add(cli_pack *pack, const char *path)
{
    struct stat about;
    size_t before = pack->num;
    if (stat(path, &about) != 0)
        return cli_complain("%s: %s", path, strerror(errno));
    walking = pack;
    int bad =
        S_ISDIR(about.st_mode) ? nftw(path, walk_file, 16, how_to_walk(path)) : scenario_add(pack, path);
    if (!bad && pack->num == before)
        bad = cli_complain("%s: no scenario files in it", path);
    return bad;
}

int cli_pack_load(cli_pack *pack, char **paths, size_t num_paths)
{
    char table[CLI_PATH_SIZE];
    rig_error error = {0};
    if (cli_data_path("docs/requirements.tsv", table, sizeof table))
        cli_read(table, TABLE_MAX, &pack->requirements.text, &pack->requirements.len, &error);
    int bad = CLI_OK;
    for (size_t i = 0; i < num_paths; i++)
        if (path_add(pack, paths[i]))
            bad = CLI_USAGE;
    if (bad)
        return bad;
    if (pack->num)
        qsort(pack->scenarios, pack->num, sizeof(cli_scenario *), by_path);
    drop_twins(pack);
    for (size_t i = 0; i < pack->num; i++)
        if (scenario_open(pack->scenarios[i]))
            pack->num_bad++;
    return pack->num_bad ? CLI_USAGE : CLI_OK;
}

void cli_pack_free(cli_pack *pack)
{
    const rig_alloc *alloc = rig_alloc_libc();
    size_t allocated = pack->num;
    for (size_t i = 0; i < pack->num; i++)
        scenario_free(pack->scenarios[i]);
    rig_delete(alloc, pack->scenarios, allocated * sizeof *pack->scenarios);
    text_free(&pack->requirements);
    *pack = (cli_pack){0};
}
