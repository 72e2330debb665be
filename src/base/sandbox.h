/* sandbox: what the process may do from now on, held by the kernel: landlock for files, seccomp for system calls. It is for the day when somebody makes the program do what was never meant.
 *
 * What holds always:
 * - It cannot be taken back, and holds for the calling thread and all that it makes: enter before the first one is made.
 * - Files: nothing can be opened, made, renamed or removed but what `paths` names, and nothing can be executed. What is open already stays so. Beside the paths given, the machine's own files can be read
 *   (/etc and /usr: certificates, name resolution, whose files network managers replace at any time); their own rights still hold.
 * - System calls: those that the program and its libraries use. Others answer ENOSYS, so that a library that knows something newer falls back, and the kernel logs them; those that only an attacker
 *   has a use for (execve, ptrace, mount, bpf, …) end the process. New sockets: inet, inet6, unix, and netlink's routes, which name resolution asks for.
 * - What the kernel does not have is left out and told in *ret. */
#ifndef DRAWBRIDGE_BASE_SANDBOX_H
#define DRAWBRIDGE_BASE_SANDBOX_H

#include "base/error.h"

enum sandbox_right {
  SANDBOX_READ,   /* the file; of a folder: all files and folders in it */
  SANDBOX_WRITE,  /* also written; of a folder: files and folders are made, renamed and removed in it */
  SANDBOX_REMOVE, /* of a folder: files in it are removed, and nothing else */
};

struct sandbox_path {
  const char *path; /* one that is not there is passed over */
  enum sandbox_right right;
};

struct sandbox_wish {
  const struct sandbox_path *paths;
  size_t count;
  bool traced; /* a sanitizer's leak checker stops and reads this process by ptrace and /proc: both stay allowed */
};

struct sandbox_report {
  int landlock; /* version of the kernel's interface; 0: it has none */
  bool seccomp;
  const char *landlock_lacks, *seccomp_lacks; /* why not, for people; NULL: it is there */
};

/* 0; -1 with ERROR_inside: the kernel has it, and it failed half way: the process should end. */
int sandbox_enter(const struct sandbox_wish *wish, struct sandbox_report *ret, struct error *error);

/* The half of it that sandbox_calls.c does. */
void sandbox_enter_calls(bool traced, struct sandbox_report *ret);

#endif
