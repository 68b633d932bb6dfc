#include "known.h"

#include <stdio.h>
#include <unistd.h>

#define KNOWN_MAX (1u << 20)
#define COLUMNS 4

static rig_status check_lines(const char *path, rig_view text)
{
    uint32_t line = 0;
    for (rig_view rest = text; rest.ptr;) {
        rig_view row = rig_view_split(&rest, '\n');
        uint32_t columns = 0;
        line++;
        if (row.len == 0 || row.ptr[0] == '#')
            continue;
        for (rig_view cells = row; cells.ptr; columns++)
            rig_view_split(&cells, '\t');
        if (columns != COLUMNS) {
            fprintf(stderr, "%s:%u: wanted scenario, peer, reason, evidence, separated by tabs\n", path,
                    line);
            return RIG_E_SYNTAX;
        }
    }
    return RIG_OK;
}

/* In the folder a path names, or the nearest one above it. */
static bool find_beside(const char *path, char *out, size_t size)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0) {
        int made = snprintf(out, size, "%.*s/KNOWN.txt", (int)len, path);
        if (made > 0 && (size_t)made < size && access(out, R_OK) == 0)
            return true;
        while (len > 0 && path[len - 1] != '/')
            len--;
        if (len <= 1)
            break;
        len--;
    }
    snprintf(out, size, "KNOWN.txt");
    return path[0] != '/' && access(out, R_OK) == 0;
}

int cli_known_load(cli_known *known, const char *path, char **scenario_paths, size_t num_paths)
{
    char beside[CLI_PATH_SIZE];
    rig_error error = {0};
    *known = (cli_known){0};
    for (size_t i = 0; !path && i < num_paths; i++)
        if (find_beside(scenario_paths[i], beside, sizeof beside))
            path = beside;
    if (!path)
        return CLI_OK;
    if (cli_read(path, KNOWN_MAX, &known->text, &known->len, &error))
        return cli_complain("%s", error.text);
    return check_lines(path, rig_view_of(known->text, known->len)) ? CLI_USAGE : CLI_OK;
}

void cli_known_free(cli_known *known)
{
    rig_delete(rig_alloc_libc(), known->text, known->text ? known->len + 1 : 0);
}

static bool has_binding(const rig_result *result, rig_view pair)
{
    rig_view name = rig_view_split(&pair, '=');
    for (uint32_t i = 0; result->scn && i < result->scn->num_bindings; i++)
        if (rig_view_eq(result->scn->bindings[i].name, name))
            return rig_view_eq(result->scn->bindings[i].value, pair);
    return false;
}

/* "login/x.scn" is every case of the scenario, "login/x.scn a=1 b=2" the ones of those sweep values. */
static bool is_case(const rig_result *result, rig_view cell)
{
    rig_view path = rig_view_str(result->path);
    rig_view scenario = rig_view_split(&cell, ' ');
    if (scenario.len == 0 || scenario.len > path.len ||
        !rig_view_eq(scenario, rig_view_sub(path, path.len - scenario.len, path.len)))
        return false;
    while (cell.ptr)
        if (!has_binding(result, rig_view_split(&cell, ' ')))
            return false;
    return true;
}

static bool listed(const cli_known *known, const char *peer, const rig_result *result, rig_view *out_reason)
{
    for (rig_view rest = rig_view_of(known->text, known->len); rest.ptr;) {
        rig_view row = rig_view_split(&rest, '\n');
        if (row.len == 0 || row.ptr[0] == '#')
            continue;
        rig_view scenario = rig_view_split(&row, '\t');
        rig_view with = rig_view_split(&row, '\t');
        *out_reason = rig_view_split(&row, '\t');
        if (rig_view_is(with, peer) && is_case(result, scenario))
            return true;
    }
    return false;
}

void cli_known_apply(const cli_known *known, const char *peer, rig_result *result)
{
    rig_view reason = {0};
    bool failed = result->verdict == RIG_VERDICT_FAIL || result->verdict == RIG_VERDICT_LOOSE;
    if (!known->text || (!failed && result->verdict != RIG_VERDICT_PASS) ||
        !listed(known, peer, result, &reason))
        return;
    if (!failed && rig_view_starts(reason, "sometimes ")) /* a race of the peer's, which it may win */
        return;
    result->verdict = failed ? RIG_VERDICT_KNOWN : RIG_VERDICT_FIXED;
    rig_result_text(result, &result->reason, reason);
}
