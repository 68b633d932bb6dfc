/* run --list: what would be played. */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "selection.h"

/* A line a case; with json an object of all of them into that file, - for standard output. */
int cli_list(const cli_selection *selection, const char *json);

#endif
