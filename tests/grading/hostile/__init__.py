"""Submissions that try something, each with what must be true after they were graded."""
