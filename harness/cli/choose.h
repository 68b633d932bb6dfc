/* Words that select scenarios, and what is made of several. */
#ifndef CLI_CHOOSE_H
#define CLI_CHOOSE_H

#include "cli.h"

#define CHOOSE_DEPTH 32 /* parentheses and nots in each other */

/*
 * login and not (chap or live): words are tags, requirement ids, sections, or patterns of tags and ids with *
 * and ?. CLI_OK, or CLI_USAGE after a complaint.
 */
int cli_choose_check(const char *expression);

/* Whether it is so of the scenario; the expression was checked. */
bool cli_chosen(const rig_scn *scn, const char *expression);

#endif
