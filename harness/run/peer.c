/* Somebody else's product: where it is, or the command that starts it. */
#include "world.h"

#define COMMAND_MAX 4096
#define PEER_CANNOT_RUN 126 /* exit status of a shell that cannot run a program … */
#define PEER_LACKS 127      /* … or finds none; of a program that lacks what is asked for */

static rig_status bad_url(rig_error *err, rig_view text)
{
    return rig_fail(err, RIG_E_SYNTAX, "\"%.*s\": wanted iscsi://host[:port][/iqn[/lun]]",
                    RIG_VIEW_ARG(text));
}

rig_status rig_run_url_parse(rig_view text, rig_run_url *out_url, rig_error *err)
{
    static const char scheme[] = "iscsi://";
    rig_view rest = text;
    *out_url = (rig_run_url){0};
    if (!rig_view_starts(rest, scheme))
        return bad_url(err, text);
    rest = rig_view_sub(rest, sizeof scheme - 1, rest.len);
    rig_view host = rig_view_split(&rest, '/');
    if (host.len == 0 || rig_portal_parse(host, &out_url->portal, err))
        return bad_url(err, text);
    rig_view name = rest.ptr ? rig_view_split(&rest, '/') : (rig_view){0};
    uint64_t lun = 0;
    if (name.len > RIG_NAME_MAX || (rest.len && (!rig_view_u64(rest, &lun) || lun > 16383)))
        return bad_url(err, text);
    if (name.len)
        memcpy(out_url->target, name.ptr, name.len);
    out_url->lun = (uint32_t)lun;
    return RIG_OK;
}

/* ---- the command of a product's initiator ---- */

static void put_host(const run_world *world, rig_text *out)
{
    rig_text_add(out, "%s", world->portal.host);
}

static void put_port(const run_world *world, rig_text *out)
{
    rig_text_add(out, "%u", world->portal.port);
}

static void put_iqn(const run_world *world, rig_text *out)
{
    const rig_scn_target *target = &world->scn->target;
    rig_text_view(out, target->num_nodes ? target->nodes[0].name : (rig_view){0});
}

static uint32_t first_lun(const run_world *world)
{
    const rig_scn_target *target = &world->scn->target;
    return target->num_nodes && target->nodes[0].num_luns ? target->nodes[0].luns[0].lun : 0;
}

static void put_lun(const run_world *world, rig_text *out)
{
    rig_text_add(out, "%u", first_lun(world));
}

static void put_url(const run_world *world, rig_text *out)
{
    rig_text_add(out, "iscsi://");
    rig_portal_print(out, &world->portal);
    rig_text_add(out, "/");
    put_iqn(world, out);
    rig_text_add(out, "/%u", first_lun(world));
}

static const struct {
    const char *name;
    void (*put)(const run_world *world, rig_text *out);
} fillings[] = {
    {"host", put_host}, {"port", put_port}, {"iqn", put_iqn}, {"lun", put_lun}, {"url", put_url},
};

#define FILLINGS (sizeof fillings / sizeof fillings[0])

static size_t filling_find(rig_view name)
{
    size_t i = 0;
    while (i < FILLINGS && !rig_view_is(name, fillings[i].name))
        i++;
    return i;
}

/* The name in braces that `at` begins with; empty when they are the shell's: ${x}, { list; }, words of more
 * than letters. */
static rig_view filling_at(const char *command, const char *at)
{
    size_t len = 1;
    if (at[0] != '{' || (at > command && at[-1] == '$'))
        return (rig_view){0};
    while ((at[len] >= 'a' && at[len] <= 'z') || at[len] == '-' || at[len] == '_')
        len++;
    return at[len] == '}' ? rig_view_of(at + 1, len - 1) : (rig_view){0};
}

rig_status rig_run_command_check(const char *command, rig_error *err)
{
    for (const char *at = command; *at; at++) {
        rig_view name = filling_at(command, at);
        if (name.len && filling_find(name) == FILLINGS)
            return rig_fail(err, RIG_E_NOT_FOUND,
                            "{%.*s} is not filled in; there are {host} {port} {iqn} {lun} {url}",
                            RIG_VIEW_ARG(name));
    }
    return RIG_OK;
}

