/* Hostile streams: first two bytes choose digests, sink, limits and read sizes, the rest is the stream. */
#include <stdlib.h>

#include "rig/cdb.h"
#include "rig/framer.h"

#define PLACE_SIZE 70000

typedef struct fuzz_state {
    rig_sink_kind kind;
    struct iovec iov[6];
    uint8_t place[PLACE_SIZE];
    uint64_t bytes_seen;
} fuzz_state;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static rig_status on_header(void *ctx, const rig_pdu *pdu, rig_sink *out_sink)
{
    fuzz_state *state = ctx;
    require(rig_get32(pdu->bhs, RIG_F_DATA_LEN) > 0);
    out_sink->kind = state->kind;
    out_sink->iov = state->iov;
    out_sink->num_iov = 6;
    out_sink->offset = pdu->bhs[47];
    return RIG_OK;
}

static void walk_ahs(rig_view ahs)
{
    rig_ahs segment;
    rig_status status = RIG_OK;
    for (unsigned i = 0; status == RIG_OK; i++) {
        require(i <= RIG_AHS_MAX / 4);
        status = rig_ahs_next(&ahs, &segment, NULL);
    }
}

/* Whatever prints must parse, and give the same bits. */
static void print_fields(const rig_pdu *pdu)
{
    rig_pdu_kind kind = rig_pdu_kind_of(pdu->bhs);
    for (unsigned f = 0; f < RIG_FIELDS; f++) {
        char buffer[1024];
        uint8_t again[RIG_BHS_LEN];
        rig_text text;
        if (!(rig_fields[f].pdus >> kind & 1))
            continue;
        rig_text_init(&text, buffer, sizeof buffer);
        rig_field_print(&text, pdu->bhs, (rig_field_id)f);
        memcpy(again, pdu->bhs, sizeof again);
        memset(again + rig_fields[f].byte, 0, rig_fields[f].form == RIG_FORM_CDB ? 16 : 0);
        require(rig_field_parse(again, (rig_field_id)f, rig_view_str(buffer), NULL) == RIG_OK);
        require(memcmp(again, pdu->bhs, sizeof again) == 0);
    }
    rig_cdb_transfer(rig_view_of(pdu->bhs + 32, 16), 512);
    rig_bhs_reserved(pdu->bhs, kind);
}

static rig_status on_complete(void *ctx, const rig_pdu *pdu)
{
    fuzz_state *state = ctx;
    uint8_t sum = 0;
    for (size_t i = 0; pdu->data.ptr && i < pdu->data.len; i++)
        sum ^= pdu->data.ptr[i];
    state->bytes_seen += pdu->wire_len + (sum & 0u);
    walk_ahs(pdu->ahs);
    print_fields(pdu);
    return RIG_OK;
}

/* Reads as a driver would, in varying portions, so that every place is used. */
static void drive(rig_framer *framer, rig_view in, uint8_t chunk)
{
    static uint8_t ahead[4096];
    const struct iovec read_ahead = {ahead, sizeof ahead};
    struct iovec iov[RIG_SPACE_IOV];
    int num;
    for (size_t step = chunk; in.len && (num = rig_framer_space(framer, read_ahead, iov)) > 0;
         step = step * 5 + 1) {
        size_t done = 0, max = chunk == 0xff ? SIZE_MAX : step % (4u * chunk + 1) + 1;
        for (int i = 0; i < num && done < max; i++) {
            rig_view part = rig_view_sub(in, 0, iov[i].iov_len < max - done ? iov[i].iov_len : max - done);
            memcpy(iov[i].iov_base, part.ptr, part.len);
            in = rig_view_sub(in, part.len, in.len);
            done += part.len;
        }
        rig_framer_commit(framer, read_ahead, done, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const rig_framer_ops ops = {on_header, on_complete};
    static fuzz_state state;
    rig_framer framer;
    uint64_t offset, have;
    if (size < 2)
        return 0;
    rig_framer_config config = {rig_alloc_libc(), &ops, &state, data[0] & 4};
    state.kind = (rig_sink_kind)(data[0] >> 3 & 3) % 3;
    state.bytes_seen = 0;
    static const size_t ends[] = {1, 1, 40, 1000, 1003, PLACE_SIZE};
    for (size_t i = 0, at = 0; i < 6; at = ends[i++])
        state.iov[i] = (struct iovec){state.place + at, ends[i] - at};
    rig_framer_init(&framer, &config);
    rig_framer_digests(&framer, data[0] & 1, data[0] & 2);
    framer.max_data = data[0] & 0x80 ? 65536 : RIG_LOGIN_DATA_MAX;
    framer.max_ahs = data[0] & 0x40 ? 16 : RIG_AHS_MAX;
    rig_view in = rig_view_of(data + 2, size - 2);
    if (data[0] & 0x20)
        rig_framer_feed(&framer, in, NULL);
    else
        drive(&framer, in, data[1]);
    rig_framer_pending(&framer, &offset, &have);
    require(framer.stopped != RIG_OK || (offset == state.bytes_seen && offset + have == in.len));
    rig_framer_cleanup(&framer);
    return 0;
}
