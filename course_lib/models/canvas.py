"""Small images on a larger sheet, so that they can move."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad


def on_canvas(
    images: Float[Tensor, "n height width"], margin: int, down: int = 0, right: int = 0
) -> Float[Tensor, "n 1 _ _"]:
    """Each image with `margin` empty pixels around it, moved `down` and `right` within them.

    Nothing is cut off; raises ValueError where a shift is larger than the margin.
    """
    if max(abs(down), abs(right)) > margin:
        raise ValueError(f"shifts must be within the margin {margin}, got {down} and {right}")
    around = (margin + right, margin - right, margin + down, margin - down)
    return pad(images, around).unsqueeze(1)
