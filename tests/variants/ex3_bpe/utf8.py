"""Other correct ways to write to_bytes and from_bytes."""

import codecs


def one_character_at_a_time(text):
    numbers = []
    for character in text:
        numbers.extend(character.encode("utf-8"))
    return numbers


def shifts(text):
    numbers = []
    for code in map(ord, text):
        if code < 0x80:
            numbers.append(code)
        elif code < 0x800:
            numbers += [0xC0 | code >> 6, 0x80 | code & 63]
        elif code < 0x10000:
            numbers += [0xE0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63]
        else:
            tail = [0x80 | code >> shift & 63 for shift in (12, 6, 0)]
            numbers += [0xF0 | code >> 18, *tail]
    return tuple(numbers)


def from_a_bytearray(text):
    return [byte for byte in bytearray(text, "utf8")]


def str_of_bytes(ids):
    return str(bytes(ids), "utf-8", "replace")


def byte_after_byte(ids):
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    return "".join(decoder.decode(bytes([byte])) for byte in ids) + decoder.decode(b"", final=True)


def step_by_step(ids):
    """Read on until it decodes; where it raises, the error says how many bytes belong together."""
    rest, text = b"".join(map(lambda byte: byte.to_bytes(1, "big"), ids)), ""
    while rest:
        try:
            return text + rest.decode()
        except UnicodeDecodeError as error:
            text += rest[: error.start].decode() + "\ufffd"
            rest = rest[error.end :]
    return text


VARIANTS = [
    (one_character_at_a_time, str_of_bytes),
    (shifts, byte_after_byte),
    (from_a_bytearray, step_by_step),
]
