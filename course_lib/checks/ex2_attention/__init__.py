"""The checks of assignment 2: attention and the Transformer."""
