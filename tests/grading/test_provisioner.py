"""A forked kernel behaves as one that was started as always, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from importlib.metadata import EntryPoint
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_client.manager import start_new_kernel
from jupyter_client.provisioning import KernelProvisionerFactory
from nbgrader.api import Gradebook

from course_lib.grading.demo.hand_in import Course
from course_lib.grading.demo.students import ASSIGNMENT, STUDENTS
from course_lib.grading.kernels import forked, provisioner
from course_lib.grading.kernels.forked import ForkedKernel

pytestmark = [
    pytest.mark.xdist_group("provisioner"),  # all in one worker, for the sake of the warm process
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="kernels are forked on Linux only"),
]
NAME, TARGET = "course-warm", "course_lib.grading.kernels.provisioner:WarmProvisioner"
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {  # the same in all tests, for the sake of the warm process
    name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"
} | {"OMP_NUM_THREADS": "1"}
REGISTER = f"""
from importlib.metadata import EntryPoint
from jupyter_client.provisioning import KernelProvisionerFactory
factory = KernelProvisionerFactory.instance()
factory.provisioners[{NAME!r}] = EntryPoint({NAME!r}, {TARGET!r}, factory.GROUP_NAME)
"""


@pytest.fixture(scope="module", autouse=True)
def warm_processes():
    """What the kernels are forked from; none of it is left after these tests."""
    before = psutil.Process().children()
    yield
    provisioner.end_warm_processes()
    assert [child for child in psutil.Process().children() if child not in before] == []


@pytest.fixture
def kernels(monkeypatch):
    """A function that starts a kernel, by default a forked one."""
    factory = KernelProvisionerFactory.instance()
    monkeypatch.setitem(factory.provisioners, NAME, EntryPoint(NAME, TARGET, factory.GROUP_NAME))
    started = []

    def start(name=NAME, **options):
        monkeypatch.setattr(factory, "default_provisioner_name", name)
        manager, client = start_new_kernel(
            extra_arguments=["--HistoryManager.hist_file=:memory:"],
            **{"env": ENVIRONMENT, **options},
        )
        started.append((manager, client))
        return manager, client

    yield start
    for manager, client in started:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client, source):
    """What a cell prints, and the names of its errors."""
    said = []

    def hear(message):
        content = message["content"]
        said.append(content.get("text") or content.get("ename") or "")

    client.execute_interactive(source, output_hook=hear, timeout=60)
    return "".join(said).strip()


def process_of(manager):
    return manager.provisioner.process


def ends(pid, seconds=10):
    """An orphan may stay a zombie where the first process of the machine does not collect it."""
    for _ in range(seconds * 20):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def warm_pid(client):
    return int(run(client, "import os; print(os.getppid())"))


def test_it_sees_what_a_local_kernel_sees(kernels, tmp_path):
    look = """
