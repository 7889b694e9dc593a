"""Whole networks, put together from their parts; `from_pretrained` loads published weights."""


def __getattr__(name: str):
    """Import `from_pretrained`, and with it all models, when it is first asked for."""
    if name == "from_pretrained":
        from course_lib.models.pretrained import from_pretrained

        return from_pretrained
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
