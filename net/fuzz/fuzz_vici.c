/*
 * The codec of vici messages, and the provider behind it, in front of a hostile charon. The first byte says
 * which: 0 the codec alone, whose errors stay inside the input, and what it takes apart and puts together
 * again is the same; else a pair is wished for and connected, and the rest is what charon says, the value of
 * the first byte as many bytes at once. Nothing but the very association that was wished for makes a
 * connection.
 */
#include <stdlib.h>

#include "rig/vici.h"
#include "rig/vici_message.h"

#define COPY_MAX (64 * 1024)
#define TICKS 4

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- the codec ---- */

static const char *text_of(char out[RIG_VICI_NAME_MAX + 1], rig_view name)
{
    require(name.len > 0 && name.len <= RIG_VICI_NAME_MAX);
    memcpy(out, name.ptr, name.len);
    out[name.len] = 0;
    return out;
}

/* False: what the writer has no way to say the same for. */
static bool copy_element(rig_vici_writer *writer, const rig_vici_element *element)
{
    char name[RIG_VICI_NAME_MAX + 1];
    if (element->name.len && memchr(element->name.ptr, 0, element->name.len))
        return false;
    if (element->kind == RIG_VICI_SECTION_START)
        rig_vici_open(writer, text_of(name, element->name));
    else if (element->kind == RIG_VICI_SECTION_END)
        rig_vici_close(writer);
    else if (element->kind == RIG_VICI_KEY_VALUE)
        rig_vici_put(writer, text_of(name, element->name), element->value);
    return element->kind <= RIG_VICI_KEY_VALUE;
}

static void copy(rig_view message)
{
    static uint8_t buffer[COPY_MAX];
    rig_vici_reader reader = {.message = message};
    rig_vici_element element;
    rig_vici_writer writer;
    bool same = true;
    rig_vici_begin(&writer, buffer, sizeof buffer, RIG_VICI_RESPONSE, NULL);
    do {
        require(rig_vici_next(&reader, &element, NULL) == RIG_OK);
        same = same && copy_element(&writer, &element);
    } while (element.kind != RIG_VICI_END);
    size_t len = rig_vici_finish(&writer);
    if (same && len)
        require(rig_view_eq(rig_view_of(buffer + RIG_VICI_HEADER_LEN + 1, len - RIG_VICI_HEADER_LEN - 1),
                            message));
}

static void look(rig_view message)
{
    rig_view name, inside, rest = message;
    uint32_t items = 0;
    while (rig_vici_section(&rest, &name, &inside)) {
        require(name.len > 0 && inside.len < message.len);
        rig_vici_value(inside, "state");
    }
    while (rig_vici_item(message, "conns", items, &inside))
        items++;
    require(items <= message.len);
}

static void codec(rig_view bytes)
{
    rig_vici_packet packet;
    rig_error error = {0};
    rig_status status = rig_vici_packet_get(bytes, &packet, &error);
    require(status == RIG_OK || (error.status == status && error.offset <= bytes.len && error.field[0]));
    if (status)
        return;
    copy(packet.message);
    look(packet.message);
}

/* ---- the provider ---- */

static rig_stream_user charon;
static rig_stream charon_stream, below_stream;
static bool charon_open;
static unsigned failed, connects;

static void no_wake(rig_stream *stream)
{
    (void)stream;
}

static void on_close(rig_stream *stream, rig_close_how how)
{
    (void)how;
    charon_open = charon_open && stream != &charon_stream;
}

static rig_status below_connect(void *ctx, const rig_address *local, const rig_portal *remote,
                                const rig_stream_user *user, rig_stream **out_stream)
{
    (void)ctx, (void)local, (void)user;
    require(strcmp(remote->host, "192.0.2.2") == 0 && remote->port == 3260);
    connects++;
    *out_stream = &below_stream;
    return RIG_OK;
}

static const rig_transport_ops ops = {.connect = below_connect, .wake = no_wake, .close = on_close};

static rig_status dial(void *ctx, const rig_stream_user *user, rig_stream **out_stream)
{
    (void)ctx;
    charon = *user;
    charon_stream.ops = &ops;
    charon_open = true;
    *out_stream = &charon_stream;
    return RIG_OK;
}

static void on_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    (void)ctx, (void)now;
    require(event == RIG_STREAM_FAILED && why == RIG_E_SECURITY);
    failed++;
}

/* Takes what is asked, so that an answer is one. */
static void drain(uint64_t now)
{
    struct iovec iov;
    while (charon_open && charon.ops->output(charon.ctx, &iov, 1, now) > 0)
        charon.ops->sent(charon.ctx, iov.iov_len, now);
}

static void feed(rig_view bytes, size_t at_once, uint64_t now)
{
    while (charon_open && bytes.len) {
        struct iovec iov;
        require(charon.ops->space(charon.ctx, &iov, 1) == 1 && iov.iov_len > 0);
        size_t len = bytes.len < iov.iov_len ? bytes.len : iov.iov_len;
        len = len < at_once ? len : at_once;
        memcpy(iov.iov_base, bytes.ptr, len);
        bytes = rig_view_sub(bytes, len, bytes.len);
        charon.ops->received(charon.ctx, len, now);
        drain(now);
    }
}

static void provider(rig_view bytes, size_t at_once)
{
    static const rig_stream_user_ops user_ops = {.event = on_event};
    const rig_stream_user user = {&user_ops, NULL};
    const rig_transport below = {&ops, NULL};
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    const rig_vici_config config = {.alloc = &meter.alloc, .dial = dial, .below = &below, .device = &below};
    const rig_ipsec_wish wish = {
        .portal = {"192.0.2.2", 3260, -1}, .tunnel = true, .key = rig_view_str("key")};
    rig_vici *vici = NULL;
    rig_stream *stream;
    charon_open = false;
    below_stream.ops = &ops;
    failed = connects = 0;
    require(rig_vici_new(&config, &vici) == RIG_OK);
    const rig_ipsec_provider *asked = rig_vici_provider(vici);
    require(asked->protect(asked->ctx, &wish, NULL) == RIG_OK);
    require(rig_connect(rig_vici_transport(vici), NULL, &wish.portal, &user, &stream) == RIG_OK);
    rig_vici_tick(vici, 0);
    require(charon_open && connects == 0);
    charon.ops->event(charon.ctx, RIG_STREAM_CONNECTED, RIG_OK, 0);
    drain(0);
    feed(bytes, at_once, 0);
    for (uint64_t i = 1; i <= TICKS && failed + connects == 0; i++)
        rig_vici_tick(vici, i * 60 * RIG_SECOND);
    require(failed + connects == 1);
    rig_vici_free(vici);
    require(meter.num_live == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] == 0)
        codec(rig_view_of(data + 1, size - 1));
    else
        provider(rig_view_of(data + 1, size - 1), data[0]);
    return 0;
}
