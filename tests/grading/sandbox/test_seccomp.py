"""Each forbidden system call is refused, and what honest code calls is not."""

from __future__ import annotations

import errno
import json
import platform
import signal
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="seccomp is part of Linux")
on_x86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="an x86-64 instruction")

FORBIDDEN = """
    fork vfork clone execve execveat setsid setpgid personality
    socket connect bind listen accept accept4
    ptrace process_vm_readv process_vm_writev process_madvise kcmp kill tkill tgkill
    rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal pidfd_getfd
    setpriority sched_setaffinity sched_setscheduler sched_setparam sched_setattr ioprio_set
    migrate_pages move_pages
    unshare setns mount umount2 pivot_root chroot mount_setattr
    move_mount open_tree fsopen fsconfig fsmount fspick mknod mknodat
    name_to_handle_at open_by_handle_at quotactl
    inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark
    setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset
    memfd_create memfd_secret shmget shmat msgget semget mq_open add_key request_key keyctl io_setup
    bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
    init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff
    syslog acct iopl ioperm modify_ldt
    settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname
"""
UPPER_HALF = 1 << 32  # the kernel does not read it of an int, so a filter must not either
SOME = {
    "a process in this one's memory": ("clone", 0x100 | 0x4000 | signal.SIGCHLD),
    "datagrams by a pair of sockets": ("socketpair", 1, 2, 0, 0),
    "datagrams, with flags": ("socketpair", 1, 2 | 0o2000000, 0, 0),
    "raw datagrams": ("socketpair", 1, 3, 0, 0),
    "packets by a pair of sockets": ("socketpair", 1, 5, 0, 0),
    "typing into a terminal": ("ioctl", 99, 0x5412, 0),
    "typing, hidden": ("ioctl", 99, 0x5412 | UPPER_HALF, 0),
    "selecting in a console": ("ioctl", 99, 0x541C, 0),
    "signals from a socket": ("ioctl", 99, 0x8901, 0),
    "signals from a socket's group": ("ioctl", 99, 0x8902, 0),
    "signals from a file": ("fcntl", 99, 8, 0),
    "signals from a file, hidden": ("fcntl", 99, 8 | UPPER_HALF, 0),
    "which signal": ("fcntl", 99, 10, 0),
    "signals from a file to a thread": ("fcntl", 99, 15, 0),
    "stopping others who open a file": ("fcntl", 99, 1024, 0),
    "outliving its parent": ("prctl", 1, 0),
    "being read by others": ("prctl", 4, 1),
    "being traced": ("prctl", 0x59616D61, -1),
    "signals to its group": ("kill", 0, 0),
    "signals to everyone": ("kill", -1, 0),
    "signals to its parent's group": ("kill", "-parent", 0),
    "signals to its parent": ("kill", "parent", 0),
    "signals to its parent's thread": ("tgkill", "parent", "parent", 0),
    "limits of its parent": ("prlimit64", "parent", 0, 0, 0),
}
ALLOWED = {
    "signals to itself": ("kill", "self", 0),
    "signals to its thread": ("tgkill", "self", "self", 0),
    "its own limits": ("prlimit64", 0, 0, 0, 0),
    "reading a descriptor's flags": ("fcntl", 0, 1),
    "an owner's number": ("fcntl", 0, 9),
}
# The filter refuses with a number that no system call returns by itself, so that a call which the
# kernel refuses anyway, for want of a right, does not pass for a forbidden one.
OWN_ERROR = 1234
TRY = f"""
import ctypes, errno, json, os, sys, pyseccomp
from course_lib.grading.sandbox.seccomp import forbid_system_calls
errno.EPERM = {OWN_ERROR}
libc = ctypes.CDLL(None, use_errno=True)
forbid_system_calls()
names = {{"self": os.getpid(), "parent": os.getppid(), "-parent": -os.getppid()}}
answers = {{}}
for label, (call, *arguments) in json.loads(sys.argv[1]).items():
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, call)
    values = [ctypes.c_ulong(names.get(value, value)) for value in arguments]
    ctypes.set_errno(0)
    result = libc.syscall(number, *values) if number >= 0 else None
    answers[label] = result if result != -1 else -ctypes.get_errno()
print(json.dumps(answers))
"""


BEYOND_LANDLOCK = """
    chmod fchmod fchmodat chown fchown lchown fchownat utime utimes utimensat futimesat truncate
    setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
"""


@pytest.mark.parametrize(("rights", "refuses"), [("under_landlock=True", True), ("", False)])
def test_what_landlock_leaves_open_about_files_is_forbidden_there(answer, rights, refuses):
    # No file has the number or the address −1: where they are let through, nothing changes either.
    calls = {name: (name, -1, *[0] * 5) for name in BEYOND_LANDLOCK.split()}
    script = TRY.replace("forbid_system_calls()\n", f"forbid_system_calls({rights})\n", 1)
    found = answer(script, json.dumps(calls))
    known = {name: result for name, result in found.items() if result is not None}
    assert len(known) >= 10
    others = {name for name, result in known.items() if (result == -OWN_ERROR) != refuses}
    assert not others


