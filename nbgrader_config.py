"""Settings of nbgrader: every nbgrader command works in a clone of this repository."""

c = get_config()

c.CourseDirectory.course_id = "overfitting_to_llms"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.md"]

c.ClearSolutions.code_stub = {"python": "# Your code here.\nraise NotImplementedError()"}

c.Execute.timeout = 30  # seconds for a cell; an endless loop inside an answer ends much sooner
c.LimitOutput.max_lines = 300
c.LimitOutput.max_traceback = 40
