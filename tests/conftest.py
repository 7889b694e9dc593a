"""Skip, with a reason, what this machine or this run cannot do."""

import pytest
import torch


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
