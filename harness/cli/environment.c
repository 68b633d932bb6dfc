#include "environment.h"

#include "rig/timerq.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_TIMEOUT (10 * RIG_SECOND)
#define NO_SUCH_UNIT 3 /* peripheral qualifier, SPC-4 6.6.2 */

static int check_pcap_dir(const run_options *options)
{
    const char *folder = options->run.pcap_dir;
    if (!folder || options->run.keep == RIG_RUN_KEEP_NEVER || cli_make_folder(folder))
        return CLI_OK;
    return cli_complain("--pcap-dir %s: %s", folder, strerror(errno));
}

/* ---- the initiator's command ---- */

/* The first word of a command, when it is the name of a program and nothing only a shell understands. */
static rig_view program_of(const char *command)
{
    const char *word = command + strspn(command, " \t");
    size_t len = strcspn(word, " \t");
    for (size_t i = 0; i < len; i++)
        if (strchr("=$`'\"\\|&;<>(){}*?[]~#!\n", word[i]))
            return (rig_view){0};
    return rig_view_of(word, len);
}

static bool shell_knows(const char *word)
{
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "command -v -- \"$1\" >/dev/null", "sh", word, (char *)NULL);
        _exit(0);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return true;
    return status == 0;
}

static int check_command(const run_options *options)
{
    char word[CLI_PATH_SIZE];
    rig_text text;
    rig_view program = options->run.command ? program_of(options->run.command) : (rig_view){0};
    rig_text_init(&text, word, sizeof word);
    rig_text_view(&text, program);
    if (program.len == 0 || text.cut || shell_knows(word))
        return CLI_OK;
    return cli_complain("--initiator-command: %s: no such program", word);
}

/* ---- the real target ---- */

static const char find_text[] = "scenario \"The target tells a name\"\n"
                                "ref RFC7143 4.3\n"
                                "level MUST\n"
                                "needs peer\n"
                                "run\n"
                                "  discover -> $found\n"
                                "must < TextResp\n";

static const char probe_text[] = "scenario \"The target lets us in and has the unit\"\n"
                                 "ref RFC7143 6.3\n"
                                 "level MUST\n"
                                 "needs peer\n"
                                 "run\n"
                                 "  login iqn.2026-01.example.sim:disk0 -> $in\n"
                                 "  scsi lun 0 inquiry alloc=36 -> $told\n"
                                 "  logout\n"
                                 "must $in == Success\n"
                                 "must $told == good\n";

static const struct {
    const char *outcome;
    const char *meaning;
} outcomes[] = {
    {"refused", "nothing accepts connections there"},
    {"unreachable", "the host cannot be reached"},
    {"not-found", "the target has no node of that name"},
    {"check-condition", "the logical unit does not answer"},
};

/* "$in: want == Success, got not-found: …": the word of the first result that is not as it has to be. */
static rig_view outcome_of(const rig_result *result)
{
    static const char before[] = ", got ";
    for (uint32_t i = 0; i < result->num_findings; i++) {
        const rig_finding *finding = &result->findings[i];
        const char *got =
            finding->kind == RIG_FINDING_MUST && finding->text ? strstr(finding->text, before) : NULL;
        if (got)
            return rig_view_of(got + sizeof before - 1, strcspn(got + sizeof before - 1, ": "));
    }
    return (rig_view){0};
}

static int tell(const run_options *options, const rig_result *result)
{
    rig_view outcome = outcome_of(result);
    if (result->timed_out)
        return cli_complain("--target %s: no answer to a login", options->url_text);
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        if (rig_view_is(outcome, outcomes[i].outcome))
            return cli_complain("--target %s: %s", options->url_text, outcomes[i].meaning);
    if (outcome.len)
        return cli_complain("--target %s: the login ended with %.*s", options->url_text,
                            RIG_VIEW_ARG(outcome));
    return cli_complain("--target %s: %s", options->url_text,
                        result->reason ? result->reason : "a login could not be tried");
}

