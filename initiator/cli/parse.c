/* A verb's words, read in the order of its row of the table. */
#include "cli.h"

#include <inttypes.h>

#define MAPPED_WORDS 4 /* target LUN, bus, target and LUN of the operating system */

/* Where the words are taken from. */
typedef struct words {
    char **next;
    size_t left;
} words;

static bool is_star(const char *word)
{
    return strcmp(word, "*") == 0;
}

/* err, with the argument it is about in front. */
static rig_status about(const cli_verb *verb, const char *name, rig_status status, rig_error *err)
{
    rig_error why = *err;
    return rig_fail(err, status, "%s: <%s>: %s", verb->name, name, why.text);
}

/* ---- mappings ---- */

static rig_status put(cli_request *r, const char *path, const char *value, rig_error *err)
{
    return rig_record_set(r->place.alloc, r->place.shape, r->place.record, rig_view_str(path),
                          rig_view_str(value), err);
}

/* The record has one bus and one target for all LUNs, as ISCSI_TARGET_MAPPING has. */
static rig_status put_same(cli_request *r, size_t index, const char *word, const char *value, rig_error *err)
{
    char path[64], before[32], now[32];
    rig_text text;
    rig_text_init(&text, path, sizeof path);
    rig_text_add(&text, "mapping.%s", word);
    rig_text_init(&text, before, sizeof before);
    rig_record_get(r->place.shape, r->place.record, rig_view_str(path), &text, NULL);
    rig_status status = put(r, path, is_star(value) ? "0xffffffff" : value, err);
    rig_text_init(&text, now, sizeof now);
    rig_record_get(r->place.shape, r->place.record, rig_view_str(path), &text, NULL);
    if (!status && index && strcmp(before, now) != 0)
        return rig_fail(err, RIG_E_SYNTAX, "all LUNs of a mapping have one %s number", word + 3);
    return status;
}

static rig_status put_mapped(cli_request *r, size_t index, char **group, rig_error *err)
{
    char path[64], digits[24];
    rig_text text;
    uint64_t lun = 0;
    rig_status status = cli_lun(rig_view_str(group[0]), &lun, err);
    rig_text_init(&text, digits, sizeof digits);
    rig_text_add(&text, "0x%016" PRIx64, lun);
    rig_text_init(&text, path, sizeof path);
    rig_text_add(&text, "mapping.luns.%zu.target-lun", index);
    if (!status)
        status = put(r, path, digits, err);
    if (!status)
        status = put_same(r, index, "os-bus", group[1], err);
    if (!status)
        status = put_same(r, index, "os-target", group[2], err);
    rig_text_init(&text, path, sizeof path);
    rig_text_add(&text, "mapping.luns.%zu.os-lun", index);
    return status ? status : put(r, path, group[3], err);
}

static rig_status take_mappings(cli_request *r, const char *word, words *from, rig_error *err)
{
    uint64_t num = 0;
    rig_status status = RIG_OK;
    if (!is_star(word) && (!rig_view_u64(rig_view_str(word), &num) || num > CLI_MAPPED_MAX))
        return rig_fail(err, RIG_E_SYNTAX, "a number up to %d is wanted", CLI_MAPPED_MAX);
    if (from->left < num * MAPPED_WORDS)
        return rig_fail(err, RIG_E_SYNTAX, "%" PRIu64 " groups of %d words are wanted behind it", num,
                        MAPPED_WORDS);
    if (num)
        status = put(r, "has-mapping", "yes", err);
    for (size_t i = 0; i < num && !status; i++)
        status = put_mapped(r, i, from->next + i * MAPPED_WORDS, err);
    from->next += num * MAPPED_WORDS;
    from->left -= (size_t)num * MAPPED_WORDS;
    return status;
}

/* ---- all arguments ---- */

static rig_status take_brief(cli_request *r, const char *word, rig_error *err)
{
    static const char *const words_for[] = {"T", "t", "*", "F", "f"};
    for (size_t i = 0; i < sizeof words_for / sizeof words_for[0]; i++)
        if (strcmp(word, words_for[i]) == 0) {
            r->brief = i > 2;
            return RIG_OK;
        }
    return rig_fail(err, RIG_E_SYNTAX, "T or F is wanted");
}

static rig_status take_word(const cli *c, cli_request *r, const cli_arg *arg, const char *word, words *from,
                            rig_error *err)
{
    if (arg->kind == CLI_MAPPINGS)
        return take_mappings(r, word, from, err);
    if (arg->kind == CLI_BRIEF)
        return take_brief(r, word, err);
    return is_star(word) ? cli_star(arg, &r->place, err)
                         : cli_value(c, arg, &r->place, rig_view_str(word), err);
}

/* What is missing at the end is as if it were '*'. */
static rig_status take_args(const cli *c, cli_request *r, words *from, rig_error *err)
{
    rig_status status = RIG_OK;
    for (const cli_arg *arg = r->verb->args; arg->kind != CLI_NONE && !status; arg++) {
        const char *word = "*";
        if (from->left) {
            word = *from->next++;
            from->left--;
        }
        status = take_word(c, r, arg, word, from, err);
        if (status)
            status = about(r->verb, arg->name, status, err);
    }
    if (!status && from->left)
        return rig_fail(err, RIG_E_SYNTAX, "%s: %zu words too many", r->verb->name, from->left);
    return status;
}

/* The words of secrets, whether they were understood or not: they are in the list of processes. */
static void wipe(const cli_verb *verb, char **all, size_t num)
{
    for (size_t i = 0; i < num && verb->args[i].kind != CLI_NONE; i++)
        if (verb->args[i].kind == CLI_SECRET)
            cli_wipe_word(all[i]);
}

static rig_status begin(const cli *c, const cli_verb *verb, size_t num, cli_request *out, rig_error *err)
{
    const rig_call *call = rig_call_of(verb->call);
    if (num < cli_num_needed(verb))
        return rig_fail(err, RIG_E_SYNTAX, "%s: <%s> and what follows is missing", verb->name,
                        verb->args[num].name);
    if (verb->bare && num == 0)
        call = rig_call_find(rig_view_str(verb->bare));
    *out = (cli_request){.verb = verb, .call = call};
    out->place = (cli_place){.alloc = c->alloc, .shape = rig_shape_of(call->request)};
    out->place.record = rig_new(c->alloc, out->place.shape->size);
    if (!out->place.record)
        return rig_fail(err, RIG_E_NOMEM, "no memory for the call");
    return call->id == verb->call ? cli_set_all(&out->place, verb->fixed, err) : RIG_OK;
}

rig_status cli_parse(const cli *c, const cli_verb *verb, char **all, size_t num, cli_request *out,
                     rig_error *err)
{
    words from = {all, num};
    *out = (cli_request){0};
    rig_status status = begin(c, verb, num, out, err);
    if (!status && out->call->id == verb->call)
        status = take_args(c, out, &from, err);
    wipe(verb, all, num);
    if (status)
        cli_request_free(out);
    return status;
}

void cli_request_free(cli_request *request)
{
    const cli_place *at = &request->place;
    if (at->record) {
        rig_record_clear(at->alloc, at->shape, at->record);
        rig_delete(at->alloc, at->record, at->shape->size);
    }
    *request = (cli_request){0};
}
