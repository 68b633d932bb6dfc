/* The requests to charon, made of a wish. */
#include "internal.h"

#define ADDRESS_MAX 64                       /* bytes of an address, with a selector behind it */
#define IDENTITY_MAX (RIG_IPSEC_ID_MAX + 16) /* bytes of an identity with the word of its type */
#define ITEMS(list) (list), sizeof(list) / sizeof(list)[0]

/* Both of RFC 7146 section 3: SHA-2 first, and what every peer has to have. */
static const char *const proposals[] = {"aes128-sha256-modp2048", "aes128-sha1-modp2048"};
static const char *const proposals_without_pfs[] = {"aes128-sha256", "aes128-sha1"};

static void print_ip(char out[ADDRESS_MAX], const rig_ip *ip, const char *behind)
{
    rig_text text;
    rig_text_init(&text, out, ADDRESS_MAX);
    rig_ip_print(&text, ip);
    rig_text_add(&text, "%s", behind);
}

/* The words make charon take the identity for what it is, whatever it looks like. */
static void put_id(const vci_pair *pair, rig_vici_writer *writer)
{
    static const char *const words[] = {[RIG_IPSEC_ID_IPV4] = "ipv4:",
                                        [RIG_IPSEC_ID_FQDN] = "fqdn:",
                                        [RIG_IPSEC_ID_USER_FQDN] = "userfqdn:",
                                        [RIG_IPSEC_ID_IPV6] = "ipv6:"};
    char id[IDENTITY_MAX];
    rig_text text;
    if (pair->id_type == RIG_IPSEC_ID_NONE)
        return;
    rig_text_init(&text, id, sizeof id);
    rig_text_add(&text, "%s", words[pair->id_type]);
    if (pair->id_type == RIG_IPSEC_ID_IPV4 || pair->id_type == RIG_IPSEC_ID_IPV6) {
        rig_ip ip = {.version = pair->id_type == RIG_IPSEC_ID_IPV4 ? 4 : 6};
        memcpy(ip.bytes, pair->id, pair->id_len);
        rig_ip_print(&text, &ip);
    } else {
        rig_text_view(&text, rig_view_of(pair->id, pair->id_len));
    }
    rig_vici_put_text(writer, "id", id);
}

/* Where the other end of IKE is. */
static const char *peer_of(const vci_pair *pair, char room[ADDRESS_MAX])
{
    const rig_ip *peer = vci_pair_peer(pair);
    if (peer->version == 0)
        return pair->portal.host;
    print_ip(room, peer, "");
    return room;
}

/* The key is bound to the other end. One whose address charon looks up has no owner, and stands behind all
 * that have one. */
void vci_fill_key(const vci_pair *pair, rig_vici_writer *writer)
{
    char room[ADDRESS_MAX];
    const char *owners[] = {peer_of(pair, room)};
    rig_vici_put_text(writer, "id", pair->name);
    rig_vici_put_text(writer, "type", "IKE");
    rig_vici_put(writer, "data", rig_view_of(pair->key, pair->key_len));
    if (owners[0] == room)
        rig_vici_put_list(writer, "owners", ITEMS(owners));
}

static void put_side(const vci_pair *pair, rig_vici_writer *writer, const char *side, bool is_ours)
{
    rig_vici_open(writer, side);
    rig_vici_put_text(writer, "auth", "psk");
    if (is_ours)
        put_id(pair, writer);
    rig_vici_close(writer);
}

/* TCP from any port of ours to the portal's. */
static void put_selectors(const vci_pair *pair, rig_vici_writer *writer)
{
    char ours[ADDRESS_MAX] = "dynamic[tcp]", theirs[ADDRESS_MAX], port[24];
    rig_text text;
    rig_text_init(&text, port, sizeof port);
    rig_text_add(&text, "[tcp/%u]", pair->portal.port);
    if (pair->local.ip.version)
        print_ip(ours, &pair->local.ip, "[tcp]");
    if (pair->ip.version) {
        print_ip(theirs, &pair->ip, port);
    } else {
        rig_text_init(&text, theirs, sizeof theirs);
        rig_text_add(&text, "dynamic%s", port);
    }
    const char *local[] = {ours}, *remote[] = {theirs};
    rig_vici_put_list(writer, "local_ts", ITEMS(local));
    rig_vici_put_list(writer, "remote_ts", ITEMS(remote));
}

