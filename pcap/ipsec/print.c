/* Events as lines of a trace. */
#include "read.h"

typedef struct name_row {
    uint32_t value;
    const char *name;
} name_row;

/* Ended by a NULL name. */
static const name_row exchanges[] = {{1, "base"}, {2, "main"},   {3, "auth-only"},         {4, "aggressive"},
                                     {5, "info"}, {6, "config"}, {RIG_IKE_QUICK, "quick"}, {33, "new-group"},
                                     {0, NULL}};

/* RFC 2408 section 3.14.1 and RFC 2407 section 4.6.3. */
static const name_row notifies[] = {{1, "INVALID-PAYLOAD-TYPE"},
                                    {4, "INVALID-COOKIE"},
                                    {7, "INVALID-EXCHANGE-TYPE"},
                                    {9, "INVALID-MESSAGE-ID"},
                                    {11, "INVALID-SPI"},
                                    {14, "NO-PROPOSAL-CHOSEN"},
                                    {16, "PAYLOAD-MALFORMED"},
                                    {17, "INVALID-KEY-INFORMATION"},
                                    {18, "INVALID-ID-INFORMATION"},
                                    {23, "INVALID-HASH-INFORMATION"},
                                    {24, "AUTHENTICATION-FAILED"},
                                    {29, "UNSUPPORTED-EXCHANGE-TYPE"},
                                    {24576, "RESPONDER-LIFETIME"},
                                    {24577, "REPLAY-STATUS"},
                                    {24578, "INITIAL-CONTACT"},
                                    {36136, "R-U-THERE"},
                                    {36137, "R-U-THERE-ACK"},
                                    {0, NULL}};

static const name_row encapsulations[] = {
    {1, "tunnel"}, {2, "transport"}, {3, "udp-tunnel"}, {4, "udp-transport"}, {0, NULL}};

static const name_row headers[] = {{4, "IPv4"},  {6, "TCP"},   {17, "UDP"},
                                   {41, "IPv6"}, {59, "none"}, {0, NULL}};

static void put_name(rig_text *out, const name_row *rows, uint32_t value)
{
    for (; rows->name; rows++)
        if (rows->value == value) {
            rig_text_add(out, "%s", rows->name);
            return;
        }
    rig_text_add(out, "%u", value);
}

static void put_payloads(rig_text *out, const rig_ike_message *ike)
{
    for (uint32_t i = 0; i < ike->num_payloads; i++) {
        const char *name = ipr_payload_name(ike->payloads[i]);
        rig_text_add(out, " %s", name);
        if (strcmp(name, "payload") == 0)
            rig_text_add(out, "-%u", ike->payloads[i]);
    }
    if (!ike->read && !ike->again)
        rig_text_add(out, " ?");
}

static void put_transform(rig_text *out, const rig_ike_transform *transform)
{
    if (transform->protocol == 3)
        rig_text_add(out, " spi=0x%08x", transform->spi);
    if (transform->encapsulation) {
        rig_text_add(out, " encap=");
        put_name(out, encapsulations, transform->encapsulation);
    }
    if (transform->group)
        rig_text_add(out, " group=%u", transform->group);
}

static void put_deleted(rig_text *out, const rig_ike_message *ike)
{
    for (uint32_t i = 0; i < ike->num_deleted; i++)
        if (ike->deleted[i])
            rig_text_add(out, " spi=0x%08x", ike->deleted[i]);
}

static void put_ike(rig_text *out, const rig_ipsec_event *event)
{
    const rig_ike_message *ike = event->is.ike;
    rig_text_add(out, "%c IKE ", event->to_target ? '>' : '<');
    put_name(out, exchanges, ike->exchange);
    rig_text_add(out, " %u%s", ike->number, ike->encrypted ? " E" : "");
    if (ike->id)
        rig_text_add(out, " id=0x%08x", ike->id);
    put_payloads(out, ike);
    if (ike->num_transforms)
        put_transform(out, &ike->transforms[0]);
    if (ike->notify) {
        rig_text_add(out, " ");
        put_name(out, notifies, ike->notify);
    }
    put_deleted(out, ike);
    rig_text_add(out, "%s%s", ike->hash == RIG_IPSEC_WRONG ? " !bad-hash" : "", ike->again ? " !again" : "");
}

static void put_esp(rig_text *out, const rig_ipsec_event *event)
{
    const rig_esp_packet *esp = event->is.esp;
    rig_text_add(out, "%c ESP spi=0x%08x seq=%u ", event->to_target ? '>' : '<', esp->spi, esp->sequence);
    if (esp->read)
        put_name(out, headers, esp->next_header);
    else
        rig_text_add(out, "?");
    rig_text_add(out, "%s%s%s", esp->icv == RIG_IPSEC_WRONG ? " !bad-icv" : "",
                 esp->pad == RIG_IPSEC_WRONG ? " !bad-padding" : "",
                 esp->negotiated ? "" : " !not-negotiated");
}

static void put_flaw(rig_text *out, const rig_ipsec_flaw *flaw)
{
    rig_text_add(out, "! malformed %s byte=%u %s %s wanted=%llu came=%llu", flaw->what, flaw->offset,
                 flaw->payload, flaw->field, (unsigned long long)flaw->wanted,
                 (unsigned long long)flaw->came);
}

void rig_ipsec_event_print(const rig_ipsec_event *event, rig_text *out)
{
    if (event->kind == RIG_IPSEC_IKE)
        put_ike(out, event);
    else if (event->kind == RIG_IPSEC_ESP)
        put_esp(out, event);
    else if (event->kind == RIG_IPSEC_FLAW)
        put_flaw(out, event->is.flaw);
}