import os, sys, signal, threading, torch
print(os.getcwd(), sys.argv[0], sys.path, sys.executable, sys.flags.optimize)
set_by_imports = ("JPY_PARENT_PID", "KMP_", "TORCHINDUCTOR_")
print(sorted(item for item in os.environ.items() if not item[0].startswith(set_by_imports)))
print(sorted(type(t).__name__ for t in threading.enumerate()), signal.getsignal(signal.SIGINT))
print(torch.get_num_threads(), __name__, sys.modules["__main__"].__name__)
print(os.getsid(0) == os.getpgid(0) == os.getpid(), os.fstat(0).st_size)
"""
    env = ENVIRONMENT | {"COLOUR": "gr\u00fcn \udcff", "JPY_SESSION_NAME": "a.ipynb"}
    said = []
    for name in (NAME, "local-provisioner"):
        manager, client = kernels(name, cwd=str(tmp_path), env=env)
        assert isinstance(process_of(manager), ForkedKernel) == (name == NAME)
        assert run(client, "import os; print(ascii(os.environ['COLOUR']))") == r"'gr\xfcn \udcff'"
        said.append(run(client, look))
    assert said[0] == said[1]
    assert str(tmp_path) in said[0]


def test_what_it_writes_to_the_terminal_goes_where_the_client_says(kernels, tmp_path):
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        _, client = kernels(stdout=out, stderr=err.fileno())
        run(client, "import sys; print('one', file=sys.__stdout__, flush=True)")
        run(client, "print('two', file=sys.__stderr__, flush=True); print(sys.__stdin__.read())")
    assert (tmp_path / "out").read_text() == "one\n"
    assert "two\n" in (tmp_path / "err").read_text()


def test_each_kernel_has_luck_of_its_own(kernels):
    draw = (
        "import random, numpy, torch; print(random.random(), numpy.random.rand(), *torch.rand(1))"
    )
    one, other = (run(kernels()[1], draw).split() for _ in range(2))
    assert len(one) == 3
    assert not set(one) & set(other)


def test_figures_are_drawn_into_the_notebook(kernels):
    _, client = kernels()
    shown = []
    client.execute_interactive(
        "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
        output_hook=lambda message: shown.extend(message["content"].get("data", ())),
        timeout=60,
    )
    assert "image/png" in shown


def test_kernels_do_not_share_what_they_define(kernels):
    (_, one), (_, other) = kernels(), kernels()
    assert warm_pid(one) == warm_pid(other)
    run(one, "import torch; torch.allclose = None; mine = 1")
    assert run(other, "print('mine' in globals(), torch.allclose)") == "NameError"
    assert run(other, "import torch; print(torch.allclose is None)") == "False"


def test_a_kernel_holds_no_socket_of_the_warm_process(kernels):
    kernels()
    manager, client = kernels()
    assert sockets(warm_pid(client))
    assert not sockets(warm_pid(client)) & sockets(process_of(manager).pid)


def sockets(pid):
    links = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()}
    return {link for link in links if link.startswith("socket:")}


def test_the_warm_process_has_one_thread(kernels):
    warm = psutil.Process(warm_pid(kernels()[1]))
    assert warm.num_threads() == 1
    assert warm.ppid() == os.getpid()


def test_an_interrupt_stops_the_cell_and_not_the_kernel(kernels):
    manager, client = kernels()
    # Without stop_on_error=False a kernel refuses what it is sent in the moment after an error.
    client.execute("print('on', flush=True)\nwhile True: pass", stop_on_error=False)
    while client.get_iopub_msg(timeout=30)["content"].get("text") != "on\n":
        pass
    manager.interrupt_kernel()
    assert client.get_shell_msg(timeout=30)["content"]["ename"] == "KeyboardInterrupt"
    assert run(client, "print(6 * 7)") == "42"
    assert process_of(manager).poll() is None


@pytest.mark.parametrize(
    ("source", "status"),
    [("os._exit(3)", 3), ("os.kill(os.getpid(), 11)", -signal.SIGSEGV), ("os.abort()", -6)],
)
def test_it_is_known_how_a_kernel_ended(kernels, source, status):
    manager, client = kernels()
    client.execute(f"import os; {source}")
    assert process_of(manager).wait() == status
    assert not manager.is_alive()


def test_a_kernel_ends_orderly_when_asked(kernels, tmp_path):
    manager, client = kernels()
    run(client, "import atexit, pathlib, threading, time")
    run(client, f"atexit.register(lambda: pathlib.Path({str(tmp_path / 'bye')!r}).touch())")
    late = f"(time.sleep(0.3), pathlib.Path({str(tmp_path / 'late')!r}).touch())"
    run(client, f"threading.Thread(target=lambda: {late}).start()")
    process = process_of(manager)
    manager.shutdown_kernel()
    assert process.returncode == 0
    assert (tmp_path / "bye").exists()
    assert (tmp_path / "late").exists()
    assert not psutil.pid_exists(process.pid)


def test_a_kernel_is_killed_with_its_children(kernels):
    manager, client = kernels()
    run(client, "import subprocess, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    child = int(run(client, "print(subprocess.Popen(['sleep', '600']).pid)"))
    process = process_of(manager)
    manager.shutdown_kernel(now=True)
    assert process.returncode == -signal.SIGKILL
    assert ends(process.pid)
    assert ends(child)


def test_a_restarted_kernel_is_another_fork(kernels):
    manager, client = kernels()
    run(client, "mine = 1")
    pid, warm = process_of(manager).pid, warm_pid(client)
    manager.restart_kernel()
    client.wait_for_ready(timeout=30)
    assert run(client, "mine") == "NameError"
    assert process_of(manager).pid != pid
    assert warm_pid(client) == warm


def test_signals_reach_the_process(kernels):
    for name, number in (("terminate", signal.SIGTERM), ("kill", signal.SIGKILL)):
        process = process_of(kernels()[0])
        getattr(process, name)()
        assert process.wait() == -number
        process.send_signal(number)  # ended already: nobody else may get it


def test_another_environment_has_another_warm_process(kernels):
    (first, client), (_, other) = kernels(), kernels(env=ENVIRONMENT | {"COLOUR": "red"})
    old = warm_pid(client)
    assert old != warm_pid(other)
    assert run(other, "import os; print(os.environ['COLOUR'])") == "red"
    assert run(client, "print('COLOUR' in os.environ)") == "False"
    client.stop_channels()
    first.shutdown_kernel()
    assert ends(old)


def test_a_warm_process_that_is_gone_is_replaced(kernels):
    manager, client = kernels()
    gone = warm_pid(client)
    os.kill(gone, signal.SIGKILL)
    assert process_of(manager).wait() == -signal.SIGKILL
    assert ends(manager.provisioner.pid)
    assert warm_pid(kernels()[1]) != gone


def test_a_kernel_starts_as_always_where_the_warm_process_fails(kernels, monkeypatch, caplog):
    monkeypatch.setattr(forked, "WARM", "raise SystemExit(1)")
    manager, client = kernels(env=ENVIRONMENT | {"COLOUR": "none"})  # needs another warm process
    assert isinstance(process_of(manager), subprocess.Popen)
    assert run(client, "print(6 * 7)") == "42"
    assert "without a warm process" in caplog.text


def test_a_missing_folder_is_told_as_always(kernels, tmp_path):
    with pytest.raises(FileNotFoundError):
        kernels(cwd=str(tmp_path / "nowhere"))


PYTHON = [sys.executable, "-m", "ipykernel_launcher", "-f", "connection.json"]


@pytest.mark.parametrize(
    ("cmd", "options", "forked"),
    [
        (PYTHON, {"env": {}, "cwd": "/", "kernel_id": "1"}, True),
        ([sys.executable, "-Xfrozen_modules=off", *PYTHON[1:]], {}, True),
        (PYTHON, {"stdout": subprocess.DEVNULL, "independent": False}, True),
        (PYTHON, {"stdout": subprocess.PIPE}, False),
        (PYTHON, {"stderr": subprocess.STDOUT}, False),
        (PYTHON, {"independent": True}, False),
        (PYTHON, {"preexec_fn": print}, False),
        (["/elsewhere/python", *PYTHON[1:]], {}, False),
        ([sys.executable, "-O", *PYTHON[1:]], {}, False),
        ([sys.executable, "-m", "xeus_kernel"], {}, False),
        ([sys.executable, "-m"], {}, False),
        (["ir", "--slave"], {}, False),
    ],
)
def test_only_plain_kernels_of_this_environment_are_forked(cmd, options, forked):
    assert provisioner._can_be_forked(cmd, options) == forked


def test_nothing_is_forked_where_the_system_cannot(monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    assert not provisioner._can_be_forked(PYTHON, {})


CLIENT = (
    REGISTER
    + """
