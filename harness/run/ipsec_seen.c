/* What a second reading of the capture sees of IKE and ESP, as events of the case. */
#include "world.h"

#define LIST_MAX 512 /* bytes of payloads, transforms or identities as a list */

typedef struct row {
    uint32_t value;
    const char *name;
} row;

/* Each ended by a NULL name. */
static const row exchanges[] = {{RIG_IKE_MAIN, "main"},
                                {RIG_IKE_AGGRESSIVE, "aggressive"},
                                {RIG_IKE_INFO, "info"},
                                {RIG_IKE_QUICK, "quick"},
                                {0, NULL}};

static const row payloads[] = {
    {RIG_IKE_P_SA, "SA"},       {RIG_IKE_P_KE, "KE"},    {RIG_IKE_P_ID, "ID"},    {RIG_IKE_P_HASH, "HASH"},
    {RIG_IKE_P_NONCE, "NONCE"}, {RIG_IKE_P_NOTIFY, "N"}, {RIG_IKE_P_DELETE, "D"}, {0, NULL}};

/* RFC 2407 section 4.5. */
static const row encapsulations[] = {{1, "tunnel"}, {2, "transport"}, {0, NULL}};

/* RFC 2407 section 4.6.2.1. */
static const row identities[] = {{1, "IPv4"}, {2, "FQDN"}, {3, "USER-FQDN"}, {5, "IPv6"}, {0, NULL}};

/* RFC 2408 section 3.14.1 and RFC 2407 section 4.6.3. */
static const row notifications[] = {{14, "NO-PROPOSAL-CHOSEN"},       {18, "INVALID-ID-INFORMATION"},
                                    {23, "INVALID-HASH-INFORMATION"}, {24, "AUTHENTICATION-FAILED"},
                                    {24578, "INITIAL-CONTACT"},       {0, NULL}};

static const row headers[] = {{4, "IPv4"}, {6, "TCP"}, {41, "IPv6"}, {0, NULL}};

static void put_name(rig_text *out, const row *rows, uint32_t value)
{
    while (rows->name && rows->value != value)
        rows++;
    if (rows->name)
        rig_text_add(out, "%s", rows->name);
    else
        rig_text_add(out, "%u", value);
}

static const char *comma(const rig_text *list)
{
    return list->len ? "," : "";
}

static const char *side(bool initiator)
{
    return initiator ? "initiator" : "target";
}

/* ---- IKE ---- */

static void list_payloads(rig_text *out, const rig_ike_message *ike)
{
    for (uint32_t i = 0; i < ike->num_payloads; i++) {
        rig_text_add(out, "%s", comma(out));
        put_name(out, payloads, ike->payloads[i]);
    }
}

/* Named as the word offer names them: phase 1 as encryption and hash, ESP as encryption and integrity. */
static void list_transforms(rig_text *out, const rig_ike_message *ike)
{
    static const struct {
        uint8_t esp;
        uint16_t ike;
        const char *name;
    } ciphers[] = {{12, 7, "aes"}, {11, 0, "null"}, {3, 5, "3des"}, {2, 1, "des"}};
    for (uint32_t i = 0; i < ike->num_transforms; i++) {
        const rig_ike_transform *transform = &ike->transforms[i];
        bool esp = transform->protocol == 3;
        const char *cipher = "other";
        for (size_t c = 0; c < sizeof ciphers / sizeof ciphers[0]; c++)
            if (esp ? transform->id == ciphers[c].esp : transform->cipher == ciphers[c].ike)
                cipher = ciphers[c].name;
        rig_text_add(out, "%s%s", comma(out), cipher);
        if (transform->key_bits)
            rig_text_add(out, "%u", transform->key_bits);
        rig_text_add(out, "-%s",
                     transform->hash == 2                 ? "sha1"
                     : transform->hash == (esp ? 5u : 4u) ? "sha256"
                     : transform->hash == 0               ? "none"
                                                          : "other");
    }
}

