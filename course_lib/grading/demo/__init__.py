"""A demo cohort: what students hand in, written by a script, and graded with stock nbgrader."""
