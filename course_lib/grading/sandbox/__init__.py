"""Run student code where it can reach nothing but its own inputs."""
