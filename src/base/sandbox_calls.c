/* The system calls of the sandbox. By name, so that each machine has its own numbers; a name that this libseccomp does not know is passed over. */
#include "base/sandbox.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* glibc names its memory by it */
#endif

static const char *const used[] = {
    /* files, in the folders that landlock leaves */
    "access",
    "close",
    "close_range",
    "creat",
    "dup",
    "dup2",
    "dup3",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fallocate",
    "fchmod",
    "fchmodat",
    "fchown",
    "fchown32",
    "fcntl",
    "fcntl64",
    "fdatasync",
    "flock",
    "fstat",
    "fstat64",
    "fstatat64",
    "fstatfs",
    "fsync",
    "ftruncate",
    "ftruncate64",
    "getcwd",
    "getdents",
    "getdents64",
    "lseek",
    "_llseek",
    "lstat",
    "lstat64",
    "mkdir",
    "mkdirat",
    "newfstatat",
    "open",
    "openat",
    "pipe",
    "pipe2",
    "pread64",
    "preadv",
    "preadv2",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readahead",
    "readlink",
    "readlinkat",
    "readv",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "stat",
    "stat64",
    "statfs",
    "statfs64",
    "statx",
    "sync_file_range",
    "truncate",
    "umask",
    "unlink",
    "unlinkat",
    "utimensat",
    "write",
    "writev",
    /* sockets that are there, and waiting */
    "accept",
    "accept4",
    "bind",
    "connect",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd",
    "eventfd2",
    "getpeername",
    "getsockname",
    "getsockopt",
    "listen",
    "poll",
    "ppoll",
    "pselect6",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "select",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    "socketpair",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    /* memory */
    "brk",
    "madvise",
    "membarrier",
    "mincore",
    "mlock",
    "mlock2",
    "mmap",
    "mmap2",
    "mprotect",
    "mremap",
    "msync",
    "munlock",
    "munmap",
    /* threads, signals, time */
    "clone3",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "exit",
    "exit_group",
    "futex",
    "futex_waitv",
    "get_robust_list",
    "getcpu",
    "getitimer",
    "gettid",
    "gettimeofday",
    "nanosleep",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_setaffinity",
    "sched_yield",
    "set_robust_list",
    "set_tid_address",
    "setitimer",
    "sigaltstack",
    "tgkill",
    "time",
    "times",
    /* who and where it is */
    "arch_prctl",
    "capget",
    "getegid",
    "geteuid",
    "getgid",
    "getgroups",
    "getpgid",
    "getpgrp",
    "getpid",
    "getppid",
    "getpriority",
    "getrandom",
    "getresgid",
    "getresuid",
    "getrlimit",
    "getrusage",
    "getsid",
    "getuid",
    "prlimit64",
    "setrlimit",
    "sysinfo",
    "ugetrlimit",
    "uname",
};

/* Only somebody who has taken the process over calls these. */
static const char *const deadly[] = {
    "acct",
    "bpf",
    "chroot",
    "delete_module",
    "execve",
    "execveat",
    "finit_module",
    "init_module",
    "ioperm",
    "iopl",
    "kexec_file_load",
    "kexec_load",
    "mount",
    "move_mount",
    "open_by_handle_at",
    "perf_event_open",
    "pivot_root",
    "process_vm_writev",
    "reboot",
    "setns",
    "swapon",
    "umount2",
    "unshare",
    "userfaultfd",
};
static const char *const debugging[] = {"ptrace", "process_vm_readv"}; /* deadly too, but for a leak checker */
static const char *const of_leak_checker[] = {"clone", "fork", "kill", "prctl", "tkill", "vfork", "wait4"};

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
static const unsigned long controls[] = {FIONBIO, FIONREAD, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ};
static const int process_controls[] = {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_VMA};

static int rule(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count, struct scmp_arg_cmp condition) {
  int number = seccomp_syscall_resolve_name(name);
  return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(filter, action, number, count, count ? &condition : NULL);
}

static int rules(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count) {
  int failed = 0;
  for (size_t i = 0; i < count && !failed; i++) failed = rule(filter, action, names[i], 0, (struct scmp_arg_cmp){0});
  return failed;
}

#define RULES(filter, action, list) rules((filter), (action), (list), sizeof(list) / sizeof *(list))
#define EACH(list, failed) for (size_t i = 0; i < sizeof(list) / sizeof *(list) && !(failed); i++)

static int add_all(scmp_filter_ctx filter, bool traced) {
  int failed = RULES(filter, SCMP_ACT_ALLOW, used);
  if (!failed) failed = RULES(filter, SCMP_ACT_KILL_PROCESS, deadly);
  if (!failed) failed = RULES(filter, traced ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS, debugging);
  if (!failed && traced) failed = RULES(filter, SCMP_ACT_ALLOW, of_leak_checker);
  EACH(families, failed) failed = rule(filter, SCMP_ACT_ALLOW, "socket", 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
  EACH(controls, failed) failed = rule(filter, SCMP_ACT_ALLOW, "ioctl", 1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)controls[i]));
  EACH(process_controls, failed || traced)
  failed = rule(filter, SCMP_ACT_ALLOW, "prctl", 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)process_controls[i]));
  /* Threads, and no processes. */
  if (!failed && !traced) failed = rule(filter, SCMP_ACT_ALLOW, "clone", 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  return failed;
}

/* clone3 keeps its flags where no filter can look: it is not there, and glibc takes clone instead. In a filter of its own, which does not log: each new thread asks for it. */
static bool hide_clone3(void) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  bool done = filter && rule(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, (struct scmp_arg_cmp){0}) == 0 && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return done;
}

void sandbox_enter_calls(bool traced, struct sandbox_report *ret) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
  if (filter) (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
  ret->seccomp = filter && hide_clone3() && add_all(filter, traced) == 0 && seccomp_load(filter) == 0;
  if (!ret->seccomp) ret->seccomp_lacks = "this kernel has no seccomp filters, or old ones (Linux 4.14 has them)";
  seccomp_release(filter);
}
