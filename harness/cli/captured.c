#include "captured.h"
#include "manual.h"

#include "evidence.h"

#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

static int take_timing(cli_captured *captured, const char *argument)
{
    static const char *const words[] = {
        [RIG_STEP_ORDER] = "order", [RIG_STEP_STRICT] = "strict", [RIG_STEP_LOOSE] = "loose"};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(argument, words[i]) == 0) {
            captured->replay.timing = (rig_step_timing)i;
            return CLI_OK;
        }
    return cli_complain("--timing: wanted order, strict or loose, came \"%s\"", argument);
}

static int take_frame(const char *name, const char *argument, uint32_t *out)
{
    uint64_t number;
    if (!rig_view_u64(rig_view_str(argument), &number) || number == 0 || number > UINT32_MAX)
        return cli_complain("%s: wanted the number of a frame, came \"%s\"", name, argument);
    *out = (uint32_t)number;
    return CLI_OK;
}

static int take_with(cli_captured *captured, const char *argument)
{
    rig_error error = {0};
    if (captured->with.text)
        return cli_complain("--with: one scenario is enough");
    if (cli_read(argument, RIG_SCN_FILE_MAX, &captured->with.text, &captured->with.len, &error))
        return cli_complain("%s", error.text);
    captured->with.path = (char *)(uintptr_t)argument;
    captured->replay.with = rig_view_of(captured->with.text, captured->with.len);
    return CLI_OK;
}

const cli_option cli_captured_rows[] = {
    {OPT_TIMING, "timing", "order|strict|loose",
     "order (default): as captured, one after the other; strict: with its times; loose: the order within a "
     "task, numbers "
     "of the other side are not compared",
     0},
    {OPT_FROM, "from", "N",
     "only exchanges with a PDU in this frame of the capture or a later one, and the logins they need", 0},
    {OPT_TO, "to", "N", "the same for this frame or an earlier one", 0},
    {OPT_CHAP, "chap", "USER:SECRET",
     "secret of a CHAP_N of the capture, to answer other challenges (repeatable)", 0},
    {OPT_WITH, "with", "FILE.scn", "the other side is that of this scenario: its target, or its steps", 0},
    {OPT_PORT, "port", "N", "TCP port of the target when it is not 3260 and the login is not in the capture",
     0},
    {OPT_KEYS, "keys", "PATH", "keys of IPsec from PATH.ike, PATH.esp, PATH.keymat instead of CAPTURE.ike …",
     0},
    {0}};

int cli_captured_option(cli_captured *captured, int option, const char *argument)
{
    switch (option) {
    case OPT_TIMING:
        return take_timing(captured, argument);
    case OPT_FROM:
        return take_frame("--from", argument, &captured->part.from);
    case OPT_TO:
        return take_frame("--to", argument, &captured->part.to);
    case OPT_WITH:
        return take_with(captured, argument);
    case OPT_PORT:
        return cli_port(argument, &captured->port);
    case OPT_KEYS:
        captured->keys = argument;
        return CLI_OK;
    default:
        return target_auth_option(&captured->auth, option, argument);
    }
}

/* ---- reading ---- */

static bool hides(const rig_item *item)
{
    static const char *const events[] = {"gap", "garbage", "resync", "truncated", "fragment"};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (rig_view_is(item->event, events[i]))
            return true;
    return false;
}

static rig_status take_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    cli_captured *captured = ctx;
    (void)flow;
    captured->broken += item->kind == RIG_ITEM_EVENT && hides(item);
    rig_status status = rig_lint_item(captured->lint, item);
    return status ? status : cli_part_take(&captured->part, item);
}

static bool is_within(const cli_captured *captured, uint32_t frame)
{
    return frame >= captured->part.from && (!captured->part.to || frame <= captured->part.to);
}

static rig_status take_finding(void *ctx, const rig_lint_finding *finding)
{
    cli_captured *captured = ctx;
    if (is_within(captured, finding->frame) && captured->num_findings < CAPTURED_FINDINGS_MAX)
        captured->findings[captured->num_findings++] =
            (cli_finding){finding->rule, finding->side, finding->frame};
    return RIG_OK;
}

static rig_status read_items(cli_captured *captured, rig_error *error)
{
    const rig_alloc *alloc = rig_alloc_libc();
    const rig_streams_config follow = {
        .alloc = alloc, .port = captured->port, .item = take_item, .ctx = captured, .whole_data = true};
    cli_evidence evidence = {.path = captured->path, .keys = captured->keys};
    const rig_lint_config judge = {.alloc = alloc, .finding = take_finding, .ctx = captured};
    captured->part.alloc = alloc;
    captured->part.max = RIG_STEPS_MAX;
    rig_status status = rig_streams_new(&follow, &evidence.streams);
    if (!status)
        status = rig_lint_new(&judge, &captured->lint);
    if (!status)
        status = cli_read_evidence(&evidence, error);
    cli_say_unread(&evidence, "iscsirig: ", stderr);
    rig_streams_free(evidence.streams);
    rig_lint_free(captured->lint);
    captured->lint = NULL;
    rig_status kept = cli_part_items(&captured->part, &captured->items);
    return status ? status : kept;
}

