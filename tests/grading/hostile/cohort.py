"""All kinds together."""

from hostile import (
    copied,
    endings,
    floods,
    hooks,
    host,
    hunting,
    injection,
    messages,
    notebooks,
    returned,
    verdict,
)

FAMILIES = {
    module.__name__.rpartition(".")[2]: module.KINDS
    for module in (
        verdict,
        hooks,
        hunting,
        returned,
        messages,
        endings,
        floods,
        host,
        injection,
        notebooks,
        copied,
    )
}
KINDS = tuple(kind for kinds in FAMILIES.values() for kind in kinds)

# What depends on the sandbox and not on the judge.
OF_THE_SANDBOX = (*FAMILIES["host"], *FAMILIES["hunting"], *FAMILIES["endings"])
