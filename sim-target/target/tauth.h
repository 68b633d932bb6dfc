/* Authentication in the security stage of a login (RFC 7143 sections 6.3.2, 9.2, 12.1). */
#ifndef TGT_AUTH_H
#define TGT_AUTH_H

#include "rig/text.h"
#include "rig/view.h"

#define TGT_CHAP_BYTES_MAX 1024 /* most bytes of a challenge or response behind its encoding (12.1.3) */
#define TGT_CHAP_CHALLENGE 16   /* bytes of our challenges */
#define TGT_CHAP_ID_MAX 255     /* highest identifier: it has one octet (RFC 1994 section 4.1) */
#define TGT_CHAP_SECRET_MIN 12  /* bytes of a secret we answer with: 96 bits (9.2.1) */
#define TGT_CHAP_FIRST 5        /* number of the first choice of CHAP_A in tkeys.c */

enum { TGT_AUTH_NONE, TGT_AUTH_CHAP }; /* positions of AuthMethod's values in tkeys.c */

struct tgt_conn;
struct tgt_login;

/* One identity of initiators, and our own towards them. Its texts stand behind it in the same block. */
typedef struct tgt_account {
    struct tgt_account *next;
    size_t size;        /* of the block */
    rig_view initiator; /* the one name that may use it, "" = any */
    rig_view user, secret;
    rig_view target_user, target_secret; /* "" none */
} tgt_account;

/* What a node, or discovery, lets in. */
typedef struct tgt_access {
    tgt_account *accounts;
    uint32_t num;
} tgt_access;

void tgt_access_cleanup(tgt_access *access, const rig_alloc *alloc);

/* The account of a name for an initiator: one bound to it before one for all (9.2). NULL when there is none.
 */
const tgt_account *tgt_account_find(const tgt_access *access, rig_view user, rig_view initiator);

/*
 * An authentication method: one file and one row of tauth.c. step takes one complete text and appends its
 * keys; it returns 0 or a login status. done tells whether the initiator may leave the stage.
 */
typedef struct tgt_auth {
    uint16_t (*step)(struct tgt_conn *conn, rig_view text);
    bool (*done)(const struct tgt_login *login);
} tgt_auth;

/* States of CHAP, by what has to come next. */
typedef enum tgt_chap_state {
    TGT_CHAP_SELECTED,  /* nothing in the text that brought AuthMethod */
    TGT_CHAP_ALGORITHM, /* CHAP_A */
    TGT_CHAP_RESPONSE,  /* CHAP_N and CHAP_R, with CHAP_I and CHAP_C when we have to authenticate too */
    TGT_CHAP_DONE
} tgt_chap_state;

typedef struct tgt_chap {
    uint8_t state; /* tgt_chap_state */
    uint8_t algorithm;
    uint8_t identifier;
    uint8_t challenge[TGT_CHAP_CHALLENGE];
} tgt_chap;

uint16_t tgt_chap_step(struct tgt_conn *conn, rig_view text);
bool tgt_chap_done(const struct tgt_login *login);

/* Methods the login may use, a bit a position in AuthMethod's values. */
uint32_t tgt_auth_methods(const struct tgt_conn *conn);

/* Who may log in where this login wants to. */
const tgt_access *tgt_auth_access(const struct tgt_conn *conn);

/* May this login go on without any authentication? */
bool tgt_auth_optional(const struct tgt_login *login);

/* Takes the security keys of one complete text. leaves: the initiator asks to leave the stage. */
uint16_t tgt_auth_step(struct tgt_conn *conn, rig_view text, bool leaves);

/* May the security stage end? */
bool tgt_auth_done(const struct tgt_login *login);

#endif
