"""Skip, with a reason, what this machine or this run cannot do; show what the checks caught."""

from collections.abc import Iterator

import chromium
import pytest
import torch

from course_lib.checks import catalogue


def pytest_addoption(parser):
    parser.addoption("--browser", action="store_true", help="run the tests that need Chromium")


def pytest_collection_modifyitems(config, items):
    no_browser = pytest.mark.skip(reason="needs a browser: run `make site-test`")
    no_gpu = pytest.mark.skip(reason="needs a GPU: neither CUDA nor MPS is available here")
    has_gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    for item in items:
        if "browser" in item.keywords and not config.getoption("--browser"):
            item.add_marker(no_browser)
        if "gpu" in item.keywords and not has_gpu:
            item.add_marker(no_gpu)


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Chromium, started once for every test of this process that looks at a page."""
    with chromium.launched() as running:
        yield running


def pytest_terminal_summary(terminalreporter):
    """The table of test_bugs.py: what its passing tests have proven."""
    caught_bugs, variants = set(), {}
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "bug caught":
                caught_bugs.add(tuple(value))
            elif name == "variants accepted":
                variants[value[0]] = value[1]
    if not caught_bugs:
        return
    terminalreporter.section("what the checks catch")
    write = terminalreporter.write_line
    write(f"{'exercise':40}{'properties':>11}{'bugs caught':>13}{'variants accepted':>19}")
    total = 0
    for exercise, found in catalogue().items():
        caught = sum((exercise, bug.name) in caught_bugs for bug in found.bugs)
        if not caught:
            continue
        total += caught
        write(
            f"{exercise:40}{len(found.properties):>11}{f'{caught}/{len(found.bugs)}':>13}"
            f"{variants.get(exercise, 0):>19}"
        )
    write(f"{total} bugs caught, each named as itself")
