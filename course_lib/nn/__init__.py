"""The parts that sequence models are made of, each in a file of its own."""
