"""A kernel provisioner that forks warm kernels, for stock nbgrader."""
