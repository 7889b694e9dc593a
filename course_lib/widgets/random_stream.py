"""The widgets' random numbers in Python: the same stream as random_stream.js, number for number."""

import numpy as np


class RandomStream:
    """mulberry32: number k is a hash of seed + k · 0x6D2B79F5, whole arrays are drawn at once."""

    def __init__(self, seed: int) -> None:
        self.state = seed % 2**32

    def uniform(self, count: int) -> np.ndarray:
        """The next `count` numbers, uniform on [0, 1)."""
        counters = self.state + 0x6D2B79F5 * np.arange(1, count + 1, dtype=np.uint64)
        self.state = (self.state + 0x6D2B79F5 * count) % 2**32
        t = (counters % 2**32).astype(np.uint32)
        t = (t ^ (t >> 15)) * (t | 1)
        t ^= t + (t ^ (t >> 7)) * (t | 61)
        return (t ^ (t >> 14)) / 2.0**32

    def normal(self, count: int) -> np.ndarray:
        """The next `count` standard normal numbers, by Box and Muller's (1958) transform."""
        radius, angle = self.uniform(2 * count).reshape(count, 2).T
        return np.sqrt(-2 * np.log(1 - radius)) * np.cos(2 * np.pi * angle)