static void put_identity(rig_text *out, const rig_ike_id *id)
{
    rig_ip ip = {.version = id->type == 1 ? 4 : 6};
    put_name(out, identities, id->type);
    rig_text_add(out, "/");
    if ((id->type == 1 && id->len == 4) || (id->type == 5 && id->len == 16)) {
        memcpy(ip.bytes, id->bytes, id->len);
        rig_ip_print(out, &ip);
    } else {
        rig_text_escaped(out,
                         rig_view_of(id->bytes, id->len < RIG_IPSEC_ID_KEPT ? id->len : RIG_IPSEC_ID_KEPT));
    }
    if (id->protocol == 6)
        rig_text_add(out, "/TCP/%u", id->port);
}

static void list_identities(rig_text *out, const rig_ike_message *ike)
{
    for (uint32_t i = 0; i < ike->num_ids; i++) {
        rig_text_add(out, "%s", comma(out));
        put_identity(out, &ike->ids[i]);
    }
}

/* A list that is empty, or that nobody could read, is not there. */
static void put_list(rig_text *out, const char *name, const rig_ike_message *ike,
                     void (*list)(rig_text *out, const rig_ike_message *ike))
{
    char room[LIST_MAX], word[RUN_WORD_MAX];
    rig_text text;
    rig_text_init(&text, room, sizeof room);
    list(&text, ike);
    if (text.len)
        rig_text_add(out, " %s=%s", name, run_word(word, rig_view_of(room, text.len)));
}

static void tell_ike(run_world *world, const rig_ike_message *ike, bool initiator)
{
    char args[4 * LIST_MAX];
    rig_text out;
    rig_text_init(&out, args, sizeof args);
    rig_text_add(&out, "exchange=");
    put_name(&out, exchanges, ike->exchange);
    rig_text_add(&out, " message=%u by %s", ike->number, side(initiator));
    if (ike->encrypted)
        rig_text_add(&out, " encrypted=yes");
    if (ike->again)
        rig_text_add(&out, " again=yes");
    put_list(&out, "payloads", ike, list_payloads);
    put_list(&out, "transforms", ike, list_transforms);
    if (ike->num_transforms && ike->transforms[0].group)
        rig_text_add(&out, " group=%u", ike->transforms[0].group);
    if (ike->num_transforms && ike->transforms[0].encapsulation) {
        rig_text_add(&out, " encapsulation=");
        put_name(&out, encapsulations, ike->transforms[0].encapsulation);
    }
    put_list(&out, "identities", ike, list_identities);
    if (ike->notify) {
        rig_text_add(&out, " notify=");
        put_name(&out, notifications, ike->notify);
    }
    if (ike->num_deleted)
        rig_text_add(&out, " deletes=%s", ike->delete_protocol == 3 ? "ESP" : "ISAKMP");
    run_event(world, "ike", "%s", args);
}

/* ---- ESP ---- */

static void tell_esp(run_world *world, const rig_ipsec_event *event, bool initiator)
{
    const rig_esp_packet *esp = event->is.esp;
    char args[LIST_MAX];
    rig_text out;
    rig_text_init(&out, args, sizeof args);
    rig_text_add(&out, "by %s spi=0x%08x sequence=%u", side(initiator), esp->spi, esp->sequence);
    if (esp->read) {
        rig_text_add(&out, " next-header=");
        put_name(&out, headers, esp->next_header);
    }
    rig_text_add(&out, " icv=%s from=",
                 esp->icv == RIG_IPSEC_RIGHT   ? "right"
                 : esp->icv == RIG_IPSEC_WRONG ? "wrong"
                                               : "unknown");
    rig_ip_print(&out, &event->from);
    rig_text_add(&out, " to=");
    rig_ip_print(&out, &event->to);
    run_event(world, "esp", "%s", args);
}

void run_ipsec_tell(run_world *world, const rig_ipsec_event *event)
{
    if (event->kind == RIG_IPSEC_IKE)
        tell_ike(world, event->is.ike, event->to_target);
    else if (event->kind == RIG_IPSEC_ESP && world->ipsec.wants_esp)
        tell_esp(world, event, event->to_target);
}
