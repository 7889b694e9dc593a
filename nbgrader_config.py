"""Settings of nbgrader: every nbgrader command works in a clone of this repository."""

import warnings
from pathlib import Path

import nbgrader
from sqlalchemy.exc import SAWarning

import course_lib

c = get_config()

# The order in which nbgrader fills its gradebook, harmless and nothing that you could change.
warnings.filterwarnings("ignore", "Object of type .* not in session", SAWarning, "nbgrader.api")

c.CourseDirectory.course_id = "overfitting_to_llms"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.md"]

c.ClearSolutions.code_stub = {"python": "# Your code here.\nraise NotImplementedError()"}

# An endless loop inside an answer is stopped by its check; this is for cells of the students' own.
c.Execute.timeout = 30
c.Execute.error_on_timeout = {
    "ename": "CellTimeoutError",
    "evalue": "",
    "traceback": ["This cell was stopped after 30 seconds: probably a loop that never ends."],
}
c.LimitOutput.max_lines = 300
c.LimitOutput.max_traceback = 40

c.HTMLExporter.template_name = "course_feedback"
c.HTMLExporter.template_file = "page.html.j2"
c.HTMLExporter.extra_template_basedirs = [
    str(Path(course_lib.__file__).parent / "grading" / "templates"),
    str(Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"),
]
