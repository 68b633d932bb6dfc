/* CHAP at the target (RFC 7143 sections 6.3.2, 9.2, 12.1.3; RFC 1994): literal exchanges. The responses were
 * computed by another implementation of the hashes. */
#include "target/tauth.h"
#include "target_fixture.h"

#define NAMES "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET
#define HOST_SECRET "secret of the host"
#define DISK_SECRET "secret of the disk"
#define CHALLENGE "0x000102030405060708090a0b0c0d0e0f"
#define RIGHT "CHAP_N=host\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b"
#define WANTS "\nCHAP_I=7\nCHAP_C=0xa1a2a3a4"
#define OTHER_INITIATOR "iqn.2026-01.example.host:b"

/* Challenges count their bytes up from 0, identifiers from 65. */
static uint64_t pinned(void *ctx, const char *name, uint64_t index, uint64_t drawn)
{
    (void)ctx;
    if (strcmp(name, "target.chap.challenge") == 0)
        return 0x0001020304050607u + index * 0x0808080808080808u;
    return strcmp(name, "target.chap.identifier") == 0 ? 65 : drawn;
}

static rig_status identity(tt_world *world, rig_target_node *node, const char *initiator, const char *user,
                           const char *secret, bool mutual)
{
    rig_target_chap chap = {
        .initiator = rig_view_str(initiator), .user = rig_view_str(user), .secret = rig_view_str(secret)};
    if (mutual) {
        chap.target_user = rig_view_str("disk");
        chap.target_secret = rig_view_str(DISK_SECRET);
    }
    return rig_target_chap_add(world->target, node, &chap, NULL);
}

static tt_world *bare_world(void)
{
    return tt_new_with(&(rig_target_config){.draws = {.pin = pinned}});
}

static tt_world *chap_world(void)
{
    tt_world *world = bare_world();
    CU_ASSERT_EQUAL(identity(world, world->node, "", "host", HOST_SECRET, true), RIG_OK);
    return world;
}

static tt_pdu say(tt_client *client, bool t, const char *keys)
{
    return tt_login_step(client, t, 0, 1, keys);
}

/* Up to the challenge. */
static tt_client challenged(tt_world *world, const char *algorithms)
{
    tt_client client = tt_client_at(world, 0);
    char keys[64];
    rig_text text;
    tt_pdu pdu = say(&client, false, NAMES "\nAuthMethod=CHAP,None");
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "AuthMethod"), "CHAP"));
    rig_text_init(&text, keys, sizeof(keys));
    rig_text_add(&text, "CHAP_A=%s", algorithms);
    pdu = say(&client, false, keys);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    CU_ASSERT_TRUE(tt_value(&pdu, "CHAP_C").len > 2);
    return client;
}

static unsigned finish(tt_client *client)
{
    tt_pdu pdu = tt_login_step(client, true, 1, 3, "");
    if (tt_status(&pdu) == 0)
        client->tsih = (uint16_t)tt_field(&pdu, RIG_F_TSIH);
    return tt_status(&pdu);
}

static void refused(tt_client *client, const tt_pdu *pdu, unsigned status)
{
    rig_target_counts counts;
    CU_ASSERT_EQUAL(tt_status(pdu), status);
    CU_ASSERT_EQUAL(pdu->len, 0);
    CU_ASSERT_EQUAL(tt_field(pdu, RIG_F_TSIH), client->tsih);
    CU_ASSERT_FALSE(client->stream->open);
    rig_target_count(client->world->target, &counts);
    CU_ASSERT_EQUAL(counts.sessions, client->tsih ? 1 : 0);
}

static void test_one_way(void)
{
    tt_world *world = chap_world();
    tt_client client = tt_client_at(world, 0);
    tt_pdu pdu = say(&client, true, NAMES "\nAuthMethod=SRP,CHAP,None");
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 0);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "AuthMethod"), "CHAP"));
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "TargetPortalGroupTag"), "1"));
    pdu = say(&client, true, "CHAP_A=5");
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 0); /* AUTH-040 */
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "CHAP_A"), "5"));
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "CHAP_I"), "65"));
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "CHAP_C"), CHALLENGE));
    pdu = say(&client, true, RIGHT);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_NSG), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TSIH), 0);
    CU_ASSERT_EQUAL(pdu.len, 0);
    CU_ASSERT_EQUAL(finish(&client), 0);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* The response without T, then an empty request with it; and straight to full feature phase. */
static void test_ends(void)
{
    tt_world *world = chap_world();
    tt_client client = challenged(world, "5");
    tt_pdu pdu = say(&client, false, RIGHT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 0);
    pdu = say(&client, true, "");
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 1);
    CU_ASSERT_EQUAL(finish(&client), 0);
    tt_free(world);
    world = chap_world();
    client = challenged(world, "5");
    pdu = tt_login_step(&client, true, 0, 3, RIGHT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_NSG), 3);
    CU_ASSERT_NOT_EQUAL(tt_field(&pdu, RIG_F_TSIH), 0);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

