/** @file
 * What the tests of ci/api share: sessions of libiscsi, somebody else's initiator, with the target named in
 * the environment (RIG_API_PORTAL, RIG_API_TARGET, RIG_API_LUN), and one that wants CHAP
 * (RIG_API_CHAP_PORTAL, RIG_API_CHAP_SECRET for the name "host", RIG_API_CHAP_OWN for its own name "disk").
 */
#ifndef RIG_API_PEER_H
#define RIG_API_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#define PEER_BLOCK 512   /**< block size of the disk under test */
#define PEER_TURNS 20000 /**< most poll turns a wait takes, each at most PEER_TURN_MS */
#define PEER_TURN_MS 100 /**< longest poll */

/** peer_portal is "ADDR:PORT" of the target under test. */
const char *peer_portal(void);

/** peer_target is its node name. */
const char *peer_target(void);

/** peer_lun is the disk's LUN. */
int peer_lun(void);

/** peer_chap_portal is "ADDR:PORT" of the target that wants CHAP. */
const char *peer_chap_portal(void);

/** peer_chap_secret is the secret of "host" there. */
const char *peer_chap_secret(void);

/** peer_chap_own is the secret of the target itself, "disk". */
const char *peer_chap_own(void);

/** peer_context is a fresh initiator that gives up rather than connecting again; NULL on failure. */
struct iscsi_context *peer_context(void);

/** peer_session logs in to the disk. NULL on failure, which is recorded as a failed assertion. */
struct iscsi_context *peer_session(enum iscsi_header_digest digest);

/** peer_close logs out and frees the context. */
void peer_close(struct iscsi_context *iscsi);

/** peer_wait serves the connection until *done is true; false when the connection failed or took too long. */
bool peer_wait(struct iscsi_context *iscsi, const bool *done);

/** peer_good tells whether a task ended GOOD, and frees it. */
bool peer_good(struct scsi_task *task);

/** peer_pattern fills bytes with a sequence that depends on seed. */
void peer_pattern(unsigned char *bytes, uint32_t len, uint32_t seed);

#endif
