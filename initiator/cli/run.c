/* One command: its words, the call, the reply for people or as JSON, what the process ends with. */
#include "cli.h"

#include <inttypes.h>
#include <stdarg.h>

/* What went wrong, as --json says it. Not a record of the calls: nothing but this line has it. */
typedef struct failure {
    char code[64], number[16], meaning[128], why[256];
    bool warning;
} failure;

static const rig_member failure_members[] = {
    {"code", RIG_MEMBER_TEXT, offsetof(failure, code), sizeof((failure *)0)->code, 0, "its word"},
    {"number", RIG_MEMBER_TEXT, offsetof(failure, number), sizeof((failure *)0)->number, 0, "its number"},
    {"meaning", RIG_MEMBER_TEXT, offsetof(failure, meaning), sizeof((failure *)0)->meaning, 0, "for people"},
    {"why", RIG_MEMBER_TEXT, offsetof(failure, why), sizeof((failure *)0)->why, 0, "more, when there is"},
    {"warning", RIG_MEMBER_BOOL, offsetof(failure, warning), sizeof(bool), 0, "it was done all the same"},
};
static const rig_shape failure_shape = {"failure", sizeof(failure), failure_members,
                                        sizeof failure_members / sizeof failure_members[0]};

int cli_complain(const cli *c, const char *format, ...)
{
    char line[1024];
    rig_text text;
    va_list args;
    rig_text_init(&text, line, sizeof line);
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    fprintf(c->err, "iscsicli: %s\n", line);
    return CLI_USAGE;
}

bool cli_json(const cli *c, FILE *out, const rig_shape *shape, const void *record)
{
    char *text = NULL;
    size_t len = 0;
    if (rig_record_to_json(c->alloc, shape, record, RIG_JSON_HIDE, &text, &len) != RIG_OK) {
        cli_complain(c, "no memory for the reply");
        return false;
    }
    fprintf(out, "%.*s\n", (int)len, text);
    rig_delete(c->alloc, text, len + 1);
    return true;
}

static void fill(char *out, size_t size, const char *text)
{
    rig_text to;
    rig_text_init(&to, out, size);
    rig_text_add(&to, "%s", text);
}

static void tell(const cli *c, rig_code code, const rig_error *why)
{
    failure f = {.warning = rig_code_is_warning(code)};
    rig_text text;
    rig_text_init(&text, f.why, sizeof f.why);
    cli_safe(&text, rig_view_str(why->text));
    fill(f.code, sizeof f.code, rig_code_name(code));
    fill(f.meaning, sizeof f.meaning, rig_code_meaning(code));
    rig_text_init(&text, f.number, sizeof f.number);
    rig_text_add(&text, "0x%08" PRIx32, (uint32_t)code);
    if (c->json)
        cli_json(c, c->err, &failure_shape, &f);
    else
        cli_complain(c, "%s (%s): %s%s%s", f.code, f.number, f.meaning, f.why[0] ? ": " : "", f.why);
}

/* Warnings have a reply as success has; a SCSI command that failed tells its status and sense data. False:
 * the reply could not be shown. */
static bool show(const cli *c, const cli_request *request, rig_code code, const void *reply)
{
    bool is_done = code == RIG_CODE_SUCCESS || rig_code_is_warning(code);
    if (!is_done && code != RIG_CODE_SCSI_REQUEST_FAILED)
        return true;
    if (c->json)
        return cli_json(c, c->out, rig_shape_of(request->call->reply), reply);
    if (is_done)
        cli_show(c, request, reply);
    else
        cli_show_scsi_failure(c->out, reply);
    return true;
}

static int make(const cli *c, const cli_request *request)
{
    rig_error why = {0};
    const rig_shape *shape = rig_shape_of(request->call->reply);
    rig_code code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    void *reply = rig_new(c->alloc, shape->size);
    bool is_shown = reply != NULL;
    if (reply && request->verb->refusal) {
        code = RIG_CODE_REQUEST_NOT_SUPPORTED;
        fill(why.text, sizeof why.text, request->verb->refusal);
    } else if (reply) {
        code = c->caller.call(c->caller.ctx, request->call->id, request->place.record, reply, &why);
        is_shown = show(c, request, code, reply);
    }
    if (code != RIG_CODE_SUCCESS)
        tell(c, code, &why);
    if (reply) /* what is in it comes from the caller */
        rig_record_clear(rig_alloc_libc(), shape, reply);
    rig_delete(c->alloc, reply, shape->size);
    return is_shown && (code == RIG_CODE_SUCCESS || rig_code_is_warning(code)) ? CLI_DONE : CLI_FAILED;
}

static int unknown(const cli *c, const char *word)
{
    const cli_verb *near = cli_verb_near(word);
    if (near)
        return cli_complain(c, "there is no verb \"%s\", did you mean %s?", word, near->name);
    return cli_complain(c, "there is no verb \"%s\"; iscsicli --help lists them", word);
}

int cli_run(const cli *c, char **words, size_t num)
{
    cli_request request;
    rig_error error = {0};
    const cli_verb *verb = cli_verb_find(words[0]);
    if (!verb)
        return unknown(c, words[0]);
    if (num == 2 && cli_asks_usage(words[1])) {
        cli_usage_of(verb, c->out);
        return CLI_DONE;
    }
    rig_status status = cli_parse(c, verb, words + 1, num - 1, &request, &error);
    if (status) {
        cli_complain(c, "%s; %s -? tells the arguments", error.text, verb->name);
        return status == RIG_E_NOMEM ? CLI_FAILED : CLI_USAGE;
    }
    int end = make(c, &request);
    cli_request_free(&request);
    return end;
}
