/** @file
 * The codes of Windows' own that the functions of iscsidsc.h return besides those of iscsierr.h.
 */
#ifndef ISCSIRIG_WINERROR_H
#define ISCSIRIG_WINERROR_H

#define ERROR_SUCCESS 0               /**< done */
#define NO_ERROR 0                    /**< done */
#define ERROR_NOT_ENOUGH_MEMORY 8     /**< no memory for the call */
#define ERROR_INVALID_PARAMETER 87    /**< an argument that cannot be */
#define ERROR_INSUFFICIENT_BUFFER 122 /**< the buffer is too small; how large it has to be was told */
#define WSAHOST_NOT_FOUND 11001       /**< the host name does not resolve */

#endif
