"""From an exercise's text to the notebooks that students get, and from their answers to grades."""