static void test_algorithms(void)
{
    static const struct {
        const char *algorithm, *hex, *base64, *ours;
    } rows[] = {
        {"5", "50b9f5d6dc489736947eeefb4a6ea07b",
         "ULn11txIlzaUfu77Sm6gew==", "0x71d632893febee8b5f73d8268f74aec9"},
        {"6", "c3ae7fff3918e5f45c4f76c9f7623f33a8b7055e",
         "w65//zkY5fRcT3bJ92I/M6i3BV4=", "0xd860007cf5e5a04bb6f9115c26ba83f79f63c6e6"},
        {"7", "8a923acf78af1332a1c5fa44ba235ef5dd62a921da38aa41b6dfd9ad87f82680",
         "ipI6z3ivEzKhxfpEuiNe9d1iqSHaOKpBtt/ZrYf4JoA=",
         "0x671a8ffbb06434f2ebe57968f0a2ecd172eb9adf57db9b3b58a5ee574965347d"},
        {"8", "552f44f6e4f312158b0213930ff08446b7cce3120d048d064249e523139fab20",
         "VS9E9uTzEhWLAhOTD/CERrfM4xINBI0GQknlIxOfqyA=",
         "0xbf6137df1a0f4baf5ff0ac7c79f6b3cffe4a3e269049ab6c14961637c2f272ac"},
    };
    static const char *const prefixes[] = {"0x", "0X", "0b", "0B"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t p = 0; p < 4; p++) {
            tt_world *world = chap_world();
            tt_client client = challenged(world, rows[i].algorithm);
            char keys[256];
            rig_text text;
            rig_text_init(&text, keys, sizeof(keys));
            rig_text_add(&text, "CHAP_N=host\nCHAP_R=%s%s" WANTS, prefixes[p],
                         p < 2 ? rows[i].hex : rows[i].base64);
            tt_pdu pdu = say(&client, true, keys);
            CU_ASSERT_EQUAL(tt_status(&pdu), 0);
            CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 1);
            CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "CHAP_N"), "disk"));
            CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "CHAP_R"), rows[i].ours));
            tt_free(world);
        }
    }
}

/* 12.1.3: one of those offered, in the initiator's order, or 0x0201. */
static void test_choice_of_algorithm(void)
{
    static const struct {
        const char *accepted, *offered, *chosen; /* NULL: refused */
        unsigned status;
    } rows[] = {
        {NULL, "5", "5", 0},
        {NULL, "7,5", "7", 0},
        {NULL, "99,5", "5", 0},
        {NULL, "8,7,6,5", "8", 0},
        {"5", "8,7,6,5", "5", 0},
        {"7,6", "5,6,7", "6", 0},
        {NULL, "0x5", "5", 0},
        {NULL, "99", NULL, 0x0201},
        {NULL, "0,4,9", NULL, 0x0201},
        {"5", "6,7,8", NULL, 0x0201},
        {NULL, "", NULL, 0x0200},
        {NULL, "5,", NULL, 0x0200},
        {NULL, "md5,5", NULL, 0x0200},
        {NULL, "5 6", NULL, 0x0200},
        {NULL, "-1", NULL, 0x0200},
        {NULL, "261", NULL, 0x0201},
        {NULL, "4294967301", NULL, 0x0201},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tt_world *world = chap_world();
        tt_client client = tt_client_at(world, 0);
        char keys[64];
        rig_text text;
        if (rows[i].accepted)
            tt_offer(world, "CHAP_A", rows[i].accepted);
        say(&client, false, NAMES "\nAuthMethod=CHAP");
        rig_text_init(&text, keys, sizeof(keys));
        rig_text_add(&text, "CHAP_A=%s", rows[i].offered);
        tt_pdu pdu = say(&client, false, keys);
        if (rows[i].chosen)
            CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "CHAP_A"), rows[i].chosen));
        if (!rows[i].chosen)
            refused(&client, &pdu, rows[i].status);
        tt_free(world);
    }
}

/* 6.3.2: the first of the initiator's list that is supported and allowed. */
static void test_choice_of_method(void)
{
    static const struct {
        const char *accepted, *offered, *chosen;
    } rows[] = {
        {NULL, "CHAP", "CHAP"},
        {NULL, "None,CHAP", "CHAP"},
        {NULL, "CHAP,None", "CHAP"},
        {NULL, "KRB5,SRP,CHAP", "CHAP"},
        {NULL, "None", NULL},
        {NULL, "KRB5", NULL},
        {NULL, "chap", NULL},
        {"CHAP,None", "None,CHAP", "None"},
        {"None,CHAP", "CHAP,None", "CHAP"},
        {"None", "CHAP,None", "None"},
        {"None", "CHAP", NULL},
        {"CHAP", "None", NULL},
        {NULL, "Z-com.example.magic,CHAP", "CHAP"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tt_world *world = chap_world();
        tt_client client = tt_client_at(world, 0);
        char keys[256];
        rig_text text;
        if (rows[i].accepted)
            tt_offer(world, "AuthMethod", rows[i].accepted);
        rig_text_init(&text, keys, sizeof(keys));
        rig_text_add(&text, NAMES "\nAuthMethod=%s", rows[i].offered);
        tt_pdu pdu = say(&client, true, keys);
        bool none = rows[i].chosen && strcmp(rows[i].chosen, "None") == 0;
        if (rows[i].chosen) {
            CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "AuthMethod"), rows[i].chosen));
            CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), none);
            CU_ASSERT_EQUAL(!none || finish(&client) == 0, true);
        } else {
            refused(&client, &pdu, 0x0201);
        }
        tt_free(world);
    }
}

/* 6.3.1, 6.3.2: a login that does not offer a method. */
static void test_nothing_offered(void)
{
    tt_world *world = chap_world();
    tt_client client = tt_client_at(world, 0);
    tt_pdu pdu = tt_login_step(&client, true, 1, 3, NAMES); /* LOGIN-062 */
    refused(&client, &pdu, 0x0201);
    client = tt_client_at(world, 0);
    pdu = say(&client, true, NAMES);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 0);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "AuthMethod"), "CHAP"));
    pdu = say(&client, false, "AuthMethod=CHAP\nCHAP_A=5");
    CU_ASSERT_EQUAL(tt_value(&pdu, "AuthMethod").len, 0);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "CHAP_C"), CHALLENGE));
    pdu = say(&client, true, RIGHT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 1);
    static const char *const answers[] = {
        "AuthMethod=None",      "AuthMethod=Reject", "",
        "AuthMethod=CHAP,None", "AuthMethod=SRP",    "AuthMethod=NotUnderstood"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        client = tt_client_at(world, 0);
        say(&client, true, NAMES);
        pdu = say(&client, true, answers[i]);
        refused(&client, &pdu, 0x0201);
    }
    client = tt_client_at(world, 0);
    say(&client, true, NAMES);
    pdu = say(&client, false, "AuthMethod=CHAP"); /* 12.1: its first key comes with it */
    refused(&client, &pdu, 0x0207);
    client = tt_client_at(world, 0);
    say(&client, false, NAMES); /* without T it may still offer one */
    pdu = say(&client, false, "AuthMethod=CHAP");
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "AuthMethod"), "CHAP"));
    tt_free(world);
}

