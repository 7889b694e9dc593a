"""The checks of assignment 1: overfitting and gradients."""