/* ---- a part of it ---- */

static bool is_wanted(const cli_captured *captured, const rig_step *step)
{
    return step->kind == RIG_STEP_PDU && is_within(captured, step->item.frame);
}

static rig_status keep_part(cli_captured *captured)
{
    rig_steps *steps = &captured->steps;
    if (!captured->part.from && !captured->part.to)
        return RIG_OK;
    bool *keep = calloc(steps->num_exchanges + 1, sizeof *keep);
    if (!keep)
        return RIG_E_NOMEM;
    for (size_t i = 0; i < steps->num; i++)
        if (is_wanted(captured, &steps->ptr[i]))
            keep[steps->ptr[i].exchange] = true;
    rig_status status = rig_steps_needed(steps, keep);
    if (!status)
        status = rig_steps_keep(steps, keep);
    free(keep);
    return status;
}

static void set_secrets(cli_captured *captured)
{
    rig_replay *replay = &captured->replay;
    for (uint32_t i = 0; i < captured->auth.num && replay->num_secrets < RIG_STEPS_SECRETS_MAX; i++) {
        const target_identity *identity = &captured->auth.identities[i];
        replay->secrets[replay->num_secrets++] =
            (rig_step_secret){identity->user, rig_view_of(identity->secret, identity->len)};
    }
}

static rig_view base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return rig_view_str(slash ? slash + 1 : path);
}

/* A capture that ends badly still has what stands before that. */
static rig_status bear(const cli_captured *captured, rig_status status, const rig_error *error)
{
    bool ours = status == RIG_E_NOMEM || status == RIG_E_LIMIT;
    if (status && !ours && captured->items.num)
        cli_complain("%s; what stands before it is taken", error->text);
    else if (status)
        return status;
    if (captured->broken)
        cli_complain("%s: %u places hide what was said there: bytes that are missing or no PDU",
                     captured->path, captured->broken);
    return RIG_OK;
}

int cli_captured_read(cli_captured *captured, const char *path)
{
    rig_error error = {0};
    captured->path = path;
    captured->steps.alloc = rig_alloc_libc();
    rig_status status = read_items(captured, &error);
    status = bear(captured, status, &error);
    if (!status)
        status = rig_steps_make(&captured->steps, &captured->items);
    if (!status)
        status = keep_part(captured);
    if (status == RIG_E_LIMIT)
        return cli_complain(
            "%s: more than %d PDUs and events, or %u MiB of data; give --from and --to, or cut the file "
            "first (editcap -r)",
            path, RIG_STEPS_MAX, PART_BYTES_MAX >> 20);
    if (status)
        return cli_complain("%s", error.text[0] ? error.text : rig_status_meaning(status));
    captured->replay.alloc = rig_alloc_libc();
    captured->replay.steps = &captured->steps;
    captured->replay.name = base_name(path);
    set_secrets(captured);
    return CLI_OK;
}

/* ---- breaches ---- */

static void mark(rig_steps *steps, const cli_finding *finding)
{
    for (size_t i = 0; i < steps->num; i++)
        if (steps->ptr[i].kind == RIG_STEP_PDU && steps->ptr[i].item.frame == finding->frame &&
            steps->ptr[i].to_target == (finding->side == RIG_LINT_INITIATOR))
            steps->ptr[i].at_fault = true;
}

static void take_breach(rig_replay *replay, const cli_finding *finding)
{
    for (uint32_t i = 0; i < replay->num_breaches; i++)
        if (replay->breaches[i].rule == finding->rule && replay->breaches[i].side == finding->side)
            return;
    if (replay->num_breaches < RIG_REPLAY_FINDINGS_MAX)
        replay->breaches[replay->num_breaches++] = (rig_replay_breach){finding->rule, finding->side};
}

void cli_captured_breaches(cli_captured *captured, rig_lint_side side)
{
    for (size_t i = 0; i < captured->num_findings; i++) {
        const cli_finding *finding = &captured->findings[i];
        if (side != RIG_LINT_BOTH && finding->side != side)
            continue;
        mark(&captured->steps, finding);
        take_breach(&captured->replay, finding);
    }
}

/* ---- the scenario ---- */

int cli_captured_text(const cli_captured *captured, char **out_text, size_t *out_len)
{
    rig_text text;
    rig_error error = {0};
    char *room = malloc(RIG_SCN_FILE_MAX);
    *out_text = NULL;
    if (!room)
        return cli_complain("no memory");
    rig_text_init(&text, room, RIG_SCN_FILE_MAX);
    rig_status status = rig_replay_text(&captured->replay, &text, &error);
    if (status) {
        free(room);
        return cli_complain("%s: %s", captured->path,
                            error.text[0] ? error.text : rig_status_meaning(status));
    }
    *out_text = room;
    *out_len = text.len;
    return CLI_OK;
}

void cli_captured_free(cli_captured *captured)
{
    rig_steps_cleanup(&captured->steps);
    if (captured->items.alloc)
        rig_items_cleanup(&captured->items);
    cli_part_free(&captured->part);
    rig_delete(rig_alloc_libc(), captured->with.text, captured->with.text ? captured->with.len + 1 : 0);
    target_auth_wipe(&captured->auth);
}