#define TEXTS 4

/* Each exchange is right up to its last text. */
static void test_wrong_exchanges(void)
{
    static const char offer[] = NAMES "\nAuthMethod=CHAP,None";
    static const struct {
        const char *texts[TEXTS];
        unsigned status;
    } rows[] = {
        /* misordered or missing keys (9.2) */
        {{NAMES "\nAuthMethod=CHAP\nCHAP_A=5"}, 0x0200},
        {{NAMES "\nCHAP_A=5"}, 0x0200},
        {{offer, ""}, 0x0207},
        {{offer, "CHAP_N=host"}, 0x0200},
        {{offer, RIGHT}, 0x0200},
        {{offer, "CHAP_A=5\nCHAP_N=host"}, 0x0200},
        {{offer, "AuthMethod=CHAP\nCHAP_A=5"}, 0x0200},
        {{offer, "CHAP_A=5\nCHAP_A=5"}, 0x0200},
        {{offer, "CHAP_A=5", ""}, 0x0207},
        {{offer, "CHAP_A=5", "CHAP_A=5"}, 0x0200},
        {{offer, "CHAP_A=5", "CHAP_N=host"}, 0x0207},
        {{offer, "CHAP_A=5", "CHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b"}, 0x0207},
        {{offer, "CHAP_A=5", "CHAP_N=host" WANTS}, 0x0207},
        {{offer, "CHAP_A=5", "CHAP_I=7\nCHAP_C=0xa1a2a3a4"}, 0x0207},
        {{offer, "CHAP_A=5", RIGHT "\nCHAP_I=7"}, 0x0207},
        {{offer, "CHAP_A=5", RIGHT "\nCHAP_C=0xa1a2a3a4"}, 0x0207},
        {{offer, "CHAP_A=5", RIGHT "\nCHAP_N=host"}, 0x0200},
        {{offer, "CHAP_A=5", RIGHT, "CHAP_I=7\nCHAP_C=0xa1a2a3a4"}, 0x0200},
        {{offer, "CHAP_A=5", RIGHT, "CHAP_A=5"}, 0x0200},
        /* values that are none (6.1, 12.1.3) */
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=50b9f5d6dc489736947eeefb4a6ea07b"}, 0x0200},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=107303432525475083254"}, 0x0200},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07g"}, 0x0200},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0x"}, 0x0200},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R="}, 0x0200},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0bULn11txIlzaUfu77Sm6gew="}, 0x0200},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0bULn11txIlzaUfu77Sm6gew"}, 0x0200},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0bULn11txIlzaUfu77Sm6=ew=="}, 0x0200},
        {{offer, "CHAP_A=5", RIGHT "\nCHAP_I=256\nCHAP_C=0xa1a2a3a4"}, 0x0200},
        {{offer, "CHAP_A=5", RIGHT "\nCHAP_I=-1\nCHAP_C=0xa1a2a3a4"}, 0x0200},
        {{offer, "CHAP_A=5", RIGHT "\nCHAP_I=seven\nCHAP_C=0xa1a2a3a4"}, 0x0200},
        {{offer, "CHAP_A=5", RIGHT "\nCHAP_I=7\nCHAP_C=2711790500"}, 0x0200},
        {{offer, "CHAP_A=5", RIGHT "\nCHAP_I=7\nCHAP_C=0x"}, 0x0200},
        /* wrong names and responses */
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0x56b4752f578ad1e60175b265a9b593d9"}, 0x0201},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07a"}, 0x0201},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0xd0b9f5d6dc489736947eeefb4a6ea07b"}, 0x0201},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0bVrR1L1eK0eYBdbJlqbWT2Q=="}, 0x0201},
        {{offer, "CHAP_A=5", "CHAP_N=Host\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b"}, 0x0201},
        {{offer, "CHAP_A=5", "CHAP_N=hos\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b"}, 0x0201},
        {{offer, "CHAP_A=5", "CHAP_N=disk\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b"}, 0x0201},
        {{offer, "CHAP_A=5", "CHAP_N=\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b"}, 0x0201},
        {{offer, "CHAP_A=5", "CHAP_N=0x686f7374\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b"}, 0x0201},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea0"}, 0x0201},
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b00"}, 0x0201},
        {{offer, "CHAP_A=6", RIGHT}, 0x0201},
        /* the target's own response, and its challenge sent back (9.2.1) */
        {{offer, "CHAP_A=5", "CHAP_N=host\nCHAP_R=0x475f14ec1438d6a35e02a34fac28b5c4"}, 0x0201},
        {{offer, "CHAP_A=5", RIGHT "\nCHAP_I=7\nCHAP_C=" CHALLENGE}, 0x0201},
        {{offer, "CHAP_A=5", RIGHT "\nCHAP_I=65\nCHAP_C=0bAAECAwQFBgcICQoLDA0ODw=="}, 0x0201},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tt_world *world = chap_world();
        tt_client client = tt_client_at(world, 0);
        tt_pdu pdu = {0};
        for (size_t t = 0; t < TEXTS && rows[i].texts[t]; t++) {
            CU_ASSERT_EQUAL(tt_status(&pdu), 0);
            pdu = say(&client, false, rows[i].texts[t]);
        }
        refused(&client, &pdu, rows[i].status);
        if (tt_status(&pdu) != rows[i].status)
            printf("\n    row %zu: 0x%04x\n", i, tt_status(&pdu));
        tt_free(world);
    }
}

