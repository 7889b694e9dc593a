"""What several tests of grading share."""

import pytest


@pytest.fixture(scope="session")
def stock(tmp_path_factory):
    """A course that stock nbgrader graded: its folder, the tables before, and what came of it."""
    import small_course

    folder = tmp_path_factory.mktemp("stock")
    alone, rounds = small_course.stock_rounds(folder)
    return folder, alone, rounds
