"""The parts of language models, each on its own: attention, positions, norms, blocks, caches."""