/* The last step with a CHAP_C or CHAP_R of so many bytes. */
static unsigned with_bytes(const char *before, size_t bytes, bool base64, tt_pdu *out)
{
    tt_world *world = chap_world();
    tt_client client = challenged(world, "5");
    char keys[4096];
    rig_text text;
    rig_text_init(&text, keys, sizeof(keys));
    rig_text_add(&text, "%s%s", before, base64 ? "0b" : "0x");
    for (size_t i = 0; !base64 && i < bytes; i++)
        rig_text_add(&text, "5a");
    for (size_t i = 0; base64 && i < bytes / 3; i++)
        rig_text_add(&text, "Wlpa");
    if (base64 && bytes % 3)
        rig_text_add(&text, bytes % 3 == 1 ? "Wg==" : "Wlo=");
    *out = say(&client, true, keys);
    unsigned status = tt_status(out);
    bool right = rig_view_is(tt_value(out, "CHAP_R"), "0x9650e605c2527eb9be5df06f433fc5b6");
    CU_ASSERT_EQUAL(status == 0, right);
    tt_free(world);
    return status;
}

static void test_limits(void)
{
    tt_pdu pdu;
    for (unsigned base64 = 0; base64 < 2; base64++) {
        CU_ASSERT_EQUAL(with_bytes(RIGHT "\nCHAP_I=7\nCHAP_C=", TGT_CHAP_BYTES_MAX, base64, &pdu), 0);
        CU_ASSERT_EQUAL(with_bytes(RIGHT "\nCHAP_I=7\nCHAP_C=", TGT_CHAP_BYTES_MAX + 1, base64, &pdu),
                        0x0200);
        CU_ASSERT_EQUAL(with_bytes("CHAP_N=host\nCHAP_R=", TGT_CHAP_BYTES_MAX, base64, &pdu), 0x0201);
        CU_ASSERT_EQUAL(with_bytes("CHAP_N=host\nCHAP_R=", TGT_CHAP_BYTES_MAX + 1, base64, &pdu), 0x0200);
    }
}

/* NEG-010: an odd number of digits, (n + 1) / 2 bytes. */
static void test_odd_digits(void)
{
    tt_world *world = chap_world();
    tt_client client = challenged(world, "5");
    tt_pdu pdu = say(&client, true, RIGHT "\nCHAP_I=0x07\nCHAP_C=0xabc");
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "CHAP_R"), "0xded5c5ed19cc309b3ce8d1ee51a105f9"));
    tt_free(world);
}

/* AUTH-029: any bytes, zeroes among them. */
static void test_binary_secret(void)
{
    tt_world *world = bare_world();
    rig_target_chap chap = {
        .user = rig_view_str("0xroot"),
        .secret = rig_view_of("\x80\xff\x00\x0a\x80\xff\x00\x0a\x80\xff\x00\x0a\x80\xff\x00\x0a", 16)};
    CU_ASSERT_EQUAL(rig_target_chap_add(world->target, world->node, &chap, NULL), RIG_OK);
    tt_client client = challenged(world, "5");
    tt_pdu pdu = say(&client, true, "CHAP_N=0xroot\nCHAP_R=0x66e40fa0e524e0669d7251dd9b4518cd");
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    tt_free(world);
}

/* AUTH-022, AUTH-030: who cannot answer well does not answer. */
static void test_no_own_secret(void)
{
    static const char *const secrets[] = {NULL, "11 bytes...", "12 bytes...."};
    for (size_t i = 0; i < 3; i++) {
        tt_world *world = bare_world();
        rig_target_chap chap = {.user = rig_view_str("host"), .secret = rig_view_str(HOST_SECRET)};
        chap.target_user = rig_view_str(secrets[i] ? "disk" : "");
        chap.target_secret = rig_view_str(secrets[i]);
        CU_ASSERT_EQUAL(rig_target_chap_add(world->target, world->node, &chap, NULL), RIG_OK);
        tt_client client = challenged(world, "5");
        tt_pdu pdu = say(&client, true, RIGHT WANTS);
        if (i < 2)
            refused(&client, &pdu, 0x0201);
        else
            CU_ASSERT_EQUAL(tt_value(&pdu, "CHAP_R").len, 34);
        tt_free(world);
    }
}

/* AUTH-027: one secret in both directions. */
static void test_shared_secret(void)
{
    for (unsigned fault = 0; fault < 2; fault++) {
        tt_world *world = bare_world();
        rig_target_chap chap = {.user = rig_view_str("host"),
                                .secret = rig_view_str(HOST_SECRET),
                                .target_user = rig_view_str("disk"),
                                .target_secret = rig_view_str(HOST_SECRET)};
        CU_ASSERT_EQUAL(rig_target_chap_add(world->target, world->node, &chap, NULL), RIG_OK);
        if (fault)
            rig_target_fault_on(world->target, RIG_FAULT_CHAP_SECRET_SHARED);
        tt_client client = challenged(world, "5");
        tt_pdu pdu = say(&client, true, RIGHT);
        CU_ASSERT_EQUAL(tt_status(&pdu), fault ? 0 : 0x0201);
        tt_free(world);
    }
}