static void fill_in(const run_world *world, rig_text *out)
{
    const char *command = world->config->command;
    for (const char *at = command; *at; at++) {
        rig_view name = filling_at(command, at);
        size_t found = name.len ? filling_find(name) : FILLINGS;
        if (found == FILLINGS) {
            rig_text_view(out, rig_view_of(at, 1));
            continue;
        }
        fillings[found].put(world, out);
        at += name.len + 1;
    }
}

static void child_done(void *ctx, int exit_status)
{
    run_world *world = ctx;
    world->child_done = true;
    world->child_status = exit_status;
}

static bool child_over(void *ctx)
{
    const run_world *world = ctx;
    return world->child_done;
}

static rig_status run_shell(run_world *world, const char *command, rig_error *err)
{
    world->child_done = false;
    rig_status status = rig_child_start(world->loop, command, NULL, child_done, world, &world->child, err);
    return status ? status : run_pump(world, child_over, world, RIG_RUN_VIRTUAL_MAX);
}

/* The shell says 126 or 127 when there is no such program, and a program may say so itself: the shell is
 * asked. What is more than a plain word is its affair. */
static bool no_such_program(run_world *world, rig_view word)
{
    char command[COMMAND_MAX];
    rig_text text;
    rig_error error = {0};
    for (size_t i = 0; i < word.len; i++)
        if (strchr("=\"'$`(){}[];&|<>*?~\\", word.ptr[i]))
            return false;
    rig_text_init(&text, command, sizeof command);
    rig_text_add(&text, "command -v %.*s", RIG_VIEW_ARG(word));
    return !text.cut && run_shell(world, command, &error) == RIG_OK && world->child_status != 0;
}

/* The case says nothing: it could not be played, or the product does not offer what it is about. */
static bool no_verdict(run_world *world, rig_verdict verdict, const char *reason)
{
    world->settled = true;
    world->result->verdict = verdict;
    world->result->unsupported = verdict == RIG_VERDICT_SKIP;
    if (rig_result_text(world->result, &world->result->reason, rig_view_str(reason)))
        world->recorder.status = RIG_E_NOMEM;
    return false;
}

static bool peer_failed(run_world *world, rig_view command, const char *what)
{
    rig_finding *finding =
        rig_result_finding(world->result, RIG_FINDING_STEP, world->scn->target.place, what);
    if (finding)
        rig_result_text(world->result, &finding->expected, command);
    return false;
}

/* True when the end of the command says that it did what it was asked for. */
static bool judge_end(run_world *world, rig_view command)
{
    char what[COMMAND_MAX];
    rig_text text;
    int ended = world->child_status;
    bool shell = ended == PEER_CANNOT_RUN || ended == PEER_LACKS;
    rig_text_init(&text, what, sizeof what);
    if (ended == 0)
        return true;
    rig_view rest = command, word = rig_view_split(&rest, ' ');
    if (shell && no_such_program(world, word)) {
        rig_text_add(&text, "there is no program \"%.*s\"", RIG_VIEW_ARG(word));
        return no_verdict(world, RIG_VERDICT_ERROR, what);
    }
    if (ended == PEER_LACKS)
        return no_verdict(world, RIG_VERDICT_SKIP, RIG_RUN_LACKS ": its command ended with 127");
    rig_text_add(&text, "the command ended with exit status %d", ended);
    return peer_failed(world, command, what);
}

/* The product's command takes the place of the steps: the case goes on until it ends. */
bool run_peer_command(run_world *world)
{
    char command[COMMAND_MAX];
    rig_text text;
    rig_error error = {0};
    rig_text_init(&text, command, sizeof command);
    fill_in(world, &text);
    rig_view whole = rig_view_of(command, text.len);
    if (text.cut)
        return peer_failed(world, whole, "the command is too long");
    rig_status status = run_shell(world, command, &error);
    if (error.text[0])
        return peer_failed(world, whole, error.text);
    return status ? peer_failed(world, whole, run_why_stopped(world, status)) : judge_end(world, whole);
}
