"""Whole networks, put together from their parts."""