/* AUTH-034, AUTH-035, AUTH-036. */
static void test_parallel(void)
{
    static const char first[] = "CHAP_N=host\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b";
    static const char second[] = "CHAP_N=host\nCHAP_R=0xdc5ff683d3805d5eccba3d98f4c15c75";
    for (unsigned swap = 0; swap < 2; swap++) {
        tt_world *world = chap_world();
        tt_client a = tt_client_at(world, 0), b = tt_client_at(world, 0);
        b.isid = 2;
        say(&a, false, NAMES "\nAuthMethod=CHAP");
        say(&b, false, NAMES "\nAuthMethod=CHAP");
        tt_pdu to_a = say(&a, false, "CHAP_A=5"), to_b = say(&b, false, "CHAP_A=5");
        CU_ASSERT_TRUE(rig_view_is(tt_value(&to_a, "CHAP_I"), "65"));
        CU_ASSERT_TRUE(rig_view_is(tt_value(&to_b, "CHAP_I"), "66"));
        CU_ASSERT_TRUE(rig_view_is(tt_value(&to_b, "CHAP_C"), "0x101112131415161718191a1b1c1d1e1f"));
        to_a = say(&a, true, swap ? second : first);
        to_b = say(&b, true, swap ? first : second);
        CU_ASSERT_EQUAL(tt_status(&to_a), swap ? 0x0201 : 0);
        CU_ASSERT_EQUAL(tt_status(&to_b), swap ? 0x0201 : 0);
        tt_free(world);
    }
}

/* AUTH-033: no challenge comes twice, with draws as they are. */
static void test_unique(void)
{
    enum { LOGINS = 2000 };
    static char seen[LOGINS][40];
    tt_world *world = tt_new();
    unsigned repeats = 0;
    CU_ASSERT_EQUAL(identity(world, world->node, "", "host", HOST_SECRET, false), RIG_OK);
    for (unsigned i = 0; i < LOGINS; i++) {
        tt_client client = tt_client_at(world, 0);
        say(&client, false, NAMES "\nAuthMethod=CHAP");
        tt_pdu pdu = say(&client, false, "CHAP_A=5");
        rig_text text;
        rig_text_init(&text, seen[i], sizeof(seen[i]));
        rig_text_view(&text, tt_value(&pdu, "CHAP_C"));
        CU_ASSERT_EQUAL(text.len, 34);
        client.stream->user.ops->event(client.stream->user.ctx, RIG_STREAM_FAILED, RIG_E_RESET, world->now);
        client.stream->open = false;
        for (unsigned j = 0; j < i; j++)
            repeats += strcmp(seen[i], seen[j]) == 0;
    }
    CU_ASSERT_EQUAL(repeats, 0);
    tt_free(world);
}

/* AUTH-037: a name that is bound to an initiator is nobody else's. */
static void test_bound(void)
{
    static const struct {
        const char *initiator, *keys;
        unsigned status;
    } rows[] = {
        {TT_INITIATOR, "CHAP_N=guest\nCHAP_R=0xc80c412d3ac52e8ea4fda1a9edb1d3c1", 0},
        {OTHER_INITIATOR, "CHAP_N=guest\nCHAP_R=0xc80c412d3ac52e8ea4fda1a9edb1d3c1", 0x0201},
        {OTHER_INITIATOR, "CHAP_N=host\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b", 0},
        {OTHER_INITIATOR, "CHAP_N=both\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b", 0},
        {TT_INITIATOR, "CHAP_N=both\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b", 0x0201},
        {TT_INITIATOR, "CHAP_N=both\nCHAP_R=0xc80c412d3ac52e8ea4fda1a9edb1d3c1", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tt_world *world = chap_world();
        tt_client client = tt_client_at(world, 0);
        char keys[256];
        rig_text text;
        CU_ASSERT_EQUAL(identity(world, world->node, TT_INITIATOR, "guest", "secret of a guest", false),
                        RIG_OK);
        CU_ASSERT_EQUAL(identity(world, world->node, TT_INITIATOR, "both", "secret of a guest", false),
                        RIG_OK);
        CU_ASSERT_EQUAL(identity(world, world->node, "", "both", HOST_SECRET, false), RIG_OK);
        rig_text_init(&text, keys, sizeof(keys));
        rig_text_add(&text, "InitiatorName=%s\nTargetName=%s\nAuthMethod=CHAP", rows[i].initiator, TT_TARGET);
        say(&client, false, keys);
        say(&client, false, "CHAP_A=5");
        tt_pdu pdu = say(&client, true, rows[i].keys);
        CU_ASSERT_EQUAL(tt_status(&pdu), rows[i].status);
        tt_free(world);
    }
}

/* The second connection of a session; keys NULL: without authentication. */
static unsigned join(tt_client *client, const char *response)
{
    tt_pdu pdu;
    if (response) {
        say(client, false, NAMES "\nAuthMethod=CHAP");
        say(client, false, "CHAP_A=5");
        pdu = say(client, true, response);
    } else {
        pdu = say(client, true, NAMES "\nAuthMethod=None");
    }
    return tt_status(&pdu) ? tt_status(&pdu) : finish(client);
}

/* AUTH-038, AUTH-039, MCS-020: the identity of the first connection is that of all. The second login has
 * identifier 66 and the second challenge. */
static void test_one_identity(void)
{
    static const struct {
        bool leading; /* authenticated */
        const char *response;
        unsigned status;
    } rows[] = {
        {true, "CHAP_N=host\nCHAP_R=0xdc5ff683d3805d5eccba3d98f4c15c75", 0},
        {true, "CHAP_N=twin\nCHAP_R=0xdc5ff683d3805d5eccba3d98f4c15c75", 0x0201},
        {true, NULL, 0x0201},
        {false, "CHAP_N=host\nCHAP_R=0x50b9f5d6dc489736947eeefb4a6ea07b", 0x0201},
        {false, NULL, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (uint16_t cid = 0; cid < 2; cid++) { /* 0: the same connection again */
            tt_world *world = chap_world();
            tt_client a = tt_client_at(world, 0), b = tt_client_at(world, 0);
            CU_ASSERT_EQUAL(identity(world, world->node, "", "twin", HOST_SECRET, false), RIG_OK);
            tt_offer(world, "AuthMethod", "None,CHAP");
            tt_offer(world, "MaxConnections", "2");
            say(&a, !rows[i].leading, rows[i].leading ? NAMES "\nAuthMethod=CHAP" : NAMES);
            if (rows[i].leading) {
                say(&a, false, "CHAP_A=5");
                say(&a, true, RIGHT);
            }
            tt_pdu pdu = tt_login_step(&a, true, 1, 3, "MaxConnections=2");
            b.tsih = a.tsih = (uint16_t)tt_field(&pdu, RIG_F_TSIH);
            b.cid = cid;
            CU_ASSERT_EQUAL(join(&b, rows[i].response), rows[i].status);
            CU_ASSERT_EQUAL(a.stream->open, cid == 1 || rows[i].status != 0);
            if (a.stream->open)
                CU_ASSERT_EQUAL(tt_ready(&a), 0);
            tt_free(world);
        }
    }
}

/* LOGIN-092, AUTH-048: a failed login takes nobody's place. */
static void test_old_session_stays(void)
{
    tt_world *world = chap_world();
    tt_client a = challenged(world, "5"), b;
    say(&a, true, RIGHT);
    CU_ASSERT_EQUAL(finish(&a), 0);
    b = challenged(world, "5");
    tt_pdu pdu = say(&b, true, "CHAP_N=host\nCHAP_R=0x00000000000000000000000000000000");
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x0201);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TSIH), 0);
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_UP), 1);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 0);
    tt_free(world);
}

