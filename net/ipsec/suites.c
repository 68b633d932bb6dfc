/* Which algorithms there are, what a profile offers, and what it takes (RFC 7146 sections 2.2 and 3.1). */
#include "internal.h"

#define AES_CBC "AES-CBC [RFC3602]"
#define SHA256_128 "HMAC-SHA-256-128 [RFC4868]"
#define SHA1_96 "HMAC-SHA-1-96 [RFC2404]"

const ips_suite ips_suites[] = {
    {RIG_IPSEC_AES128_SHA256, 7, 4, 12, 5, 128, IPC_SHA256, 16, false, AES_CBC, SHA256_128},
    {RIG_IPSEC_AES128_SHA1, 7, 2, 12, 2, 128, IPC_SHA1, 12, false, AES_CBC, SHA1_96},
    {RIG_IPSEC_AES256_SHA256, 7, 4, 12, 5, 256, IPC_SHA256, 16, false, AES_CBC, SHA256_128},
    {RIG_IPSEC_NULL_SHA256, 0, 0, 11, 5, 0, IPC_SHA256, 16, false, "NULL", SHA256_128},
    {RIG_IPSEC_DES3_SHA1, 5, 2, 3, 2, 0, IPC_SHA1, 12, true, "", ""},
    {RIG_IPSEC_AES128_NONE, 0, 0, 12, 0, 128, IPC_SHA256, 0, true, "", ""},
    {RIG_IPSEC_DES_SHA1, 1, 2, 2, 2, 0, IPC_SHA1, 12, true, "", ""},
};

const unsigned ips_num_suites = sizeof ips_suites / sizeof ips_suites[0];

#define REQUIRED (RIG_IPSEC_AES128_SHA256 | RIG_IPSEC_AES128_SHA1)
#define LIFE 3600
#define IKE_LIFE_SECONDS 86400
#define LIFE_UNSAID 28800 /* RFC 2407 section 4.5 */
#define SECONDS 1
#define LONG_NUMBERS 1 /* RFC 4304 section 2 */
#define PRE_SHARED_KEY 1
#define GROUP 14  /* 2048 bits: less should not be offered (RFC 7146 section 2.2) */
#define KEY_IKE 1 /* transform id */

static void set(isa_transform *transform, uint16_t type, uint32_t value)
{
    transform->has |= (uint16_t)(1u << type);
    transform->value[type] = value;
}

static uint32_t get(const isa_transform *transform, uint16_t type)
{
    return transform->has >> type & 1 ? transform->value[type] : 0;
}

unsigned ips_offer_ike(const rig_ipsec_profile *profile, uint16_t group, isa_transform *out)
{
    unsigned suites = profile->ike_suites ? profile->ike_suites : REQUIRED, num = 0;
    for (unsigned i = 0; i < ips_num_suites; i++) {
        const ips_suite *suite = &ips_suites[i];
        if (!(suites & suite->bit) || !suite->ike_encryption)
            continue;
        isa_transform *transform = &out[num++];
        *transform = (isa_transform){
            .proposal = 1, .protocol = ISA_PROTOCOL_ISAKMP, .number = (uint8_t)num, .id = KEY_IKE};
        set(transform, IKE_ENCRYPTION, suite->ike_encryption);
        set(transform, IKE_HASH, suite->ike_hash);
        set(transform, IKE_AUTH, PRE_SHARED_KEY);
        set(transform, IKE_GROUP, group);
        set(transform, IKE_LIFE_TYPE, SECONDS);
        set(transform, IKE_LIFE, profile->ike_life ? profile->ike_life : IKE_LIFE_SECONDS);
        if (suite->key_bits)
            set(transform, IKE_KEY_BITS, suite->key_bits);
    }
    return num;
}

unsigned ips_offer_esp(const rig_ipsec_profile *profile, uint16_t group, bool tunnel, uint32_t spi,
                       isa_transform *out)
{
    unsigned suites = profile->suites ? profile->suites : REQUIRED, num = 0;
    for (unsigned i = 0; i < ips_num_suites; i++) {
        const ips_suite *suite = &ips_suites[i];
        if (!(suites & suite->bit))
            continue;
        isa_transform *transform = &out[num++];
        *transform = (isa_transform){.proposal = 1,
                                     .protocol = ISA_PROTOCOL_ESP,
                                     .spi = spi,
                                     .number = (uint8_t)num,
                                     .id = suite->esp_id};
        set(transform, ESP_LIFE_TYPE, SECONDS);
        set(transform, ESP_LIFE, profile->life ? profile->life : LIFE);
        if (group)
            set(transform, ESP_GROUP, group);
        set(transform, ESP_ENCAPSULATION, tunnel ? ESP_TUNNEL : ESP_TRANSPORT);
        if (suite->esp_auth)
            set(transform, ESP_AUTH, suite->esp_auth);
        if (suite->key_bits)
            set(transform, ESP_KEY_BITS, suite->key_bits);
        if (profile->esn == RIG_IPSEC_ALWAYS)
            set(transform, ESP_ESN, LONG_NUMBERS);
    }
    return num;
}

