"""Our models against Hugging Face's with the same weights: logits, then gradients."""

import pytest
import torch


def import_transformers():
    """Their library, or a visible skip."""
    reason = "parity needs Hugging Face's transformers, which is not installed"
    return pytest.importorskip("transformers", reason=reason)


def assert_same_logits(logits, expected):
    """Equal up to 1e-5 of their scale."""
    scale = expected.abs().max()
    assert scale > 0.1  # else there is nothing to compare
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-5 * scale.item())


def assert_same_gradients(model, expected):
    """Equal up to 1e-4 of each gradient's scale, of which none counts below 1e-3 of the largest."""
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    assert gradients.keys() == expected.keys()
    largest = max(gradient.abs().max().item() for gradient in expected.values())
    for name, gradient in gradients.items():
        scale = max(expected[name].abs().max().item(), 1e-3 * largest)
        torch.testing.assert_close(
            gradient, expected[name], rtol=0, atol=1e-4 * scale, msg=lambda m, n=name: f"{n}: {m}"
        )


def backward(*outputs):
    """Gradients of a random weighted sum of the outputs, the same for both models."""
    total = 0.0
    for seed, output in enumerate(outputs):
        weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(seed))
        total = total + (output * weights).sum()
    total.backward()


def gradients_of(model):
    return {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for name, parameter in model.named_parameters()
    }
