"""Bytes spelled as visible characters, the way in which vocabulary files hold them."""

# A byte that is a visible character in Latin-1 stands for itself; the others, in order, for the
# characters from U+0100 on: a space is "Ġ", a line break "Ċ".
VISIBLE = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), 256)]
OTHERS = [byte for byte in range(256) if byte not in VISIBLE]
LETTERS = {byte: chr(byte) for byte in VISIBLE} | {
    byte: chr(256 + place) for place, byte in enumerate(OTHERS)
}
BYTES = {letter: byte for byte, letter in LETTERS.items()}


def spell(token: bytes) -> str:
    """One visible character for each byte.

    Source: bytes_to_unicode in the published code of Radford et al. (2019).
    """
    return "".join(map(LETTERS.__getitem__, token))


def unspell(spelled: str) -> bytes:
    """The bytes that `spell` has spelled.

    Raises ValueError for a character that stands for no byte.
    """
    try:
        return bytes(map(BYTES.__getitem__, spelled))
    except KeyError as error:
        raise ValueError(f"{spelled!r} has {error.args[0]!r}, which stands for no byte") from None


def may_spell_another(special_token: str) -> bool:
    """Whether a special token, which files hold as it is, looks like what a learned one is spelled.

    It does if it spells a single byte, or a text other than its own: "Ġa" would be " a".
    """
    try:
        token = unspell(special_token)
        return len(token) == 1 or token.decode() != special_token
    except ValueError:  # it stands for no bytes, or these are no text
        return False
