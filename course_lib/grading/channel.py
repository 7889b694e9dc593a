"""A socket that carries plain data, whoever is at its other end."""

from __future__ import annotations

import socket
import struct
import time

from course_lib.checks.base import Plain
from course_lib.grading.codec import MAX_BYTES, CodecError, pack, unpack

_LENGTH = struct.Struct(">I")
_AT_ONCE = 65_536  # bytes, so that many short messages come with one system call


class ChannelClosed(ConnectionError):
    """The other end is gone, or what it sent has made the channel useless."""


class Channel:
    """Sends and receives plain data over a connected stream socket, which it owns.

    After a message that was cut short, too long or malformed the channel is closed: nothing that
    might follow could be trusted to begin where a message begins.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._arrived = bytearray()
        self.last_bytes = 0  # of the message that was received last

    def __enter__(self) -> Channel:
        """Close it at the end of a `with` block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Hang up."""
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._arrived.clear()
        self._connection.close()

    def send(self, value: Plain, timeout: float = 60.0, max_bytes: int = MAX_BYTES) -> None:
        """Send one value within `timeout` seconds.

        Raises CodecError, before anything is sent, for what is not plain data; TimeoutError where
        the other end does not read; ChannelClosed where it is gone.
        """
        content = pack(value, max_bytes)
        try:
            self._connection.settimeout(timeout)  # of all of `sendall`
            self._connection.sendall(_LENGTH.pack(len(content)) + content)
        except TimeoutError:
            self.close()
            raise TimeoutError(f"nobody read for {timeout:g} seconds") from None
        except OSError as problem:
            self.close()
            raise ChannelClosed(str(problem)) from None

    def receive(self, timeout: float | None = None, max_bytes: int = MAX_BYTES) -> Plain:
        """Receive one value; `timeout` is for all of it, however slowly it comes.

        Raises TimeoutError (the channel stays open if nothing has arrived yet), ChannelClosed at
        the end of the stream, and CodecError for a message that is malformed or too long.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        head = self._exactly(_LENGTH.size, deadline, between=True)
        length = self.last_bytes = _LENGTH.unpack(head)[0]
        try:
            if length > max_bytes:
                raise CodecError(f"a message of {length:,} bytes; {max_bytes:,} are allowed")
            return unpack(self._exactly(length, deadline), max_bytes)
        except CodecError:
            self.close()
            raise

    def _exactly(self, length: int, deadline: float | None, between: bool = False) -> bytes:
        """The next bytes of the stream; what has arrived beyond them is kept for the next call."""
        while len(self._arrived) < length:
            try:
                self._connection.settimeout(_left(deadline))
                part = self._connection.recv(max(_AT_ONCE, length - len(self._arrived)))
            except TimeoutError:
                if self._arrived or not between:
                    self.close()
                raise TimeoutError("no whole message came in time") from None
            except OSError as problem:
                self.close()
                raise ChannelClosed(str(problem)) from None
            if not part:
                self.close()
                raise ChannelClosed("the other end hung up")
            self._arrived += part
        content = bytes(memoryview(self._arrived)[:length])
        del self._arrived[:length]
        return content


def _left(deadline: float | None) -> float | None:
    """The seconds until a deadline; raises TimeoutError when there are none."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
