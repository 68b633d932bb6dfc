/** @file
 * What programs for iscsidsc.h need of Windows' own headers: types of the same widths, and nothing of
 * Windows.
 *
 * Windows is LLP64: its long has 32 bits. WCHAR is a UTF-16 unit: wchar_t where the compiler makes that 16
 * bits wide (-fshort-wchar, so that L"…" is a string of them), else char16_t with u"…"; TEXT("…") is right
 * either way.
 */
#ifndef ISCSIRIG_WINDOWS_H
#define ISCSIRIG_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uchar.h>
#include <wchar.h>

typedef uint8_t BYTE;       /**< 8 bits */
typedef uint8_t UCHAR;      /**< 8 bits */
typedef uint8_t BOOLEAN;    /**< FALSE or TRUE in 8 bits */
typedef int32_t BOOL;       /**< FALSE or TRUE in 32 bits */
typedef char CHAR;          /**< one byte of text; UTF-8 here */
typedef uint16_t USHORT;    /**< 16 bits */
typedef uint16_t WORD;      /**< 16 bits */
typedef int32_t LONG;       /**< 32 bits, signed */
typedef uint32_t ULONG;     /**< 32 bits */
typedef uint32_t DWORD;     /**< 32 bits */
typedef uint32_t UINT;      /**< 32 bits */
typedef uint64_t ULONGLONG; /**< 64 bits */
typedef uint64_t ULONG64;   /**< 64 bits */
typedef uint64_t DWORDLONG; /**< 64 bits */
#if WCHAR_MAX <= 0xffff
typedef wchar_t WCHAR; /**< one UTF-16 unit */
#else
typedef char16_t WCHAR; /**< one UTF-16 unit */
#endif

typedef void VOID;             /**< nothing */
typedef void *PVOID;           /**< any memory */
typedef BYTE *PBYTE;           /**< bytes */
typedef UCHAR *PUCHAR;         /**< bytes */
typedef CHAR *PCHAR;           /**< text, or bytes with a length */
typedef CHAR *PSTR;            /**< text with its NUL */
typedef const CHAR *PCSTR;     /**< text with its NUL, not changed */
typedef CHAR *LPSTR;           /**< text with its NUL */
typedef const CHAR *LPCSTR;    /**< text with its NUL, not changed */
typedef WCHAR *PWCHAR;         /**< wide text */
typedef WCHAR *PWSTR;          /**< wide text with its NUL */
typedef const WCHAR *PCWSTR;   /**< wide text with its NUL, not changed */
typedef WCHAR *LPWSTR;         /**< wide text with its NUL */
typedef const WCHAR *LPCWSTR;  /**< wide text with its NUL, not changed */
typedef USHORT *PUSHORT;       /**< one of them, or several */
typedef ULONG *PULONG;         /**< one of them, or several */
typedef DWORD *PDWORD;         /**< one of them, or several */
typedef BOOLEAN *PBOOLEAN;     /**< one of them, or several */
typedef ULONGLONG *PULONGLONG; /**< one of them, or several */

/** GUID is a 128-bit name as Windows keeps it: three numbers, then eight bytes. */
typedef struct _GUID {
    uint32_t Data1;   /**< first 32 bits */
    uint16_t Data2;   /**< next 16 bits */
    uint16_t Data3;   /**< next 16 bits */
    uint8_t Data4[8]; /**< the rest */
} GUID;

#ifndef FALSE
#define FALSE 0 /**< no */
#endif
#ifndef TRUE
#define TRUE 1 /**< yes */
#endif
#define MAX_PATH 260    /**< characters of a path with its NUL */
#define WINAPI          /**< no calling convention of its own here */
#define ANYSIZE_ARRAY 1 /**< an array that has as many members as another member says */

#if WCHAR_MAX <= 0xffff
#define WINDOWS_WIDE(quote) L##quote /**< a literal of WCHAR */
#else
#define WINDOWS_WIDE(quote) u##quote /**< a literal of WCHAR */
#endif
#ifdef UNICODE
typedef WCHAR TCHAR;                    /**< a character of the names without suffix */
#define TEXT(quote) WINDOWS_WIDE(quote) /**< a literal of them, macros expanded first */
#else
typedef CHAR TCHAR;     /**< a character of the names without suffix */
#define TEXT(quote) quote /**< a literal of them, macros expanded first */
#endif

#include <winerror.h>

#endif
