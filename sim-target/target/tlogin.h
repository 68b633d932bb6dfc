/* A login in progress (RFC 7143 section 6.3); it lives from the first Login Request to the final response. */
#ifndef TGT_LOGIN_H
#define TGT_LOGIN_H

#include "tauth.h"
#include "tgt.h"

/* Login status, class << 8 | detail (11.13.5). */
enum {
    TGT_LOGIN_OK = 0x0000,
    TGT_LOGIN_MOVED_TEMPORARILY = 0x0101,
    TGT_LOGIN_MOVED_PERMANENTLY = 0x0102,
    TGT_LOGIN_INITIATOR_ERROR = 0x0200,
    TGT_LOGIN_AUTHENTICATION = 0x0201,
    TGT_LOGIN_NOT_ALLOWED = 0x0202,
    TGT_LOGIN_NOT_FOUND = 0x0203,
    TGT_LOGIN_REMOVED = 0x0204,
    TGT_LOGIN_VERSION = 0x0205,
    TGT_LOGIN_TOO_MANY = 0x0206,
    TGT_LOGIN_MISSING = 0x0207,
    TGT_LOGIN_NOT_IN_SESSION = 0x0208,
    TGT_LOGIN_SESSION_TYPE = 0x0209,
    TGT_LOGIN_NO_SESSION = 0x020a,
    TGT_LOGIN_INVALID_REQUEST = 0x020b,
    TGT_LOGIN_TARGET_ERROR = 0x0300,
    TGT_LOGIN_RESOURCES = 0x0302
};

typedef enum tgt_login_action {
    TGT_LOGIN_FAIL,
    TGT_LOGIN_NEW,
    TGT_LOGIN_REINSTATE_SESSION,
    TGT_LOGIN_ADD_CONNECTION,
    TGT_LOGIN_REINSTATE_CONNECTION
} tgt_login_action;

/* What section 6.3.1 decides by. */
typedef struct tgt_login_facts {
    bool isid_known;  /* a session of this initiator, ISID, target and portal group lives */
    bool tsih_given;  /* TSIH is not zero */
    bool tsih_known;  /* and names that session */
    bool other_group; /* and names one of the same initiator, ISID and target in another portal group */
    bool cid_known;   /* and the session has a connection of that CID */
} tgt_login_facts;

/* The table of section 6.3.1; a failure's status in *out_status. */
tgt_login_action tgt_login_table(const tgt_login_facts *facts, uint16_t *out_status);

struct tgt_login {
    uint32_t itt;
    uint32_t cmd_sn, exp_stat_sn; /* of the first request */
    uint32_t num_pdus, num_texts;
    uint16_t cid, tsih;
    uint8_t isid[6];
    uint8_t csg;
    bool identified; /* names are known, and the table has decided */
    bool discovery;
    bool declared; /* our MaxRecvDataSegmentLength is said */
    bool complete; /* the text of the last request is all here */
    bool asks;     /* the last request asks for a transition */
    bool moves;    /* the answer grants the transition asked for */
    bool refused;
    char blamed[RIG_KEY_MAX + 1]; /* key that a refusal is about, "" none */
    char why[RIG_NAME_MAX + 1];   /* and what is wrong with it */
    bool answering;               /* a response is on its way to the queue */
    bool up;    /* the session or connection is established, the final response is still to go */
    bool joins; /* a failed session that this login continues (N7) */
    uint16_t status;
    uint16_t initiator_len;
    rig_target_node *node;        /* NULL for an unnamed discovery session */
    const tgt_redirect *redirect; /* where the node sends the login, NULL: nowhere else */
    const tgt_auth *auth;         /* method agreed on, NULL before */
    const tgt_account *account;   /* who it turned out to be, NULL without authentication */
    tgt_chap chap;
    const char *wrong;    /* deviation in the answer that is being made */
    tgt_session *session; /* being made by a leading login */
    rig_gather in, out;
    size_t out_at;
    tgt_negotiation negotiation;
    char initiator[RIG_NAME_MAX + 1];
};

/* Finds the facts, the action, and the session it is about; a failure's status in *out_status. */
tgt_login_action tgt_login_decide(const tgt_conn *conn, const tgt_login *login, tgt_session **out_session,
                                  uint16_t *out_status);

/* Makes the decision come true when the last request is here; 0 or a login status. */
uint16_t tgt_login_establish(tgt_conn *conn);

/* Gives up what a login that ends before its time has begun (N8, N9, M3). */
void tgt_login_abandon(tgt_conn *conn);

/* Marks a failed session or connection that this login continues (N7, M2). */
void tgt_login_continue(tgt_conn *conn, tgt_login_action action, tgt_session *session);

/* Is a deviation of the answer on, by a rule for the request that is being taken or for the whole target? */
bool tgt_login_fault(tgt_conn *conn, rig_fault fault);

#endif
