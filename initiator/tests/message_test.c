/* Management calls as lines: what a socket carries, and what comes over it from strangers. */
#include "rig/message.h"
#include "suite.h"

static rig_alloc_meter meter;

static const rig_alloc *memory(void)
{
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    return &meter.alloc;
}

static rig_view body(const rig_line *line)
{
    return rig_view_of(line->ptr, line->len - 1);
}

static void text_set(char *out, size_t size, const char *text)
{
    rig_text t;
    rig_text_init(&t, out, size);
    rig_text_add(&t, "%s", text);
}

/* Every call's request, filled where it has a secret, comes out as it went in. */
static void requests(void)
{
    const rig_alloc *alloc = memory();
    for (rig_call_id id = 0; id < RIG_CALLS; id++) {
        const rig_call *call = rig_call_of(id), *found = NULL;
        void *sent = rig_new(alloc, rig_shape_of(call->request)->size), *got = NULL;
        rig_line line;
        rig_error error = {0};
        CU_ASSERT_PTR_EQUAL(rig_call_find(rig_view_str(call->word)), call);
        CU_ASSERT_EQUAL(rig_request_write(alloc, call, sent, &line), RIG_OK);
        CU_ASSERT_EQUAL(rig_request_read(alloc, body(&line), &found, &got, &error), RIG_OK);
        CU_ASSERT_PTR_EQUAL(found, call);
        CU_ASSERT_TRUE(rig_record_equal(rig_shape_of(call->request), sent, got));
        rig_request_free(alloc, call, got);
        rig_request_free(alloc, call, sent);
        rig_line_free(alloc, &line);
    }
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

/* A request carries secrets, an answer does not. */
static void secrets(void)
{
    const rig_alloc *alloc = memory();
    const rig_call *login = rig_call_of(RIG_CALL_LOGIN), *report = rig_call_of(RIG_CALL_REPORT_LOGINS);
    rig_logins reply = {0};
    rig_login *one = rig_list_add(alloc, RIG_SHAPE(login), &reply.logins);
    rig_line line;
    CU_ASSERT_PTR_NOT_NULL_FATAL(one);
    rig_octets_set(&one->options.password, rig_view_str("hush-hush-hush"));
    CU_ASSERT_EQUAL(rig_request_write(alloc, login, one, &line), RIG_OK);
    CU_ASSERT_PTR_NOT_NULL(memmem(line.ptr, line.len, "hush", 4));
    rig_line_free(alloc, &line);
    CU_ASSERT_EQUAL(rig_answer_write(alloc, report, RIG_CODE_SUCCESS, &reply, NULL, &line), RIG_OK);
    CU_ASSERT_PTR_NULL(memmem(line.ptr, line.len, "hush", 4));
    rig_line_free(alloc, &line);
    rig_record_clear(alloc, RIG_SHAPE(logins), &reply);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void answers(void)
{
    const rig_alloc *alloc = memory();
    const rig_call *call = rig_call_of(RIG_CALL_GET_NODE_NAME);
    rig_label sent = {.text = "iqn.2026-01.example:\t\"quoted\""}, got = {0};
    rig_error said = {0}, why = {0}, error = {0};
    rig_code code = RIG_CODE_SUCCESS;
    rig_line line;
    rig_fail_at(&said, RIG_E_REFUSED, 0, "port", "it is\nclosed\tthere");
    CU_ASSERT_EQUAL(rig_answer_write(alloc, call, RIG_CODE_OPERATION_REQUIRES_REBOOT, &sent, &said, &line),
                    RIG_OK);
    CU_ASSERT_EQUAL(rig_view_find(rig_view_of(line.ptr, line.len), '\n'), line.len - 1);
    CU_ASSERT_EQUAL(rig_answer_read(alloc, call, body(&line), &code, &got, &why, &error), RIG_OK);
    CU_ASSERT_EQUAL(code, RIG_CODE_OPERATION_REQUIRES_REBOOT);
    CU_ASSERT_STRING_EQUAL(got.text, sent.text);
    CU_ASSERT_STRING_EQUAL(why.text, "port: it is closed there");
    rig_line_free(alloc, &line);
    CU_ASSERT_EQUAL(rig_answer_write(alloc, call, RIG_CODE_TARGET_NOT_FOUND, NULL, NULL, &line), RIG_OK);
    CU_ASSERT_TRUE(rig_view_is(body(&line), "0xefff0029 {}"));
    rig_line_free(alloc, &line);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void hostile(void)
{
    static const char *const bad_requests[] = {"",
                                               " ",
                                               "login",
                                               "no-such-call {}",
                                               "login {",
                                               "login []",
                                               "login {\"target\":7}",
                                               "login {} {}",
                                               "LOGIN {}"};
    static const char *const bad_answers[] = {
        "", "{}", "0x1", "0x1{}", "0x100000000 {}", "x {}", "0x0 {\"text\":1}", "0x0\t{}"};
    const rig_alloc *alloc = memory();
    for (size_t i = 0; i < sizeof bad_requests / sizeof bad_requests[0]; i++) {
        const rig_call *call = NULL;
        void *request = NULL;
        rig_error error = {0};
        CU_ASSERT_NOT_EQUAL(rig_request_read(alloc, rig_view_str(bad_requests[i]), &call, &request, &error),
                            RIG_OK);
        CU_ASSERT_NOT_EQUAL(error.text[0], 0);
    }
    for (size_t i = 0; i < sizeof bad_answers / sizeof bad_answers[0]; i++) {
        rig_label reply = {0};
        rig_error why = {0}, error = {0};
        rig_code code = RIG_CODE_SUCCESS;
        CU_ASSERT_NOT_EQUAL(rig_answer_read(alloc, rig_call_of(RIG_CALL_GET_NODE_NAME),
                                            rig_view_str(bad_answers[i]), &code, &reply, &why, &error),
                            RIG_OK);
        CU_ASSERT_NOT_EQUAL(error.text[0], 0);
    }
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void no_memory(void)
{
    rig_login login = {0};
    text_set(login.target, sizeof login.target, "iqn.2026-01.example:t");
    const rig_call *call = rig_call_of(RIG_CALL_LOGIN);
    for (uint64_t n = 1; n < 10; n++) {
        const rig_alloc *alloc = memory();
        rig_line line;
        meter.fail_at = n;
        if (rig_request_write(alloc, call, &login, &line) == RIG_OK)
            rig_line_free(alloc, &line);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
}

static void codes(void)
{
    rig_code code = RIG_CODE_SUCCESS;
    CU_ASSERT_EQUAL(rig_code_parse(rig_view_str("target-not-found"), &code), RIG_OK);
    CU_ASSERT_EQUAL((uint32_t)code, 0xEFFF0029);
    CU_ASSERT_EQUAL(rig_code_parse(rig_view_str("0xEFFF0003"), &code), RIG_OK);
    CU_ASSERT_STRING_EQUAL(rig_code_name(code), "connection-failed");
    CU_ASSERT_EQUAL(rig_code_parse(rig_view_str("0xEFFF0069"), &code), RIG_E_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(rig_code_name((rig_code)12345), "?");
    CU_ASSERT_TRUE(rig_code_is_warning(RIG_CODE_SHORT_CHAP_SECRET));
    CU_ASSERT_FALSE(rig_code_is_warning(RIG_CODE_TARGET_NOT_FOUND));
}

RIG_SUITE("management calls as lines", {"requests of every call come out as they went in", requests},
          {"requests carry secrets, answers do not", secrets},
          {"answers with code, record and reason", answers},
          {"lines that are none are refused with a reason", hostile}, {"no memory", no_memory},
          {"codes by word and by number", codes})
