"""What an instructor reads after a cohort was graded."""
