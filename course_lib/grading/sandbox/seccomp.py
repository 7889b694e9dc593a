"""Take away from a student's process the system calls that code in a notebook never needs.

The kernel answers a forbidden call with an ordinary error, so that honest code that meets one gets
an OSError it can read. All others stay allowed: a list of what Python, torch and glibc may call
would break with each new version of them.
"""

from __future__ import annotations

import errno
import os

_PROCESSES = "fork vfork execve execveat setsid setpgid personality uselib"
_OTHER_PROCESSES = """
    ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp
    tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal pidfd_getfd
    setpriority sched_setaffinity sched_setscheduler sched_setparam sched_setattr ioprio_set
    migrate_pages move_pages
"""
_NETWORK = "socket connect bind listen accept accept4"
_FILE_SYSTEMS = """
    unshare setns mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount
    fspick mount_setattr mknod mknodat name_to_handle_at open_by_handle_at quotactl quotactl_fd
    inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark
"""
_IDENTITY = """
    setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset
"""
_BEYOND_THE_LIMITS = """
    memfd_create memfd_secret shmget shmat msgget semget mq_open add_key request_key keyctl io_setup
"""  # memory that no limit of the process counts, or that outlives it
_KERNEL = """
    bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
    init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff
    syslog acct iopl ioperm modify_ldt vhangup lookup_dcookie
    settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname
"""
# What Landlock lets anyone do to files that they own: their rights, owners, dates, length.
_BEYOND_LANDLOCK = """
    chmod fchmod fchmodat chown fchown lchown fchownat utime utimes utimensat futimesat truncate
    setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
"""
_FCHMODAT2 = 452  # on every architecture, and too new for many a libseccomp to know its name
_FORBIDDEN = [
    *_PROCESSES.split(),
    *_OTHER_PROCESSES.split(),
    *_NETWORK.split(),
    *_FILE_SYSTEMS.split(),
    *_IDENTITY.split(),
    *_BEYOND_THE_LIMITS.split(),
    *_KERNEL.split(),
]

# Forbidden for some values of one argument: its place, the bits that count, the values there.
# The kernel reads only the lower half of most arguments; a comparison of all bits would let a value
# pass that has others set in the upper half.
_INT = 0xFFFF_FFFF
_CLONE_THREAD = 0x10000
_SOCKET_TYPE = 0xF
_FORBIDDEN_VALUES = [
    ("clone", 0, _CLONE_THREAD, [0]),  # a process; threads stay
    ("socketpair", 1, _SOCKET_TYPE, [2, 3, 5]),  # all that can send elsewhere; streams stay
    ("ioctl", 1, _INT, [0x5412, 0x541C, 0x8901, 0x8902]),  # TIOCSTI TIOCLINUX FIOSETOWN SIOCSPGRP
    ("fcntl", 1, _INT, [8, 10, 15, 1024]),  # F_SETOWN F_SETSIG F_SETOWN_EX F_SETLEASE
    ("prctl", 0, _INT, [1, 4, 0x59616D61]),  # PR_SET_PDEATHSIG PR_SET_DUMPABLE PR_SET_PTRACER
]


def forbid_system_calls(under_landlock: bool = False) -> None:
    """Forbid them to this process for good; it may signal itself only, so call this after forking.

    `under_landlock` also forbids to change what Landlock leaves open about files.

    Importing pyseccomp starts ldconfig: the process that forks must have imported it before.
    Raises OSError where the kernel refuses, ImportError or RuntimeError without libseccomp.
    """
    import pyseccomp  # exists on Linux only

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    # Another instruction set's calls (32 bits, x32) have other numbers, which no rule here knows.
    rules.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    rules.set_attr(pyseccomp.Attr.CTL_NNP, 1)
    rules.set_attr(pyseccomp.Attr.CTL_TSYNC, 1)  # for the threads that may already run
    refuse = pyseccomp.ERRNO(errno.EPERM)
    beyond = _BEYOND_LANDLOCK.split() if under_landlock else []
    for call in [*_FORBIDDEN, *beyond]:
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, call) == -1:
            raise OSError(f"libseccomp is too old: it does not know {call}")
        rules.add_rule(refuse, call)
    if under_landlock:
        rules.add_rule(refuse, _FCHMODAT2)
    for call, argument, bits, values in _FORBIDDEN_VALUES:
        for value in values:
            rules.add_rule(refuse, call, pyseccomp.Arg(argument, pyseccomp.MASKED_EQ, bits, value))
    for call, own in [("kill", os.getpid()), ("tgkill", os.getpid()), ("prlimit64", 0)]:
        rules.add_rule(refuse, call, pyseccomp.Arg(0, pyseccomp.NE, own))
    # Its flags are in memory, where no rule can look; glibc falls back to clone on this error.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.load()
