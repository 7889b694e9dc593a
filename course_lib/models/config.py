"""What the configuration of any model has to promise."""


def check_sizes(config: object, *names: str) -> None:
    """Raise ValueError unless each of the named fields is at least 1."""
    for name in names:
        size = getattr(config, name)
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")


def check_divides(config: object, divisor: str, dividend: str) -> None:
    """Raise ValueError unless one named field divides another."""
    part, whole = getattr(config, divisor), getattr(config, dividend)
    if whole % part:
        raise ValueError(f"{divisor} must divide {dividend} = {whole}, got {part}")
