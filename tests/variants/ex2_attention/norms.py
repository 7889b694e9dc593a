"""Other correct ways to write layer_norm and rms_norm."""

import math

import numpy as np
import torch


def layer_by_var_mean(x, scale, shift, epsilon=1e-5):
    h = x if x.dtype == torch.float64 else x.float()
    variance, mean = torch.var_mean(h, dim=-1, keepdim=True, correction=0)
    return torch.addcmul(shift.to(h), scale.to(h), (h - mean) / (variance + epsilon) ** 0.5).to(
        x.dtype
    )


def rms_by_vector_norm(x, scale, epsilon=1e-6):
    h = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    length = torch.linalg.vector_norm(h, dim=-1, keepdim=True)
    return (scale * h / torch.sqrt(length**2 / h.size(-1) + epsilon)).type_as(x)


def layer_by_loops(x, scale, shift, epsilon=1e-5):
    """Python's own numbers, which are float64."""
    rows = []
    for row in x.reshape(-1, x.shape[-1]).tolist():
        mean = math.fsum(row) / len(row)
        deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in row) / len(row) + epsilon)
        learned = zip(row, scale.tolist(), shift.tolist(), strict=True)
        rows.append([(v - mean) / deviation * s + b for v, s, b in learned])
    return torch.tensor(rows, dtype=torch.float64).reshape(x.shape).to(x.dtype)


def rms_by_loops(x, scale, epsilon=1e-6):
    out = x.clone().view(-1, x.shape[-1])
    for i, row in enumerate(out.tolist()):
        rms = math.sqrt(sum(v * v for v in row) / len(row) + epsilon)
        out[i] = torch.tensor([v / rms * s for v, s in zip(row, scale.tolist(), strict=True)])
    return out.view(x.shape)


def layer_in_numpy(x, scale, shift, epsilon=1e-5):
    h, scale, shift = (t.double().numpy() for t in (x, scale, shift))
    h = h - h.mean(-1, keepdims=True)
    h = h / np.sqrt((h * h).mean(-1, keepdims=True) + epsilon)
    return torch.from_numpy(h * scale + shift).to(x.dtype)


def rms_scaled_after_rounding(x, scale, epsilon=1e-6):
    """As in Hugging Face's Llama: back in half precision, then scaled; one rounding more."""
    h = x.to(torch.promote_types(x.dtype, torch.float32))
    h = h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + epsilon)
    return (scale * h.to(x.dtype)).to(x.dtype)


def layer_as_rms_of_the_centred(x, scale, shift, epsilon=1e-5):
    """LayerNorm is RMSNorm of what is left after the mean."""
    h = x.double()
    centre = torch.eye(h.shape[-1], dtype=h.dtype) - 1 / h.shape[-1]
    h = h @ centre
    power = torch.einsum("...d,...d->...", h, h)[..., None] / h.shape[-1]
    return (h * (power + epsilon).rsqrt() * scale.double() + shift.double()).to(x.dtype)


def rms_in_place_on_a_copy(x, scale, epsilon=1e-6):
    h = x.detach().clone().double()
    h /= h.square().mean(-1, keepdim=True).add(epsilon).sqrt()
    h *= scale
    return h.to(x.dtype)


def layer_in_single_precision(x, scale, shift, epsilon=1e-5):
    """Always float32, which is enough for any model."""
    h = x.float()
    h = h - h.mean(-1, keepdim=True)
    h = h / torch.sqrt(h.var(-1, unbiased=False, keepdim=True) + epsilon)
    return (h * scale.float() + shift.float()).to(x.dtype)


def rms_in_single_precision(x, scale, epsilon=1e-6):
    h = x.float()
    return (h / h.pow(2).mean(-1, True).add(epsilon).sqrt() * scale.float()).to(x.dtype)


VARIANTS = [
    (layer_by_var_mean, rms_by_vector_norm),
    (layer_by_loops, rms_by_loops),
    (layer_in_numpy, rms_scaled_after_rounding),
    (layer_as_rms_of_the_centred, rms_in_place_on_a_copy),
    (layer_in_single_precision, rms_in_single_precision),
]
