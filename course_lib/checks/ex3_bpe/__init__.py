"""The checks of assignment 3: byte-pair encoding."""
