/* Events to what the rows look at: messages as they are, packets by SPI, segments in the clear by their ends.
 */
#include "check.h"

rig_status rig_ipsec_seen_new(const rig_alloc *alloc, rig_ipsec_seen **out_seen)
{
    rig_ipsec_seen *seen = rig_new(alloc, sizeof *seen);
    *out_seen = seen;
    if (!seen)
        return RIG_E_NOMEM;
    seen->alloc = alloc;
    seen->messages.item = sizeof(chk_message);
    seen->spis.item = sizeof(chk_spi);
    seen->clears.item = sizeof(chk_clear);
    return RIG_OK;
}

void rig_ipsec_seen_free(rig_ipsec_seen *seen)
{
    if (!seen)
        return;
    chk_list *const lists[] = {&seen->messages, &seen->spis, &seen->clears};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        rig_delete(seen->alloc, lists[i]->ptr, lists[i]->size * lists[i]->item);
    rig_delete(seen->alloc, seen, sizeof *seen);
}

/* Room for one more, zeroed; NULL with *status OK: there are max already. */
static void *add(rig_ipsec_seen *seen, chk_list *list, size_t max, uint32_t frame, rig_status *status)
{
    size_t size = list->size ? list->size * 2 : 16;
    *status = RIG_OK;
    if (list->num == max) {
        seen->overflow = seen->overflow ? seen->overflow : frame;
        return NULL;
    }
    if (list->num == list->size) {
        void *ptr = rig_resize(seen->alloc, list->ptr, list->size * list->item, size * list->item);
        if (!ptr) {
            *status = RIG_E_NOMEM;
            return NULL;
        }
        list->ptr = ptr;
        list->size = size;
    }
    return (uint8_t *)list->ptr + list->num++ * list->item;
}

static bool same_exchange(const rig_ike_message *a, const rig_ike_message *b)
{
    return a->exchange == b->exchange && a->id == b->id &&
           memcmp(a->initiator_cookie, b->initiator_cookie, 8) == 0;
}

/* The copy that nobody could read, when this one can be. */
static chk_message *unread_copy(rig_ipsec_seen *seen, const rig_ike_message *ike)
{
    chk_message *rows = seen->messages.ptr;
    for (size_t i = seen->messages.num; ike->again && ike->read && i-- > 0;)
        if (!rows[i].ike.read && !rows[i].ike.again && rows[i].ike.number == ike->number &&
            same_exchange(&rows[i].ike, ike))
            return &rows[i];
    return NULL;
}

static uint32_t opening(const rig_ipsec_seen *seen, const rig_ipsec_event *event)
{
    const chk_message *rows = seen->messages.ptr;
    for (size_t i = seen->messages.num; event->is.ike->number > 1 && i-- > 0;)
        if (same_exchange(&rows[i].ike, event->is.ike))
            return rows[i].opened;
    return event->frame;
}

/* When the quick mode began that gave the SPI to whom its packets go to. */
static uint32_t opening_of_spi(const rig_ipsec_seen *seen, const rig_ipsec_event *event)
{
    const chk_message *rows = seen->messages.ptr;
    for (size_t i = seen->messages.num; i-- > 0;)
        if (chk_names(&rows[i], event->is.esp->spi) && rig_ip_eq(&rows[i].from, &event->to))
            return rows[i].opened;
    return event->frame;
}

static rig_status take_ike(rig_ipsec_seen *seen, const rig_ipsec_event *event)
{
    rig_status status;
    chk_message *copy = unread_copy(seen, event->is.ike);
    if (copy) {
        copy->frame = event->frame;
        copy->ike = *event->is.ike;
        copy->ike.again = false;
        return RIG_OK;
    }
    uint32_t opened = opening(seen, event);
    chk_message *message = add(seen, &seen->messages, RIG_IPSEC_MESSAGES_MAX, event->frame, &status);
    if (message)
        *message =
            (chk_message){event->frame, opened, event->from, event->to, event->udp_port, *event->is.ike};
    return status;
}

static chk_spi *find_spi(rig_ipsec_seen *seen, const rig_ipsec_event *event)
{
    chk_spi *rows = seen->spis.ptr;
    for (size_t i = seen->spis.num; i-- > 0;)
        if (rows[i].spi == event->is.esp->spi && rig_ip_eq(&rows[i].to, &event->to))
            return &rows[i];
    return NULL;
}

static void note(uint32_t *place, bool so, uint32_t frame)
{
    if (so && !*place)
        *place = frame;
}

static bool same_inside(const rig_esp_packet *a, const rig_esp_packet *b)
{
    return a->next_header == b->next_header && rig_ip_eq(&a->from, &b->from) && rig_ip_eq(&a->to, &b->to) &&
           a->from_port == b->from_port && a->to_port == b->to_port;
}

