/* Calls that have no safe use here. Included first by every base header, so that using one does not compile. */
#ifndef DRAWBRIDGE_BASE_BANNED_H
#define DRAWBRIDGE_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef strcpy
#define strcpy(...) banned_call_strcpy()
#undef strcat
#define strcat(...) banned_call_strcat()
#undef strncpy
#define strncpy(...) banned_call_strncpy()
#undef strncat
#define strncat(...) banned_call_strncat()
#undef sprintf
#define sprintf(...) banned_call_sprintf()
#undef vsprintf
#define vsprintf(...) banned_call_vsprintf()
#undef strtok
#define strtok(...) banned_call_strtok()
#undef gets
#define gets(...) banned_call_gets()
#undef atoi
#define atoi(...) banned_call_atoi()
#undef atol
#define atol(...) banned_call_atol()
#undef atof
#define atof(...) banned_call_atof()
#undef gmtime
#define gmtime(...) banned_call_gmtime()
#undef localtime
#define localtime(...) banned_call_localtime()
#undef ctime
#define ctime(...) banned_call_ctime()
#undef asctime
#define asctime(...) banned_call_asctime()
#undef alloca
#define alloca(...) banned_call_alloca()

#endif