factory.default_provisioner_name = "course-warm"
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel()
client.execute("import os, signal; signal.signal(15, signal.SIG_IGN); print(os.getppid())")
while True:
    text = client.get_iopub_msg(timeout=60)["content"].get("text")
    if text: break
client.execute("while True:\\n  try:\\n    while True: pass\\n  except BaseException: pass")
print(manager.provisioner.pid, text, flush=True)
"""
)


@pytest.mark.parametrize("end", ["import time; time.sleep(600)", ""], ids=["killed", "at its end"])
def test_nothing_outlives_the_client(end):
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CLIENT + end], stdout=subprocess.PIPE
    ) as client:
        pids = [int(word) for word in client.stdout.readline().split()]
        assert len(pids) == 2
        if end:
            client.kill()
        client.wait(timeout=60)
    assert all(ends(pid) for pid in pids)


def test_stock_autograde_gives_the_same_grades(tmp_path):
    """Two students and notebooks, through nbgrader's own command."""
    course = Course.read(ROOT, ASSIGNMENT)
    first = tmp_path / "local-provisioner"
    students = [student for student in STUDENTS if student.id in ("no_root", "no_bias_correction")]
    for student in students:
        folder = first / "submitted" / student.id / ASSIGNMENT
        folder.mkdir(parents=True)
        for name, content in student.hand_in(course).items():
            (folder / name).write_text(content, encoding="utf-8")
    shutil.copytree(ROOT / "solutions" / ASSIGNMENT, first / "solutions" / ASSIGNMENT)
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    settings += "c.Execute.timeout = c.Execute.startup_timeout = 300  # on a busy machine\n"
    (first / "nbgrader_config.py").write_text(settings, encoding="utf-8")
    nbgrader("generate_assignment", first, "local-provisioner")
    shutil.copytree(first, tmp_path / NAME)
    outputs = {}
    for name in ("local-provisioner", NAME):
        nbgrader("autograde", tmp_path / name, name)
        assert points(tmp_path / name) == {student.id: student.points for student in students}
        outputs[name] = [
            [(cell.source, cell.get("outputs")) for cell in nbformat.read(path, 4).cells]
            for path in sorted(tmp_path.glob(f"{name}/autograded/*/*/*.ipynb"))
        ]
    assert len(outputs[NAME]) == 2
    assert outputs[NAME] == outputs["local-provisioner"]


def nbgrader(step, folder, name):
    subprocess.run(
        [sys.executable, "-m", "nbgrader", step, ASSIGNMENT],
        cwd=folder,
        env=ENVIRONMENT
        | {
            "JUPYTER_DEFAULT_PROVISIONER_NAME": name,
            "PATH": sysconfig.get_path("scripts") + os.pathsep + ENVIRONMENT["PATH"],
        },
        check=True,
        capture_output=True,
    )


def points(folder):
    """Points by student and notebook, of the notebooks that were handed in."""
    with Gradebook(f"sqlite:///{folder}/gradebook.db", "overfitting_to_llms") as gradebook:
        return {
            submission.student.id: {
                notebook.name: notebook.score
                for notebook in submission.notebooks
                if (folder / "autograded" / submission.student.id / ASSIGNMENT)
                .joinpath(f"{notebook.name}.ipynb")
                .exists()
            }
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
        }
