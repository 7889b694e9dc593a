"""Random ids and weights, and torch's layers with the weights of our blocks."""

import torch
from torch import nn


def random_ids(*shape, low=0, high=20, seed=0):
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(seed))


def randomised(model, seed=0):
    """The model in evaluation mode, with all its parameters random, norms and biases included."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm = "norm" in name.lower() or "ln_" in name
            is_scale = is_norm and name.endswith(("scale", "weight"))
            parameter.copy_(noise * 0.2 + is_scale)
    return model.eval()


def torch_layer(block, activation, cross_attention=False):
    """torch's encoder or decoder layer with the weights of a block."""
    kind = nn.TransformerDecoderLayer if cross_attention else nn.TransformerEncoderLayer
    attention, up_proj = block.self_attention, block.feed_forward.up_proj
    layer = kind(
        up_proj.in_features,
        attention.n_heads,
        up_proj.out_features,
        dropout=0.0,
        activation=activation,
        layer_norm_eps=block.feed_forward_norm.epsilon,
        batch_first=True,
        norm_first=block.norm_position == "pre",
    )
    attentions, norms = [(attention, layer.self_attn)], [block.self_attention_norm]
    if cross_attention:
        attentions.append((block.cross_attention, layer.multihead_attn))
        norms.append(block.cross_attention_norm)
    norms.append(block.feed_forward_norm)
    with torch.no_grad():
        for ours, theirs in attentions:
            inward = (ours.q_proj, ours.k_proj, ours.v_proj)
            theirs.in_proj_weight.copy_(torch.cat([p.weight for p in inward]))
            theirs.in_proj_bias.copy_(torch.cat([p.bias for p in inward]))
            theirs.out_proj.load_state_dict(ours.out_proj.state_dict())
        layer.linear1.load_state_dict(up_proj.state_dict())
        layer.linear2.load_state_dict(block.feed_forward.down_proj.state_dict())
        for number, norm in enumerate(norms, start=1):
            copy_norm(norm, getattr(layer, f"norm{number}"))
    return layer.eval()


def copy_norm(ours, theirs):
    with torch.no_grad():
        theirs.weight.copy_(ours.scale)
        theirs.bias.copy_(ours.shift)


def n_parameters(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())