static bool unit_is_missing(const rig_result *result)
{
    for (size_t i = 0; i < result->items.num; i++) {
        const rig_item *item = &result->items.ptr[i];
        if (item->kind == RIG_ITEM_PDU && rig_pdu_kind_of(item->pdu.bhs) == RIG_PDU_DATA_IN &&
            item->pdu.data.len)
            return item->pdu.data.ptr[0] >> 5 == NO_SUCH_UNIT;
    }
    return false;
}

static bool first_name(const rig_result *result, char *out, size_t size)
{
    for (size_t i = 0; i < result->items.num; i++) {
        const rig_item *item = &result->items.ptr[i];
        rig_view rest = item->text;
        rig_pair pair;
        if (item->kind != RIG_ITEM_PDU || rig_pdu_kind_of(item->pdu.bhs) != RIG_PDU_TEXT_RESP)
            continue;
        while (rest.len && rig_pair_next(item->text.ptr, &rest, &pair, NULL) == RIG_OK)
            if (rig_view_is(pair.key, "TargetName") && pair.value.len < size) {
                memcpy(out, pair.value.ptr, pair.value.len);
                out[pair.value.len] = 0;
                return true;
            }
    }
    return false;
}

static rig_status play_text(const run_options *options, const char *text, rig_scn_file **out_file,
                            rig_result *result)
{
    rig_run_config run = options->run;
    const rig_scn_config config = {.alloc = run.alloc};
    run.timeout = PROBE_TIMEOUT;
    run.pcap_dir = NULL;
    run.keep_items = true;
    rig_status status = rig_scn_open(&config, rig_view_str("probe"), rig_view_str(text), out_file, NULL);
    return status ? status : rig_run_case(&run, *out_file, "probe", 0, result);
}

static int judge_probe(run_options *options, const char *text, const rig_result *result)
{
    if (*options->run.stop)
        return CLI_OK;
    if (result->verdict != RIG_VERDICT_PASS && text == find_text)
        return cli_complain("--target %s: no portal there answers a discovery session", options->url_text);
    if (result->verdict != RIG_VERDICT_PASS)
        return tell(options, result);
    if (text == probe_text && unit_is_missing(result))
        return cli_complain("--target %s: the target has no logical unit %u", options->url_text,
                            options->url.lun);
    if (text == find_text && !first_name(result, options->url.target, sizeof options->url.target))
        return cli_complain("--target %s: discovery tells no target", options->url_text);
    return CLI_OK;
}

static int try_target(run_options *options, const char *text)
{
    rig_scn_file *file = NULL;
    rig_result result = {0};
    rig_status status = play_text(options, text, &file, &result);
    int bad = status ? cli_complain("--target: %s", rig_status_meaning(status))
                     : judge_probe(options, text, &result);
    rig_result_cleanup(&result);
    rig_scn_file_free(file);
    return bad;
}

/* With `open` only cases that bring no credentials count: nobody else's login is a hint whether theirs works.
 */
static bool anything_to_play(const run_options *options, const cli_selection *selection, bool open)
{
    bool any = false;
    for (size_t i = 0; i < selection->num_picks && !any; i++) {
        rig_scn *scn = NULL;
        const cli_pick *pick = &selection->picks[i];
        any = rig_scn_case(pick->scenario->file, pick->case_index, &scn, NULL) == RIG_OK &&
              !rig_run_why_not(&options->run, scn) && !(open && scn->initiator.auth.method.len);
        rig_scn_free(scn);
    }
    return any;
}

int cli_check_environment(run_options *options, const cli_selection *selection)
{
    int bad = check_pcap_dir(options);
    if (!bad)
        bad = check_command(options);
    if (bad || options->run.mode != RIG_RUN_TARGET || !anything_to_play(options, selection, false))
        return bad;
    if (!options->url.target[0])
        bad = try_target(options, find_text);
    return bad || !anything_to_play(options, selection, true) ? bad : try_target(options, probe_text);
}