/* A policy of the kernel that outlives its associations ("trap") keeps packets from leaving without them;
 * userspace ESP has its device instead. */
static void put_child(const vci_pair *pair, rig_vici_writer *writer)
{
    rig_vici_open(writer, "children");
    rig_vici_open(writer, pair->name);
    put_selectors(pair, writer);
    if (pair->pfs)
        rig_vici_put_list(writer, "esp_proposals", ITEMS(proposals));
    else
        rig_vici_put_list(writer, "esp_proposals", ITEMS(proposals_without_pfs));
    rig_vici_put_text(writer, "mode", pair->tunnel ? "tunnel" : "transport");
    rig_vici_put_text(writer, "start_action", pair->vici->config.device ? "none" : "trap");
    rig_vici_close(writer);
    rig_vici_close(writer);
}

void vci_fill_conn(const vci_pair *pair, rig_vici_writer *writer)
{
    char room[ADDRESS_MAX], ours[ADDRESS_MAX];
    const char *remote[] = {peer_of(pair, room)}, *local[] = {ours};
    rig_vici_open(writer, pair->name);
    rig_vici_put_text(writer, "version", "1");
    rig_vici_put_list(writer, "remote_addrs", ITEMS(remote));
    if (pair->local.ip.version) {
        print_ip(ours, &pair->local.ip, "");
        rig_vici_put_list(writer, "local_addrs", ITEMS(local));
    }
    rig_vici_put_text(writer, "aggressive", pair->aggressive ? "yes" : "no");
    rig_vici_put_list(writer, "proposals", ITEMS(proposals));
    rig_vici_put_text(writer, "unique", "never"); /* another portal of the same host has its own */
    put_side(pair, writer, "local", true);
    put_side(pair, writer, "remote", false);
    put_child(pair, writer);
    rig_vici_close(writer);
}

void vci_fill_initiate(const vci_pair *pair, rig_vici_writer *writer)
{
    char wait[24];
    rig_text text;
    rig_text_init(&text, wait, sizeof wait);
    rig_text_number(&text, pair->vici->config.wait / RIG_MILLISECOND);
    rig_vici_put_text(writer, "child", pair->name);
    rig_vici_put_text(writer, "ike", pair->name);
    rig_vici_put_text(writer, "timeout", wait);
}

void vci_fill_name(const vci_pair *pair, rig_vici_writer *writer)
{
    rig_vici_put_text(writer, "name", pair->name);
}

void vci_fill_id(const vci_pair *pair, rig_vici_writer *writer)
{
    rig_vici_put_text(writer, "id", pair->name);
}

/* Without waiting for the other end, which may be what is missing. */
static void put_ike(rig_vici_writer *writer, const char *name)
{
    rig_vici_put_text(writer, "ike", name);
    rig_vici_put_text(writer, "force", "yes");
    rig_vici_put_text(writer, "timeout", "1000");
}

void vci_fill_ike(const vci_pair *pair, rig_vici_writer *writer)
{
    rig_vici_put_text(writer, "ike", pair->name);
}

/* Those that stand without an association, too. */
void vci_fill_policies(const vci_pair *pair, rig_vici_writer *writer)
{
    rig_vici_put_text(writer, "trap", "yes");
    rig_vici_put_text(writer, "child", pair->name);
}

void vci_fill_end(const vci_pair *pair, rig_vici_writer *writer)
{
    put_ike(writer, pair->name);
}

/* ---- of an earlier service ---- */

void vci_fill_old_end(const vci_pair *pair, rig_vici_writer *writer)
{
    put_ike(writer, pair->talk->old);
}

void vci_fill_old_name(const vci_pair *pair, rig_vici_writer *writer)
{
    rig_vici_put_text(writer, "name", pair->talk->old);
}

void vci_fill_old_id(const vci_pair *pair, rig_vici_writer *writer)
{
    rig_vici_put_text(writer, "id", pair->talk->old);
}