/* AUTH-047: by what discovery is configured with; a session that names a node by that node's. */
static void test_discovery(void)
{
    static const char unnamed[] =
        "InitiatorName=" TT_INITIATOR "\nSessionType=Discovery\nAuthMethod=CHAP,None";
    for (unsigned at = 0; at < 3; at++) {
        tt_world *world = bare_world();
        tt_client client = tt_client_at(world, 0);
        if (at < 2)
            CU_ASSERT_EQUAL(identity(world, at ? world->node : NULL, "", "host", HOST_SECRET, true), RIG_OK);
        tt_pdu pdu = say(&client, true, unnamed);
        CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "AuthMethod"), at == 0 ? "CHAP" : "None"));
        client = tt_client_at(world, 0);
        pdu = say(&client, true, NAMES "\nSessionType=Discovery\nAuthMethod=CHAP,None");
        CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "AuthMethod"), at == 1 ? "CHAP" : "None"));
        client = tt_client_at(world, 0);
        pdu = tt_login_step(&client, true, 1, 3, "InitiatorName=" TT_INITIATOR "\nSessionType=Discovery");
        CU_ASSERT_EQUAL(tt_status(&pdu), at == 0 ? 0x0201 : 0);
        tt_free(world);
    }
    tt_world *world = bare_world();
    tt_client client = tt_client_at(world, 0);
    CU_ASSERT_EQUAL(identity(world, NULL, "", "host", HOST_SECRET, true), RIG_OK);
    say(&client, false, unnamed);
    say(&client, false, "CHAP_A=5");
    tt_pdu pdu = say(&client, true, RIGHT WANTS);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "CHAP_R"), "0x71d632893febee8b5f73d8268f74aec9"));
    CU_ASSERT_EQUAL(finish(&client), 0);
    pdu = tt_text(&client, "SendTargets=All", RIG_TAG_NONE, true);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "TargetName"), TT_TARGET));
    tt_free(world);
}

static void test_configuration(void)
{
    tt_world *world = tt_new();
    static char many[300];
    memset(many, 'x', sizeof(many));
    rig_view user = rig_view_str("host"), secret = rig_view_str(HOST_SECRET), none = {0};
    const struct {
        rig_target_chap chap;
        rig_status status;
    } rows[] = {
        {{none, none, secret, none, none}, RIG_E_ARGUMENT},
        {{none, user, none, none, none}, RIG_E_ARGUMENT},
        {{none, user, secret, user, none}, RIG_E_ARGUMENT},
        {{none, user, secret, none, secret}, RIG_E_ARGUMENT},
        {{none, rig_view_of("a\0b", 3), secret, none, none}, RIG_E_ARGUMENT},
        {{none, rig_view_of(many, RIG_VALUE_MAX + 1), secret, none, none}, RIG_E_ARGUMENT},
        {{none, user, rig_view_of(many, RIG_TARGET_SECRET_MAX + 1), none, none}, RIG_E_ARGUMENT},
        {{rig_view_str("not a name"), user, secret, none, none}, RIG_E_SYNTAX},
        {{none, rig_view_of(many, RIG_VALUE_MAX), rig_view_of(many, RIG_TARGET_SECRET_MAX), none, none},
         RIG_OK},
        {{none, user, secret, none, none}, RIG_OK},
        {{none, user, secret, none, none}, RIG_E_EXISTS},
        {{rig_view_str(TT_INITIATOR), user, secret, none, none}, RIG_OK},
        {{rig_view_str(TT_INITIATOR), user, secret, none, none}, RIG_E_EXISTS},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_target_chap_add(world->target, world->node, &rows[i].chap, &err), rows[i].status);
        CU_ASSERT_PTR_NULL(strstr(err.text, HOST_SECRET));
        CU_ASSERT_EQUAL(err.text[0] != 0, rows[i].status != RIG_OK);
    }
    CU_ASSERT_EQUAL(rig_target_offer(world->target, NULL, rig_view_str("CHAP_A"), rig_view_str("9"), NULL),
                    RIG_E_SYNTAX);
    tt_free(world);
}