static bool within(rig_ipsec_will will, bool has)
{
    return will == RIG_IPSEC_EITHER || (will == RIG_IPSEC_ALWAYS) == has;
}

static bool takes_ike(const rig_ipsec_profile *profile, const ips_suite *suite, const isa_transform *offered)
{
    unsigned suites = profile->ike_suites ? profile->ike_suites : REQUIRED;
    return (suites & suite->bit) && !suite->refused && suite->ike_encryption &&
           offered->protocol == ISA_PROTOCOL_ISAKMP && offered->id == KEY_IKE &&
           get(offered, IKE_ENCRYPTION) == suite->ike_encryption &&
           get(offered, IKE_HASH) == suite->ike_hash && get(offered, IKE_AUTH) == PRE_SHARED_KEY &&
           get(offered, IKE_GROUP) == GROUP && get(offered, IKE_KEY_BITS) == suite->key_bits;
}

static bool takes_esp(const rig_ipsec_profile *profile, const ips_suite *suite, const isa_transform *offered)
{
    unsigned suites = profile->suites ? profile->suites : REQUIRED;
    uint32_t group = get(offered, ESP_GROUP), mode = get(offered, ESP_ENCAPSULATION);
    return (suites & suite->bit) && !suite->refused && offered->protocol == ISA_PROTOCOL_ESP &&
           offered->id == suite->esp_id && get(offered, ESP_AUTH) == suite->esp_auth &&
           get(offered, ESP_KEY_BITS) == suite->key_bits && (group == 0 || group == GROUP) &&
           within(profile->pfs, group != 0) && (mode == ESP_TUNNEL || mode == ESP_TRANSPORT) &&
           within(profile->tunnel, mode == ESP_TUNNEL) &&
           within(profile->esn, get(offered, ESP_ESN) == LONG_NUMBERS);
}

static const isa_transform *
choose(const rig_ipsec_profile *profile, const isa_transform *offered, unsigned num,
       bool (*takes)(const rig_ipsec_profile *, const ips_suite *, const isa_transform *),
       const ips_suite **out_suite, rig_error *err)
{
    for (unsigned i = 0; i < num && !profile->refuses; i++)
        for (unsigned s = 0; s < ips_num_suites; s++)
            if (!offered[i].strange && takes(profile, &ips_suites[s], &offered[i])) {
                *out_suite = &ips_suites[s];
                return &offered[i];
            }
    rig_fail(err, RIG_E_NEGOTIATION, "none of %u transforms is acceptable", num);
    return NULL;
}

const isa_transform *ips_choose_ike(const rig_ipsec_profile *profile, const isa_transform *offered,
                                    unsigned num, const ips_suite **out_suite, rig_error *err)
{
    return choose(profile, offered, num, takes_ike, out_suite, err);
}

const isa_transform *ips_choose_esp(const rig_ipsec_profile *profile, const isa_transform *offered,
                                    unsigned num, const ips_suite **out_suite, rig_error *err)
{
    return choose(profile, offered, num, takes_esp, out_suite, err);
}

uint32_t ips_life(const isa_transform *transform)
{
    bool isakmp = transform->protocol == ISA_PROTOCOL_ISAKMP;
    uint32_t life = get(transform, isakmp ? IKE_LIFE : ESP_LIFE);
    return life ? life : LIFE_UNSAID;
}

bool ips_is_offered(const isa_transform *chosen, const isa_transform *offered, unsigned num)
{
    for (unsigned i = 0; i < num; i++) {
        bool same = chosen->number == offered[i].number && chosen->id == offered[i].id &&
                    chosen->protocol == offered[i].protocol && chosen->has == offered[i].has &&
                    chosen->kilobytes == offered[i].kilobytes && !chosen->strange;
        for (uint16_t type = 0; same && type < ISA_ATTRIBUTES; type++)
            same = get(chosen, type) == get(&offered[i], type);
        if (same)
            return true;
    }
    return false;
}
