"""Interactive figures: each computes in the page, and in Jupyter also talks to Python."""
