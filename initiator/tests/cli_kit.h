/** @file
 * iscsicli with a service that answers what a test wants, and tells what it was asked.
 */
#ifndef CLI_KIT_H
#define CLI_KIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "suite.h"

#define KIT_WORDS 64  /**< most words of a command line */
#define KIT_LINE 4096 /**< most bytes of one */
#define KIT_CALLS 8   /**< most calls of a test */

/** kit_cli is one run of the tool. */
typedef struct kit_cli {
    rig_code code;       /**< what the service answers */
    const char *reply;   /**< with which record, as JSON; NULL = all zero */
    const char *why;     /**< and why; NULL = nothing */
    const char *input;   /**< the standard input; NULL = none */
    uint32_t num_calls;  /**< calls it got */
    rig_call_id call;    /**< the last one */
    char *request;       /**< its request as JSON, secrets included */
    char line[KIT_LINE]; /**< the words, as the tool left them */
    char *out, *err;     /**< what was said */
    int end;             /**< status of the process */
} kit_cli;

static rig_code kit_answer(void *ctx, rig_call_id id, const void *request, void *reply, rig_error *err)
{
    kit_cli *k = ctx;
    const rig_call *call = rig_call_of(id);
    size_t len = 0;
    rig_error error = {0};
    free(k->request);
    k->request = NULL;
    k->call = id;
    k->num_calls++;
    CU_ASSERT_EQUAL(rig_record_to_json(rig_alloc_libc(), rig_shape_of(call->request), request, RIG_JSON_KEEP,
                                       &k->request, &len),
                    RIG_OK);
    if (k->reply)
        CU_ASSERT_EQUAL(rig_record_from_json(rig_alloc_libc(), rig_shape_of(call->reply),
                                             rig_view_str(k->reply), reply, &error),
                        RIG_OK);
    if (k->why)
        rig_fail(err, RIG_E_REFUSED, "%s", k->why);
    return k->code;
}

/** kit_forget frees what a run said. */
static inline void kit_forget_cli(kit_cli *k)
{
    free(k->out);
    free(k->err);
    free(k->request);
    k->out = k->err = k->request = NULL;
}

/** kit_cut cuts a line into the words that blanks separate, in place. */
static inline size_t kit_cut(char *line, char *words[KIT_WORDS])
{
    size_t num = 0;
    for (char *at = line; *at && num < KIT_WORDS; num++) {
        words[num] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = 0;
    }
    return num;
}

/** kit_run runs the tool with words that blanks separate. */
static inline void kit_run(kit_cli *k, const char *line)
{
    char *words[KIT_WORDS];
    size_t out_len = 0, err_len = 0;
    const rig_caller caller = {kit_answer, k};
    kit_forget_cli(k);
    k->num_calls = 0;
    snprintf(k->line, sizeof k->line, "%s", line);
    int num = (int)kit_cut(k->line, words);
    FILE *in = k->input && k->input[0] ? fmemopen((void *)(uintptr_t)k->input, strlen(k->input), "r")
                                       : fopen("/dev/null", "r");
    FILE *out = open_memstream(&k->out, &out_len), *err = open_memstream(&k->err, &err_len);
    CU_ASSERT_FATAL(in && out && err);
    k->end = cli_main(in, out, err, num, words, &caller);
    fclose(in);
    fclose(out);
    fclose(err);
}

/** kit_was tells whether the last request was that record. */
static inline bool kit_was(const kit_cli *k, const char *json)
{
    const rig_shape *shape = rig_shape_of(rig_call_of(k->call)->request);
    void *wanted = rig_new(rig_alloc_libc(), shape->size), *got = rig_new(rig_alloc_libc(), shape->size);
    rig_error error = {0};
    CU_ASSERT_FATAL(wanted && got);
    bool same =
        rig_record_from_json(rig_alloc_libc(), shape, rig_view_str(json), wanted, &error) == RIG_OK &&
        rig_record_from_json(rig_alloc_libc(), shape, rig_view_str(k->request), got, &error) == RIG_OK &&
        rig_record_equal(shape, wanted, got);
    rig_record_clear(rig_alloc_libc(), shape, wanted);
    rig_record_clear(rig_alloc_libc(), shape, got);
    rig_delete(rig_alloc_libc(), wanted, shape->size);
    rig_delete(rig_alloc_libc(), got, shape->size);
    return same;
}

#endif
