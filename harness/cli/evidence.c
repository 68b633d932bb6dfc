#include "evidence.h"

#include "cli.h"
#include "rig/capture.h"

#include <unistd.h>

#define KEYS_MAX (16u << 20) /* bytes of one file of keys */

typedef struct reading {
    const cli_evidence *evidence;
    rig_ipsec_reader *ipsec;
    rig_capture *capture;
} reading;

static rig_status take_event(void *ctx, const rig_ipsec_event *event)
{
    const cli_evidence *evidence = ctx;
    const rig_ipsec_guard *guard = event->is.guard;
    if (event->kind == RIG_IPSEC_GUARD)
        rig_streams_guard(evidence->streams, &guard->ends[0], &guard->ends[1], guard->port);
    return evidence->event ? evidence->event(evidence->ctx, event) : RIG_OK;
}

/* ---- keys ---- */

static rig_status add_keys(rig_ipsec_reader *ipsec, const char *path, rig_ipsec_keys kind, rig_error *err)
{
    char *text = NULL;
    size_t len = 0;
    rig_status status = cli_read(path, KEYS_MAX, &text, &len, err);
    if (!status)
        status = rig_ipsec_keys_add(ipsec, kind, rig_view_of(text, len), err);
    if (status && err->line) {
        rig_error said = *err;
        rig_fail(err, status, "%s:%u:%u: %s", path, said.line, said.col, said.text);
    }
    if (text) {
        rig_secret_wipe(text, len);
        rig_delete(rig_alloc_libc(), text, len + 1);
    }
    return status;
}

static rig_status find_keys(rig_ipsec_reader *ipsec, const cli_evidence *evidence, rig_error *err)
{
    static const struct {
        const char *suffix;
        rig_ipsec_keys kind;
    } rows[] = {{"ike", RIG_IPSEC_KEYS_IKE}, {"esp", RIG_IPSEC_KEYS_ESP}, {"keymat", RIG_IPSEC_KEYS_KEYMAT}};
    const char *prefix = evidence->keys ? evidence->keys : evidence->path;
    rig_status status = RIG_OK;
    unsigned found = 0;
    char path[CLI_PATH_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !status; i++) {
        rig_text text;
        rig_text_init(&text, path, sizeof path);
        rig_text_add(&text, "%s.%s", prefix, rows[i].suffix);
        if (text.cut || access(path, F_OK) != 0)
            continue;
        found++;
        status = add_keys(ipsec, path, rows[i].kind, err);
    }
    if (!status && evidence->keys && !found)
        status =
            rig_fail(err, RIG_E_NOT_FOUND, "no keys: neither %s.ike nor .esp nor .keymat is there", prefix);
    return status;
}

/* ---- packets ---- */

static rig_status take_packet(reading *r, rig_error *err)
{
    rig_streams *streams = r->evidence->streams;
    uint64_t time;
    rig_link_type link;
    rig_view bytes, inner;
    uint32_t wire_len;
    rig_status status = rig_capture_next(r->capture, &time, &link, &bytes, &wire_len, err);
    if (!status)
        status = rig_ipsec_packet(r->ipsec, time, link, bytes, wire_len, &inner);
    if (status)
        return status;
    return inner.len ? rig_streams_inside(streams, time, inner)
                     : rig_streams_packet(streams, time, link, bytes, wire_len);
}

static rig_status read_packets(reading *r, rig_error *err)
{
    rig_status status = RIG_OK;
    while (!status)
        status = take_packet(r, err);
    rig_status end = rig_streams_end(r->evidence->streams);
    return status == RIG_E_NOT_FOUND ? end : status;
}

rig_status cli_read_evidence(cli_evidence *evidence, rig_error *err)
{
    reading r = {.evidence = evidence};
    const rig_ipsec_reader_config config = {.alloc = rig_alloc_libc(), .event = take_event, .ctx = evidence};
    rig_status status = cli_check_capture(evidence->path, err);
    if (!status)
        status = rig_capture_open(rig_alloc_libc(), evidence->path, &r.capture, err);
    if (!status)
        status = rig_ipsec_reader_new(&config, &r.ipsec);
    if (!status)
        status = find_keys(r.ipsec, evidence, err);
    evidence->begun = !status;
    if (!status)
        status = read_packets(&r, err);
    rig_ipsec_reader_free(r.ipsec);
    rig_capture_close(r.capture);
    return status;
}