static void test_most_identities(void)
{
    tt_world *world = tt_new();
    char user[16];
    for (unsigned i = 0; i <= RIG_TARGET_ACCOUNTS_MAX; i++) {
        rig_text text;
        rig_text_init(&text, user, sizeof(user));
        rig_text_add(&text, "user%u", i);
        CU_ASSERT_EQUAL(identity(world, NULL, "", user, HOST_SECRET, false),
                        i < RIG_TARGET_ACCOUNTS_MAX ? RIG_OK : RIG_E_LIMIT);
    }
    tt_free(world);
}

/* ---- memory ---- */

/* Frees, after a look whether a secret is still readable. */
typedef struct watcher {
    rig_alloc alloc;
    unsigned num_leaks, num_freed;
} watcher;

static void *watched(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    watcher *watch = ctx;
    static const char *const secrets[] = {HOST_SECRET, DISK_SECRET};
    for (size_t i = 0; ptr && new_size == 0 && i < 2; i++)
        watch->num_leaks += memmem(ptr, old_size, secrets[i], strlen(secrets[i])) != NULL;
    watch->num_freed += ptr && new_size == 0;
    const rig_alloc *libc = rig_alloc_libc();
    return libc->resize(libc->ctx, ptr, old_size, new_size);
}

static void test_wiped(void)
{
    watcher watch = {.alloc = {watched, &watch}};
    tt_world *world = bare_world();
    world->meter.below = &watch.alloc;
    CU_ASSERT_EQUAL(identity(world, world->node, "", "host", HOST_SECRET, true), RIG_OK);
    CU_ASSERT_EQUAL(identity(world, NULL, "", "host", HOST_SECRET, true), RIG_OK);
    tt_client client = challenged(world, "5");
    say(&client, true, RIGHT WANTS);
    tt_free(world);
    CU_ASSERT_TRUE(watch.num_freed > 2);
    CU_ASSERT_EQUAL(watch.num_leaks, 0);
    uint8_t *plain = rig_new(&watch.alloc, 64); /* the look itself */
    memcpy(plain + 8, HOST_SECRET, sizeof(HOST_SECRET));
    rig_delete(&watch.alloc, plain, 64);
    CU_ASSERT_EQUAL(watch.num_leaks, 1);
}

/* Each request for memory of a login fails once: a refusal or a closed connection, never more. */
static void test_no_memory(void)
{
    for (uint64_t fail = 1; fail < 400; fail++) {
        tt_world *world = chap_world();
        static const char *const texts[] = {NAMES "\nAuthMethod=CHAP", "CHAP_A=5", RIGHT WANTS};
        world->meter.fail_at = world->meter.num_calls + fail;
        tt_client client = tt_client_at(world, 0);
        for (unsigned i = 0; i < 3 && client.stream->open; i++) {
            uint8_t bhs[RIG_BHS_LEN], text[1024];
            tt_login_bhs(&client, bhs, i == 2, 0, 1);
            tt_send(&client, bhs, text, tt_pairs(text, texts[i]));
            tt_next(&client);
        }
        bool passed = world->meter.num_calls < world->meter.fail_at;
        CU_ASSERT_EQUAL(passed && !client.stream->open, false);
        tt_free(world);
        if (passed)
            return;
    }
    CU_FAIL("a login asks for memory without end");
}

/* ---- deviations ---- */

/* Each changes one answer, is reported once, and nothing else is different. */
static void test_faults(void)
{
    static const struct {
        rig_fault fault;
        unsigned text; /* whose answer deviates */
        const char *key, *value;
    } rows[] = {
        {RIG_FAULT_AUTH_METHOD_ALIEN, 0, "AuthMethod", "SPKM1"},
        {RIG_FAULT_AUTH_SKIPPED, 1, "CHAP_A", ""},
        {RIG_FAULT_CHAP_ALGORITHM_ALIEN, 1, "CHAP_A", "6"},
        {RIG_FAULT_CHAP_IDENTIFIER_LARGE, 1, "CHAP_I", "321"},
        {RIG_FAULT_CHAP_CHALLENGE_MISSING, 1, "CHAP_C", ""},
        {RIG_FAULT_CHAP_CHALLENGE_DECIMAL, 1, "CHAP_C", "283686952306183"},
        {RIG_FAULT_CHAP_NAME_MISSING, 2, "CHAP_N", ""},
        {RIG_FAULT_CHAP_NO_RESPONSE, 2, "CHAP_R", ""},
        {RIG_FAULT_CHAP_RESPONSE_WRONG, 2, "CHAP_R", "0x70d632893febee8b5f73d8268f74aec9"},
        {RIG_FAULT_CHAP_RESPONSE_SHORT, 2, "CHAP_R", "0x71d632893febee8b5f73d8268f74ae"},
        {RIG_FAULT_CHAP_RESPONSE_REFLECTED, 2, "CHAP_R", "0x50b9f5d6dc489736947eeefb4a6ea07b"},
        {RIG_FAULT_CHAP_BASE64, 2, "CHAP_R", "0bcdYyiT/r7otfc9gmj3SuyQ=="},
        {RIG_FAULT_CHAP_UPPER_CASE, 2, "CHAP_R", "0X71D632893FEBEE8B5F73D8268F74AEC9"},
    };
    static const char *const texts[] = {NAMES "\nAuthMethod=CHAP", "CHAP_A=5", RIGHT WANTS};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tt_world *world = chap_world();
        tt_client client = tt_client_at(world, 0);
        tt_pdu pdu = {0};
        rig_target_fault_on(world->target, rows[i].fault);
        for (unsigned t = 0; t <= rows[i].text; t++)
            pdu = say(&client, t == 2, texts[t]);
        CU_ASSERT_EQUAL(tt_status(&pdu), 0);
        CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, rows[i].key), rows[i].value));
        const tt_event *event = tt_last_event(world, RIG_TARGET_MADE_WRONG);
        CU_ASSERT_PTR_NOT_NULL_FATAL(event);
        CU_ASSERT_STRING_EQUAL(event->text, rig_fault_rows[rows[i].fault].name);
        tt_free(world);
    }
}