@pytest.mark.parametrize("change", ["os.chmod(path, 0)", "os.utime(path)", "libc_fchmodat2(path)"])
def test_a_file_keeps_its_rights_under_landlock(python, tmp_path, change):
    path = tmp_path / "shown.txt"
    path.touch(mode=0o644)
    code = f"""
        import ctypes, os, pathlib, pyseccomp
        from course_lib.grading.sandbox.landlock import landlock_abi, restrict_files
        from course_lib.grading.sandbox.seccomp import forbid_system_calls
        libc = ctypes.CDLL(None, use_errno=True)
        def libc_fchmodat2(path):
            if libc.syscall(452, -100, path.encode(), 0, 0):
                raise OSError(ctypes.get_errno(), "refused")
        path = {str(path)!r}
        if landlock_abi():
            restrict_files([pathlib.Path("/")], [])
        forbid_system_calls(under_landlock=True)
        try:
            {change}
        except OSError:
            pass
        else:
            raise SystemExit("it was changed")
    """
    ended = python(textwrap.dedent(code))
    assert ended.returncode == 0, ended.stderr
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.fixture(scope="module")
def refused(answer):
    """What each call returned: its result, minus the error's number, None where there is none."""
    calls = {name: (name, *[0] * 6) for name in FORBIDDEN.split()} | {"clone": ("clone", 0)}
    return answer(TRY, json.dumps(calls | SOME | ALLOWED))


@pytest.mark.parametrize("call", FORBIDDEN.split())
def test_forbidden(refused, call):
    if refused[call] is None:
        pytest.skip(f"{platform.machine()} has no {call}")
    assert refused[call] == -OWN_ERROR


@pytest.mark.parametrize("call", SOME)
def test_some_arguments_are_forbidden(refused, call):
    assert refused[call] == -OWN_ERROR


@pytest.mark.parametrize("call", ALLOWED)
def test_others_are_allowed(refused, call):
    assert refused[call] >= 0


BEGIN = """
import asyncio, errno, os, signal, socket, subprocess, sys, threading, time
from course_lib.grading.sandbox.seccomp import forbid_system_calls
import pyseccomp
forbid_system_calls()
"""


@pytest.mark.parametrize(
    "code",
    [
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "subprocess.run(['true'])",
        "subprocess.run('true', shell=True)",
        "subprocess.run(['true'], close_fds=False)",
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "socket.create_connection(('127.0.0.1', 1))",
        "os.kill(os.getppid(), signal.SIGTERM)",
        "os.mkfifo('/tmp/never')",
        "os.setsid()",
        "os.memfd_create('memory')",
        "os.nice(1)",
    ],
)
def test_python_gets_an_ordinary_error(python, code):
    process = python(f"{BEGIN}try:\n    {code}\nexcept OSError as e:\n    print(e.errno)")
    assert (process.stdout, process.stderr) == (f"{errno.EPERM}\n", "")


def test_clone3_is_unknown_so_that_glibc_falls_back_to_clone(python):
    process = python(
        f"{BEGIN}import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.syscall(435, None, 0), ctypes.get_errno())"
    )
    assert process.stdout == f"-1 {errno.ENOSYS}\n"


def test_honest_code_works(python):
    process = python(
        BEGIN
        + """
said = []
threads = [threading.Thread(target=said.append, args=(i,)) for i in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert sorted(said) == list(range(20))
async def later():
    await asyncio.sleep(0.01)
    return await asyncio.to_thread(lambda: 5)
assert asyncio.run(later()) == 5
left, right = socket.socketpair()
left.sendall(b"x")
assert right.recv(1) == b"x"
signal.signal(signal.SIGUSR1, lambda *_: said.append("signal"))
signal.raise_signal(signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGUSR1)
assert said[-2:] == ["signal", "signal"]
time.sleep(0.01)
from concurrent.futures import ThreadPoolExecutor
assert list(ThreadPoolExecutor(4).map(abs, [-1, 2])) == [1, 2]
print("done")
"""
    )
    assert (process.stdout, process.stderr) == ("done\n", "")


def test_abort_ends_the_process_as_ever(python):
    assert python(f"{BEGIN}os.abort()").returncode == -signal.SIGABRT


def test_threads_that_run_already_are_bound_too(python):
    process = python(
        """
import os, threading, pyseccomp
from course_lib.grading.sandbox.seccomp import forbid_system_calls
go = threading.Event()
def later():
    go.wait()
    try:
        os.setsid()
    except PermissionError:
        print("refused")
thread = threading.Thread(target=later)
thread.start()
forbid_system_calls()
go.set()
thread.join()
"""
    )
    assert process.stdout == "refused\n"


def test_no_program_can_bring_new_privileges(python):
    process = python(f"{BEGIN}print(open('/proc/self/status').read())")
    status = dict(line.split(":\t") for line in process.stdout.splitlines() if ":\t" in line)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


INT_0x80 = """
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid); int 0x80; ret
getpid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
print(getpid() == os.getpid())
"""


@on_x86_64
def test_the_calls_of_32_bits_end_the_process(python):
    if python(f"import os{INT_0x80}").stdout != "True\n":
        pytest.skip("this kernel has no 32-bit system calls")
    assert python(BEGIN + INT_0x80).returncode == -signal.SIGSYS


@on_x86_64
def test_the_calls_of_x32_end_the_process(python):
    process = python(f"{BEGIN}import ctypes\nctypes.CDLL(None).syscall(0x40000000 + 39)")
    assert process.returncode == -signal.SIGSYS
