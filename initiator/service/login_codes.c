/* What an end that the engine tells is called in the API. */
#include "internal.h"

/* Login statuses, class and detail (RFC 7143 section 11.13.5). */
static const struct {
    uint16_t login_status;
    rig_code code;
} answers[] = {
    {0x0101, RIG_CODE_TARGET_MOVED_TEMPORARILY},
    {0x0102, RIG_CODE_TARGET_MOVED_PERMANENTLY},
    {0x0200, RIG_CODE_INITIATOR_ERROR},
    {0x0201, RIG_CODE_AUTHENTICATION_FAILURE},
    {0x0202, RIG_CODE_AUTHORIZATION_FAILURE},
    {0x0203, RIG_CODE_NOT_FOUND},
    {0x0204, RIG_CODE_TARGET_REMOVED},
    {0x0205, RIG_CODE_UNSUPPORTED_VERSION},
    {0x0206, RIG_CODE_TOO_MANY_CONNECTIONS},
    {0x0207, RIG_CODE_MISSING_PARAMETER},
    {0x0208, RIG_CODE_CANT_INCLUDE_IN_SESSION},
    {0x0209, RIG_CODE_SESSION_TYPE_NOT_SUPPORTED},
    {0x020a, RIG_CODE_INVALID_SESSION_ID},
    {0x020b, RIG_CODE_LOGIN_FAILED},
    {0x0300, RIG_CODE_TARGET_ERROR},
    {0x0301, RIG_CODE_SERVICE_UNAVAILABLE},
    {0x0302, RIG_CODE_OUT_OF_RESOURCES},
};

/* A detail that nobody knows is what its class is. */
static const rig_code classes[] = {
    [1] = RIG_CODE_TARGET_MOVED_TEMPORARILY, [2] = RIG_CODE_INITIATOR_ERROR, [3] = RIG_CODE_TARGET_ERROR};

/* Without an answer of the target: of a login, and of a request in full feature phase. */
typedef struct status_row {
    rig_status why;
    rig_code login, request;
} status_row;

static const status_row statuses[] = {
    {RIG_E_NOMEM, RIG_CODE_WIN32_NOT_ENOUGH_MEMORY, RIG_CODE_WIN32_NOT_ENOUGH_MEMORY},
    {RIG_E_ARGUMENT, RIG_CODE_INVALID_PARAMETER, RIG_CODE_INVALID_PARAMETER},
    {RIG_E_STATE, RIG_CODE_SESSION_BUSY, RIG_CODE_NO_CONNECTION_AVAILABLE},
    {RIG_E_LIMIT, RIG_CODE_OUT_OF_RESOURCES, RIG_CODE_SESSION_BUSY},
    {RIG_E_SYNTAX, RIG_CODE_LOGIN_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_FORMAT, RIG_CODE_LOGIN_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_PROTOCOL, RIG_CODE_LOGIN_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_NEGOTIATION, RIG_CODE_LOGIN_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_HEADER_DIGEST, RIG_CODE_LOGIN_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_DATA_DIGEST, RIG_CODE_LOGIN_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_SEQUENCE, RIG_CODE_LOGIN_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_REFUSED, RIG_CODE_CONNECTION_FAILED, RIG_CODE_TARGET_ERROR},
    {RIG_E_AUTH, RIG_CODE_AUTHENTICATION_FAILURE, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_TIMEOUT, RIG_CODE_CONNECTION_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_CLOSED, RIG_CODE_CONNECTION_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_RESET, RIG_CODE_CONNECTION_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_UNREACHABLE, RIG_CODE_CONNECTION_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_EXISTS, RIG_CODE_SESSION_ALREADY_EXISTS, RIG_CODE_NON_SPECIFIC_ERROR},
    {RIG_E_BUSY, RIG_CODE_SESSION_BUSY, RIG_CODE_SESSION_BUSY},
    {RIG_E_UNSUPPORTED, RIG_CODE_LOGIN_FAILED, RIG_CODE_REQUEST_NOT_SUPPORTED},
    {RIG_E_IO, RIG_CODE_CONNECTION_FAILED, RIG_CODE_TRANSPORT_ERROR},
    {RIG_E_SECURITY, RIG_CODE_FAILED_TO_CONFIGURE_IPSEC, RIG_CODE_FAILED_TO_CONFIGURE_IPSEC},
    {RIG_E_ABORTED, RIG_CODE_CONNECTION_FAILED, RIG_CODE_INVALID_SESSION_ID},
};

static const status_row *row_of(rig_status why)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].why == why)
            return &statuses[i];
    return NULL;
}

rig_code svc_login_code(rig_status why, uint16_t login_status)
{
    const status_row *row = row_of(why);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (answers[i].login_status == login_status)
            return answers[i].code;
    unsigned class = login_status >> 8;
    if (class != 0 && class < sizeof classes / sizeof classes[0])
        return classes[class];
    return row ? row->login : RIG_CODE_LOGIN_FAILED;
}

rig_code svc_task_code(const rig_service *service, rig_status why)
{
    const status_row *row = row_of(why);
    if (service->closing)
        return RIG_CODE_SERVICE_NOT_RUNNING;
    return row ? row->request : RIG_CODE_NON_SPECIFIC_ERROR;
}