static void look_inside(rig_ipsec_seen *seen, chk_spi *row, const rig_ipsec_event *event)
{
    const rig_esp_packet *esp = event->is.esp;
    if (!esp->read)
        return;
    for (uint32_t i = 0; i < row->num_inside; i++)
        if (same_inside(&row->inside[i].packet, esp))
            return;
    if (row->num_inside < CHK_INSIDE_MAX)
        row->inside[row->num_inside++] = (chk_inside){event->frame, *esp};
    else
        note(&seen->overflow, true, event->frame);
}

/* Numbers that a network may have put out of order, and those that came twice. */
static void count_number(chk_spi *row, uint32_t sequence, uint32_t frame)
{
    if (row->frame == frame) {
        row->window = 1;
        row->last = sequence;
        return;
    }
    note(&row->disordered, sequence <= row->last, frame);
    if (sequence > row->last) {
        uint32_t on = sequence - row->last;
        row->window = on < 64 ? row->window << on | 1 : 1;
        row->last = sequence;
        return;
    }
    uint32_t back = row->last - sequence;
    note(&row->repeated, back < 64 && (row->window >> back & 1), frame);
    row->window |= back < 64 ? UINT64_C(1) << back : 0;
}

static void count_packet(rig_ipsec_seen *seen, chk_spi *row, const rig_ipsec_event *event)
{
    const rig_esp_packet *esp = event->is.esp;
    uint32_t frame = event->frame;
    count_number(row, esp->sequence, frame);
    note(&row->unread, !esp->read, frame);
    note(&row->bad_icv, esp->icv == RIG_IPSEC_WRONG, frame);
    note(&row->bad_pad, esp->pad == RIG_IPSEC_WRONG, frame);
    note(&row->stranger, !esp->negotiated, frame);
    note(&row->moved, row->udp_port != event->udp_port || !rig_ip_eq(&row->from, &event->from), frame);
    look_inside(seen, row, event);
}

static rig_status take_esp(rig_ipsec_seen *seen, const rig_ipsec_event *event)
{
    rig_status status = RIG_OK;
    chk_spi *row = find_spi(seen, event);
    if (!row) {
        row = add(seen, &seen->spis, RIG_IPSEC_SPIS_MAX, event->frame, &status);
        if (row)
            *row = (chk_spi){.spi = event->is.esp->spi,
                             .from = event->from,
                             .to = event->to,
                             .frame = event->frame,
                             .opened = opening_of_spi(seen, event),
                             .udp_port = event->udp_port,
                             .first = event->is.esp->sequence};
    }
    if (row)
        count_packet(seen, row, event);
    return status;
}

static rig_status take_clear(rig_ipsec_seen *seen, const rig_ipsec_event *event)
{
    const rig_ipsec_clear *clear = event->is.clear;
    chk_clear *rows = seen->clears.ptr, *row = NULL;
    rig_status status = RIG_OK;
    for (size_t i = seen->clears.num; i-- > 0 && !row;)
        if (rows[i].from_port == clear->from_port && rows[i].to_port == clear->to_port &&
            rig_ip_eq(&rows[i].from, &event->from) && rig_ip_eq(&rows[i].to, &event->to))
            row = &rows[i];
    if (!row) {
        row = add(seen, &seen->clears, RIG_IPSEC_CLEARS_MAX, event->frame, &status);
        if (row)
            *row = (chk_clear){event->from, event->to, clear->from_port, clear->to_port, event->frame, 0};
    }
    if (row)
        note(&row->syn, (clear->flags & 0x12) == 0x02, event->frame);
    return status;
}

static rig_status take_flaw(rig_ipsec_seen *seen, const rig_ipsec_event *event)
{
    rig_text text;
    if (seen->flaw)
        return RIG_OK;
    seen->flaw = event->frame;
    rig_text_init(&text, seen->said, sizeof seen->said);
    rig_ipsec_event_print(event, &text);
    return RIG_OK;
}

static rig_status take_guard(rig_ipsec_seen *seen, const rig_ipsec_event *event)
{
    (void)seen;
    (void)event;
    return RIG_OK;
}

rig_status rig_ipsec_seen_event(rig_ipsec_seen *seen, const rig_ipsec_event *event)
{
    static rig_status (*const takes[])(rig_ipsec_seen *, const rig_ipsec_event *) = {
        [RIG_IPSEC_IKE] = take_ike,     [RIG_IPSEC_ESP] = take_esp,   [RIG_IPSEC_CLEAR] = take_clear,
        [RIG_IPSEC_GUARD] = take_guard, [RIG_IPSEC_FLAW] = take_flaw,
    };
    return takes[event->kind](seen, event);
}
