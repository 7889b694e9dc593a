"""Chapter 1: curves that fit the noise, where their error comes from, and what holds them back."""
