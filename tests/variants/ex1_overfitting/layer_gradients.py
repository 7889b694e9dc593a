"""Other correct ways to write gradient_norms_by_layer."""

import math

import torch
from torch import nn
from torch.func import functional_call, grad
from torch.nn.functional import cross_entropy


def backward_and_clear(model, x, y):
    model.zero_grad()
    cross_entropy(model(x), y).backward()
    norms = [p.grad.norm().item() for p in model.parameters() if p.dim() > 1]
    model.zero_grad()
    return torch.tensor(norms, dtype=torch.float64)


def functional(model, x, y):
    parameters = {name: p.detach() for name, p in model.named_parameters()}
    buffers = {name: b.clone() for name, b in model.named_buffers()}

    def loss(parameters, buffers):
        return nn.CrossEntropyLoss()(functional_call(model, (parameters, buffers), (x,)), y)

    gradients = grad(loss)(parameters, buffers)
    return [g.square().sum().sqrt() for g in gradients.values() if g.ndim > 1]


def python_loops(model, x, y):
    log_p = model(x).log_softmax(dim=-1)
    loss = sum(-log_p[i, y[i]] for i in range(len(y))) / len(y)
    norms = []
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if weight is not None and weight.ndim >= 2:
            (gradient,) = torch.autograd.grad(loss, weight, retain_graph=True)
            norms.append(math.sqrt(sum(g * g for g in gradient.flatten().tolist())))
    return norms


def grads_set_to_none(model, x, y):
    for p in model.parameters():
        p.grad = None
    nn.functional.nll_loss(model(x).log_softmax(1), y).backward()
    return torch.stack(
        [torch.linalg.vector_norm(p.grad) for p in model.parameters() if len(p.shape) >= 2]
    )


VARIANTS = [backward_and_clear, functional, python_loops, grads_set_to_none]
