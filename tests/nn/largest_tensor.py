"""How many numbers the largest tensor holds that a computation makes."""

from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@dataclass
class Largest:
    """What was seen so far."""

    n_elements: int = 0


@contextmanager
def largest_tensor():
    """Watch every operation inside the block, backward passes included."""
    largest = Largest()

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            result = operation(*args, **(kwargs or {}))
            for item in tree_leaves(result):
                if isinstance(item, torch.Tensor):
                    largest.n_elements = max(largest.n_elements, item.numel())
            return result

    with Watch():
        yield largest