static void test_long_and_repeated_challenges(void)
{
    tt_world *world = chap_world();
    rig_target_fault_on(world->target, RIG_FAULT_CHAP_CHALLENGE_LONG);
    tt_client client = tt_client_at(world, 0);
    say(&client, false, NAMES "\nAuthMethod=CHAP");
    tt_pdu pdu = say(&client, false, "CHAP_A=5");
    CU_ASSERT_EQUAL(tt_value(&pdu, "CHAP_C").len, 2 + 2 * 1025);
    tt_free(world);
    world = chap_world();
    rig_target_fault_on(world->target, RIG_FAULT_CHAP_CHALLENGE_REPEATED);
    for (unsigned i = 0; i < 3; i++) {
        client = tt_client_at(world, 0);
        say(&client, false, NAMES "\nAuthMethod=CHAP");
        pdu = say(&client, false, "CHAP_A=5");
        CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "CHAP_C"), CHALLENGE));
    }
    tt_free(world);
}

/* A rule brings a deviation to one login only. */
static void test_fault_by_rule(void)
{
    tt_world *world = chap_world();
    rig_rule rule = {.on = RIG_PDU_LOGIN_REQ, .nth = 3, .num_actions = 1};
    rule.actions[0] = (rig_rule_action){.verb = RIG_DO_FAULT, .fault = RIG_FAULT_CHAP_NO_RESPONSE};
    CU_ASSERT_EQUAL(rig_target_rule_add(world->target, &rule), RIG_OK);
    tt_client client = challenged(world, "5");
    tt_pdu pdu = say(&client, true, RIGHT WANTS);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 1);
    CU_ASSERT_EQUAL(tt_value(&pdu, "CHAP_R").len, 0);
    client = challenged(world, "5");
    pdu = say(&client, true, "CHAP_N=host\nCHAP_R=0xdc5ff683d3805d5eccba3d98f4c15c75" WANTS);
    CU_ASSERT_EQUAL(tt_value(&pdu, "CHAP_R").len, 34);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_MADE_WRONG), 1);
    tt_free(world);
}

/* A login with mutual CHAP and operational keys, one of its requests cut at every byte into two with the C
 * bit; one text after the other in the loop's turn. */
static void test_cut_anywhere(void)
{
    static const struct {
        const char *keys;
        unsigned csg, nsg;
        bool t;
    } steps[] = {{NAMES "\nAuthMethod=CHAP,None", 0, 1, false},
                 {"CHAP_A=5", 0, 1, false},
                 {RIGHT WANTS, 0, 1, true},
                 {"InitialR2T=No\nMaxBurstLength=4096\nHeaderDigest=None", 1, 3, true}};
    for (size_t which = 0; which < 4; which++) {
        uint8_t text[512], bhs[RIG_BHS_LEN];
        size_t len = tt_pairs(text, steps[which].keys);
        for (size_t cut = 0; cut <= len; cut++) {
            tt_world *world = chap_world();
            tt_client client = tt_client_at(world, 0);
            tt_pdu pdu = {0};
            for (size_t i = 0; i < 4; i++) {
                if (i != which) {
                    pdu = tt_login_step(&client, steps[i].t, steps[i].csg, steps[i].nsg, steps[i].keys);
                    continue;
                }
                tt_login_bhs(&client, bhs, false, steps[i].csg, 0);
                rig_set(bhs, RIG_F_C, 1);
                tt_send(&client, bhs, text, cut);
                pdu = tt_expect(&client, RIG_PDU_LOGIN_RESP);
                CU_ASSERT_TRUE(pdu.len == 0 && tt_field(&pdu, RIG_F_T) == 0);
                tt_login_bhs(&client, bhs, steps[i].t, steps[i].csg, steps[i].nsg);
                tt_send(&client, bhs, text + cut, len - cut);
                pdu = tt_expect(&client, RIG_PDU_LOGIN_RESP);
            }
            CU_ASSERT_EQUAL(tt_status(&pdu), 0);
            CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_NSG), 3);
            CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "MaxBurstLength"), "4096"));
            CU_ASSERT_EQUAL(tt_ready(&client), 0);
            tt_free(world);
        }
    }
}

RIG_SUITE("target CHAP", {"one way", test_one_way}, {"ways to leave the stage", test_ends},
          {"every algorithm and encoding, mutual", test_algorithms},
          {"the algorithm is chosen from the list", test_choice_of_algorithm},
          {"the method is chosen from the list", test_choice_of_method},
          {"logins that offer no method", test_nothing_offered},
          {"wrong exchanges have their statuses", test_wrong_exchanges},
          {"1024 bytes and one more", test_limits}, {"an odd number of digits", test_odd_digits},
          {"a secret of any bytes", test_binary_secret},
          {"no secret of its own, or a short one", test_no_own_secret},
          {"one secret in both directions", test_shared_secret}, {"parallel logins", test_parallel},
          {"challenges are unique", test_unique}, {"names bound to initiators", test_bound},
          {"one identity a session", test_one_identity},
          {"a failure leaves the old session", test_old_session_stays},
          {"discovery sessions", test_discovery}, {"configuration", test_configuration},
          {"most identities", test_most_identities}, {"secrets are wiped", test_wiped},
          {"no memory", test_no_memory}, {"deviations", test_faults},
          {"long and repeated challenges", test_long_and_repeated_challenges},
          {"a deviation by a rule", test_fault_by_rule}, {"requests cut at every byte", test_cut_anywhere})
