"""From Overfitting to LLMs: the components, their checks, and the tools under the course."""
