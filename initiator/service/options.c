/* Login options, and what they make of a session (API: ISCSI_LOGIN_OPTIONS). */
#include "internal.h"

#define SECRET_MAX 16 /* octets of a CHAP secret the API takes */

typedef struct option_row {
    uint32_t bit;
    const char *word;
    size_t offset;
    uint32_t low, high;
    rig_key_id key; /* it is offered as; RIG_KEYS: none */
    rig_code code;  /* when it is out of range */
} option_row;

#define ROW(bit, member, low, high, key, code)                                                               \
    {                                                                                                        \
        RIG_LOGIN_HAS_##bit, #member, offsetof(rig_login_options, member), low, high, RIG_KEY##key,          \
            RIG_CODE_INVALID_##code                                                                          \
    }

static const option_row rows[] = {
    ROW(HEADER_DIGEST, header_digest, 0, 1, _HEADER_DIGEST, PARAMETER),
    ROW(DATA_DIGEST, data_digest, 0, 1, _DATA_DIGEST, PARAMETER),
    ROW(MAX_CONNECTIONS, max_connections, 1, 65535, _MAX_CONNECTIONS, PARAMETER),
    ROW(TIME2WAIT, time2wait, 0, 3600, _TIME2WAIT, PARAMETER),
    ROW(TIME2RETAIN, time2retain, 0, 3600, _TIME2RETAIN, PARAMETER),
    ROW(AUTH_TYPE, auth_type, 0, 2, S, LOGON_AUTH_TYPE),
};

static rig_code refuse(rig_code code, const char *field, const char *why, rig_error *err)
{
    rig_fail_at(err, RIG_E_ARGUMENT, 0, field, "%s: %s", field, why);
    return code;
}

static uint32_t value_of(const rig_login_options *options, const option_row *row)
{
    uint32_t value;
    memcpy(&value, (const char *)options + row->offset, sizeof value);
    return value;
}

/* Of a digest that is asked for nothing else is offered: a login that cannot have it fails. */
static void offer(rig_session_config *config, const option_row *row, uint32_t value)
{
    if (row->key == RIG_KEYS)
        return;
    bool is_list = rig_key_rows[row->key].rule == RIG_BY_LIST;
    config->offer[row->key] = (rig_key_value){.value = is_list ? UINT32_C(1) << value : value};
}

static rig_code take_rows(const rig_login_options *options, rig_session_config *config, rig_error *err)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!(options->specified & rows[i].bit))
            continue;
        uint32_t value = value_of(options, &rows[i]);
        if (value < rows[i].low || value > rows[i].high)
            return refuse(rows[i].code, rows[i].word, "a value that cannot be", err);
        offer(config, &rows[i], value);
    }
    return RIG_CODE_SUCCESS;
}

static rig_code check_bits(const rig_service *service, const rig_login_options *options, rig_error *err)
{
    if (options->version != 0)
        return refuse(RIG_CODE_INVALID_PARAMETER, "version", "0 is the only one", err);
    if (options->specified & ~RIG_LOGIN_HAS_ALL)
        return refuse(RIG_CODE_INVALID_PARAMETER, "specified", "a bit without a meaning", err);
    if (options->flags & ~RIG_LOGIN_FLAG_ALL)
        return refuse(RIG_CODE_INVALID_PARAMETER, "flags", "a bit without a meaning", err);
    if (options->flags & RIG_LOGIN_FLAG_RADIUS_RESPONSE)
        return refuse(RIG_CODE_REQUEST_NOT_SUPPORTED, "flags", "no adapter here has RADIUS do its CHAP", err);
    if ((options->flags & RIG_LOGIN_FLAG_RADIUS_VERIFICATION) && !service->config.radius)
        return refuse(RIG_CODE_REQUEST_NOT_SUPPORTED, "flags", "nothing here asks RADIUS servers", err);
    return RIG_CODE_SUCCESS;
}

/* 96 bits are enough without IPsec, anything is inside it (RFC 7143 section 9.2.1). */
static bool is_secret(rig_view secret, bool ipsec)
{
    return secret.len >= (ipsec ? 1 : RIG_CHAP_SECRET_MIN) && secret.len <= SECRET_MAX;
}

static rig_code take_user(const rig_service *service, const rig_login_options *options,
                          rig_session_config *config, rig_error *err)
{
    config->auth.user = rig_view_str(service->node_name);
    if (!(options->specified & RIG_LOGIN_HAS_USERNAME))
        return RIG_CODE_SUCCESS;
    config->auth.user = rig_octets_view(&options->username);
    bool has_nul = rig_view_find(config->auth.user, 0) < config->auth.user.len;
    if (config->auth.user.len == 0 || has_nul)
        return refuse(RIG_CODE_INVALID_CHAP_USER_NAME, "username", "empty, or with a NUL in it", err);
    return RIG_CODE_SUCCESS;
}

