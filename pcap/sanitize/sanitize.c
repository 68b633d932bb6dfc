#include "sanitize.h"

rig_status san_room(const rig_alloc *alloc, void **array, size_t num, size_t *size, size_t member)
{
    size_t more = *size ? *size * 2 : 16;
    if (num < *size)
        return RIG_OK;
    void *larger = rig_resize(alloc, *array, *size * member, more * member);
    if (!larger)
        return RIG_E_NOMEM;
    *array = larger;
    *size = more;
    return RIG_OK;
}

static rig_status begin(rig_sanitize *s, uint16_t port)
{
    const rig_streams_config config = {.alloc = s->alloc, .port = port, .item = san_item, .ctx = s};
    rig_status status = rig_map_init(&s->map, s->alloc);
    for (size_t i = 0; i < SAN_KINDS && !status; i++)
        status = rig_map_init(&s->words[i].map, s->alloc);
    if (!status)
        status = rig_tcp_segments_new(s->alloc, &s->segments);
    return status ? status : rig_streams_new(&config, &s->streams);
}

rig_status rig_sanitize_new(const rig_alloc *alloc, uint16_t port, rig_sanitize **out_sanitize)
{
    rig_sanitize *s = rig_new(alloc, sizeof *s);
    *out_sanitize = NULL;
    if (!s)
        return RIG_E_NOMEM;
    s->alloc = alloc;
    rig_status status = begin(s, port);
    if (status)
        rig_sanitize_free(s);
    else
        *out_sanitize = s;
    return status;
}

void rig_sanitize_free(rig_sanitize *s)
{
    if (!s)
        return;
    rig_streams_free(s->streams);
    rig_tcp_segments_free(s->segments);
    san_conns_free(s);
    san_words_free(s);
    rig_delete(s->alloc, s->kept, s->size_kept);
    rig_delete(s->alloc, s->frame, s->size_frame);
    rig_delete(s->alloc, s, sizeof *s);
}

/* The segment of a frame and its connection, NULL when it is of none. */
static rig_status find(rig_sanitize *s, rig_tcp_segment *segment, uint64_t time, rig_link_type link,
                       rig_view captured, uint32_t wire_len, san_conn **out_conn, unsigned *out_side)
{
    rig_status status = rig_tcp_segments_frame(s->segments, time, link, captured, wire_len, segment);
    *out_conn = NULL;
    if (status == RIG_E_NOT_FOUND)
        return RIG_OK;
    return status ? status : san_track(s, segment, out_conn, out_side);
}

rig_status rig_sanitize_read(rig_sanitize *s, uint64_t time, rig_link_type link, rig_view captured,
                             uint32_t wire_len)
{
    unsigned side;
    if (s->again)
        return RIG_E_ARGUMENT;
    rig_status status = find(s, &(rig_tcp_segment){0}, time, link, captured, wire_len, &s->current, &side);
    return status ? status : rig_streams_packet(s->streams, time, link, captured, wire_len);
}

rig_status rig_sanitize_turn(rig_sanitize *s)
{
    if (s->again)
        return RIG_E_ARGUMENT;
    rig_streams_report told;
    rig_status status = rig_streams_end(s->streams);
    rig_streams_told(s->streams, &told);
    if (!status && told.displaced) /* where they went on, offsets are not those of their packets any more */
        status = RIG_E_LIMIT;
    rig_streams_free(s->streams);
    s->streams = NULL;
    rig_tcp_segments_free(s->segments);
    s->segments = NULL;
    san_conns_again(s);
    s->again = true;
    return status ? status : rig_tcp_segments_new(s->alloc, &s->segments);
}

rig_status rig_sanitize_packet(rig_sanitize *s, uint64_t time, rig_link_type link, rig_view captured,
                               uint32_t wire_len, rig_view *out_frame, uint32_t *out_wire_len)
{
    rig_tcp_segment segment;
    unsigned side = 0;
    san_conn *conn;
    if (!s->again)
        return RIG_E_ARGUMENT;
    rig_status status = find(s, &segment, time, link, captured, wire_len, &conn, &side);
    if (status)
        return status;
    s->report.frames++;
    if (conn && conn->iscsi)
        return san_frame(s, &segment, conn, side, san_offset(&conn->side[side], &segment), out_frame,
                         out_wire_len);
    s->report.emptied++;
    return san_frame_empty(s, out_frame, out_wire_len);
}

void rig_sanitize_told(const rig_sanitize *s, rig_sanitize_report *out_report)
{
    *out_report = s->report;
}
