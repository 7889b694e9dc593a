"""Derivatives and what is done with them: backpropagation, optimizers, gradient flow."""
