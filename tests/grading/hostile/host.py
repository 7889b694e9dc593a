"""Attacks on the machine: its files, its devices, its network, the grader and other students."""

from __future__ import annotations

from hostile.kind import LEFT, Kind

KINDS = (
    Kind(
        "writes_everywhere",
        "Writes files wherever something may be written.",
        f"""
        import os

        folders = ["/", "/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "/root", "/usr/lib"]
        folders += ["$course", "$course/submitted", "$course/feedback"]
        folders += ["$repository", "$repository/course_lib"]
        folders += [os.path.dirname(os.__file__), os.path.expanduser("~"), "/scratch/..", ".."]
        for folder in folders:
            for name in ("{LEFT}", "../{LEFT}"):
                try:
                    with open(os.path.join(folder, name), "w") as file:
                        file.write("x")
                    print("wrote", folder)
                except OSError:
                    pass
        """,
    ),
    Kind(
        "edits_the_library",
        "Edits the checks on the disk, so that everyone graded later gets full points.",
        """
        import os

        import course_lib.checks.compare as compare

        for path in (compare.__file__, "$repository/course_lib/checks/compare.py"):
            try:
                os.chmod(path, 0o777)
            except OSError:
                pass
            try:
                with open(path, "a") as file:
                    file.write("# $mark")
                print("EDITED")
            except OSError:
                pass
        """,
    ),
    Kind(
        "gradebook_trigger",
        "Adds a trigger to the gradebook that raises every score written from now on.",
        """
        import glob
        import sqlite3

        for path in ("$course/gradebook.db", *glob.glob("/**/gradebook.db", recursive=False)):
            try:
                with sqlite3.connect(f"file:{path}?mode=rw", uri=True) as book:
                    book.execute(
                        "create trigger more after update on grade begin "
                        "update grade set manual_score = 99 where id = new.id; end"
                    )
                    book.execute("update grade set auto_score = 99")
                print("EDITED", path)
            except sqlite3.Error as problem:
                print(problem)
        """,
    ),
    Kind(
        "other_submissions",
        "Overwrites, empties and deletes what others handed in, and puts results in their place.",
        """
        import glob
        import os
        import shutil

        folders = ("submitted", "autograded", "feedback", "results", ".", "source", "release")
        for folder in folders:
            for path in glob.glob(f"$course/{folder}/**/*", recursive=True):
                for harm in (os.remove, lambda p: open(p, "w").close(), shutil.rmtree):
                    try:
                        harm(path)
                        print("HARMED", path)
                    except OSError:
                        pass
        """,
    ),
    Kind(
        "network",
        "Connects to the machine itself, to others, and asks for names.",
        """
        import socket
        import urllib.request

        def reach(family, kind, address):
            with socket.socket(family, kind) as line:
                line.settimeout(0.5)
                line.connect(address)
                line.send(b"canary")
                print("REACHED", address)

        inet, inet6, unix = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX
        tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
        tries = [
            lambda: reach(inet, tcp, ("127.0.0.1", $port)),
            lambda: reach(inet, udp, ("127.0.0.1", $port)),
            lambda: reach(inet6, tcp, ("::1", $port)),
            lambda: reach(inet, tcp, ("192.0.2.1", 80)),
            lambda: reach(inet, udp, ("192.0.2.1", 53)),
            lambda: reach(unix, tcp, "\\0$abstract"),
            lambda: reach(unix, tcp, "$course/listener"),
            lambda: reach(socket.AF_NETLINK, socket.SOCK_RAW, (0, 0)),
            lambda: reach(inet, socket.SOCK_RAW, ("127.0.0.1", 0)),
            lambda: print("REACHED", socket.getaddrinfo("localhost", 80)),
            lambda: print("REACHED", urllib.request.urlopen("http://127.0.0.1:$port", timeout=1)),
            lambda: print("REACHED", socket.create_server(("127.0.0.1", 0))),
        ]
        for attempt in tries:
            try:
                attempt()
            except (OSError, ValueError) as problem:
                print(type(problem))
        """,
    ),
    Kind(
        "sockets_of_the_grader",
        "Connects to every socket file that it can find, to ask for a process without limits.",
        """
        import glob
        import os
        import socket
        import stat

        for pattern in ("/tmp/**/*", "/run/**/*", "/var/run/**/*", "/scratch/**/*", "$course/**/*"):
            for path in glob.glob(pattern, recursive=True):
                try:
                    if stat.S_ISSOCK(os.stat(path).st_mode):
                        line = socket.socket(socket.AF_UNIX)
                        line.connect(path)
                        line.send(b'{"seconds": 1e9, "memory_mb": 1000000}')
                        print("REACHED", path)
                except OSError:
                    pass
        """,
    ),
    Kind(
        "links_and_devices",
        "Makes links to what it may not read, devices, pipes and sockets, and reads through them.",
        """
        import os
        import stat

        targets = ["/etc/shadow", "$course/gradebook.db", "$repository/solutions", "/proc/1/root"]
        for number, target in enumerate(targets):
            for link in (os.symlink, os.link):
                try:
                    link(target, f"link-{number}")
                except OSError:
                    continue
                for read in (os.listdir, lambda path: open(path, "rb").read(1000)):
                    try:
                        print("OPENED", read(f"link-{number}"))
                    except OSError:
                        pass
        for number in range(256):
            try:
                os.mknod(f"device-{number}", stat.S_IFBLK | 0o666, os.makedev(number, 0))
                print("MADE A DEVICE")
            except OSError:
                pass
        """,
    ),
    Kind(
        "kernel_calls",
        "Calls of the kernel that lead out: mounts, namespaces, tracing, keys, other programs.",
        """
        import ctypes
        import os

        libc = ctypes.CDLL(None, use_errno=True)
        numbers = {
            "ptrace": 101, "chroot": 161, "mount": 165, "umount2": 166, "init_module": 175,
            "unshare": 272, "setns": 308, "bpf": 321, "userfaultfd": 323, "perf_event_open": 298,
            "add_key": 248, "keyctl": 250, "open_by_handle_at": 304, "io_uring_setup": 425,
            "pidfd_open": 434, "clone3": 435, "kexec_load": 246, "reboot": 169, "swapon": 167,
        }
        values = {"unshare": [0x10000000, 0, 0], "mount": [b"none", b"/scratch", b"tmpfs"]}
        for name, number in numbers.items():
            if libc.syscall(number, *values.get(name, [0, 0, 0]), 0, 0) >= 0:
                print("GRANTED", name)
        try:
            os.chroot("..")
            print("GRANTED chroot")
        except OSError:
            pass
        """,
    ),
    Kind(
        "other_instruction_set",
        "Makes system calls by the numbers of 32-bit programs, which a filter may not know.",
        """
        import ctypes
        import mmap
        import platform

        if platform.machine() == "x86_64":
            code = bytes.fromhex("b83f000000" "cd80" "c3")  # mov eax, 63; int 0x80; ret
            page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            page.write(code)
            call = ctypes.CFUNCTYPE(ctypes.c_int)
            print("RETURNED", call(ctypes.addressof(ctypes.c_char.from_buffer(page)))())
        """,
        reported=None,
    ),
    Kind(
        "terminal",
        "Types commands into the terminal of whoever grades.",
        """
        import fcntl
        import os

        for path in ("/dev/tty", "/dev/console", "/dev/pts/0", "/proc/self/fd/0", "/dev/ptmx"):
            try:
                terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)
                for letter in b"touch $course/left-by-a-hostile-submission\\n":
                    fcntl.ioctl(terminal, 0x5412, bytes([letter]))
                print("TYPED INTO", path)
            except OSError:
                pass
        """,
    ),
    Kind(
        "files_without_a_name",
        "Files that are deleted as soon as they are open, and then grow.",
        """
        import os
        import time

        kept = []
        try:
            for number in range(60):
                kept.append(open(f"{number}.bin", "wb"))
                os.unlink(f"{number}.bin")
                kept[-1].write(b"x" * 4_000_000)
                kept[-1].flush()
                time.sleep(0.05)
            print("TOO MUCH")
        except OSError:
            pass
        """,
        reported=None,
    ),
    Kind(
        "extension_module",
        "Loads machine code of its own: a shared library that it writes itself.",
        """
        import ctypes
        import os

        with open("evil.so", "wb") as file:
            file.write(open(ctypes.util.find_library("c") or "libc.so.6", "rb").read())
        os.chmod("evil.so", 0o755)
        try:
            ctypes.CDLL(os.path.abspath("evil.so"))
            print("loaded")
        except OSError as problem:
            print(problem)
        """,
    ),
)
