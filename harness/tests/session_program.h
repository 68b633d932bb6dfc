/* initiator/tests/windows/session.c, whose main has these names in the tests here: one of each character set.
 */
#ifndef SESSION_PROGRAM_H
#define SESSION_PROGRAM_H

int session_narrow(int argc, char **argv);
int session_wide(int argc, char **argv);

#endif