/* RADIUS knows the secrets of targets and one hash (RFC 2865 section 5.3). */
static rig_code take_radius(rig_service *service, rig_session_config *config, rig_error *err)
{
    const rig_octets *secret = svc_setting(service, SVC_SETTING_RADIUS_SECRET);
    if (!service->tables[SVC_RADIUS].num)
        return refuse(RIG_CODE_TARGET_AUTHINFO_UNAVAILABLE, "radius-server",
                      "there is none to verify a target", err);
    if (!secret || !secret->len)
        return refuse(RIG_CODE_TARGET_AUTHINFO_UNAVAILABLE, "radius-secret",
                      "none is shared with the RADIUS servers", err);
    config->auth.algorithms[0] = RIG_CHAP_MD5;
    config->auth.num_algorithms = 1;
    config->auth.challenge_len = RIG_CHAP_CHALLENGE_MIN;
    config->auth.verify = svc_radius_verify;
    config->auth.verify_ctx = service;
    return RIG_CODE_SUCCESS;
}

/* The target proves itself with the one secret of the service, whichever login it is. */
static rig_code take_mutual(const rig_service *service, bool ipsec, rig_session_config *config,
                            rig_error *err)
{
    const rig_octets *secret = svc_setting(service, SVC_SETTING_CHAP_SECRET);
    if (!secret || !is_secret(rig_octets_view(secret), ipsec))
        return refuse(RIG_CODE_INVALID_INITIATOR_CHAP_SECRET, "chap-secret",
                      "mutual CHAP needs the initiator's secret, 12 to 16 bytes without IPsec", err);
    config->auth.target_secret = rig_octets_view(secret);
    if (rig_view_eq(config->auth.secret, config->auth.target_secret))
        return refuse(RIG_CODE_INVALID_TARGET_CHAP_SECRET, "password",
                      "one secret for both directions (RFC 7143 section 9.2.1)", err);
    return RIG_CODE_SUCCESS;
}

static rig_code take_proof(rig_service *service, const rig_login_options *options, bool ipsec,
                           rig_session_config *config, rig_error *err)
{
    if (options->flags & RIG_LOGIN_FLAG_RADIUS_VERIFICATION)
        return take_radius(service, config, err);
    return take_mutual(service, ipsec, config, err);
}

static rig_code check_flags(const rig_login_options *options, rig_error *err)
{
    bool mutual = (options->specified & RIG_LOGIN_HAS_AUTH_TYPE) && options->auth_type == 2;
    if ((options->flags & RIG_LOGIN_FLAG_RADIUS_VERIFICATION) && !mutual)
        return refuse(RIG_CODE_INVALID_LOGON_AUTH_TYPE, "auth-type",
                      "RADIUS verifies targets, which prove themselves by mutual CHAP alone", err);
    return RIG_CODE_SUCCESS;
}

static rig_code take_chap(rig_service *service, const rig_login_options *options, bool ipsec,
                          rig_session_config *config, rig_error *err)
{
    rig_auth_config *auth = &config->auth;
    auth->methods[0] = options->auth_type ? RIG_AUTH_CHAP : RIG_AUTH_NONE;
    auth->num_methods = 1;
    auth->user = auth->secret = auth->target_user = auth->target_secret = (rig_view){0};
    auth->verify = NULL;
    auth->ipsec = ipsec;
    if (!options->auth_type)
        return RIG_CODE_SUCCESS;
    if (!(options->specified & RIG_LOGIN_HAS_PASSWORD))
        return refuse(RIG_CODE_TARGET_AUTHINFO_UNAVAILABLE, "password", "CHAP needs one", err);
    auth->secret = rig_octets_view(&options->password);
    if (!is_secret(auth->secret, ipsec))
        return refuse(RIG_CODE_INVALID_TARGET_CHAP_SECRET, "password", "12 to 16 bytes without IPsec", err);
    rig_code code = take_user(service, options, config, err);
    if (code == RIG_CODE_SUCCESS && options->auth_type == 2)
        code = take_proof(service, options, ipsec, config, err);
    return code;
}

rig_code svc_session_options(rig_service *service, const rig_login_options *options, bool ipsec,
                             rig_session_config *config, rig_error *err)
{
    rig_code code = check_bits(service, options, err);
    if (code == RIG_CODE_SUCCESS)
        code = take_rows(options, config, err);
    if (code == RIG_CODE_SUCCESS)
        code = check_flags(options, err);
    if (code == RIG_CODE_SUCCESS && (options->specified & RIG_LOGIN_HAS_AUTH_TYPE))
        code = take_chap(service, options, ipsec, config, err);
    return code;
}
