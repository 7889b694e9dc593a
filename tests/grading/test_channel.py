import socket
import struct
import threading
import time

import pytest

from course_lib.grading.channel import Channel, ChannelClosed
from course_lib.grading.codec import CodecError, pack


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with Channel(ours) as channel, theirs:
        yield channel, theirs


def message(value):
    content = pack(value)
    return struct.pack(">I", len(content)) + content


def test_values_come_in_order(ends):
    channel, theirs = ends
    other = Channel(theirs)
    for value in (1, {"a": [None, 2.5]}, "text"):
        other.send(value)
    assert [channel.receive(5) for _ in range(3)] == [1, {"a": [None, 2.5]}, "text"]


def test_a_large_value_goes_both_ways(ends):
    channel, theirs = ends
    large = bytes(5_000_000)

    def echo():
        other = Channel(theirs)
        other.send(other.receive(20))

    thread = threading.Thread(target=echo)
    thread.start()
    channel.send(large)
    assert channel.receive(20) == large
    thread.join()


def test_two_messages_in_one_packet_and_one_in_many(ends):
    channel, theirs = ends
    theirs.sendall(message("first") + message("second")[:7])
    assert channel.receive(5) == "first"
    thread = threading.Timer(0.1, theirs.sendall, [message("second")[7:]])
    thread.start()
    assert channel.receive(5) == "second"
    thread.join()


@pytest.mark.parametrize("length", [0, 2, 4, 6])
def test_the_end_of_the_stream_is_told_apart(ends, length):
    channel, theirs = ends
    theirs.sendall(message("cut")[:length])
    theirs.close()
    with pytest.raises(ChannelClosed):
        channel.receive(5)
    with pytest.raises(ChannelClosed):
        channel.receive(5)


def test_a_silent_peer_runs_out_of_time_and_may_speak_later(ends):
    channel, theirs = ends
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.receive(0.2)
    assert 0.15 < time.monotonic() - started < 2
    theirs.sendall(message("late"))
    assert channel.receive(5) == "late"


@pytest.mark.parametrize("length", [1, 4, 6])
def test_half_a_message_runs_out_of_time_and_ends_the_channel(ends, length):
    channel, theirs = ends
    theirs.sendall(message("half a message")[:length])
    with pytest.raises(TimeoutError):
        channel.receive(0.2)
    with pytest.raises(ChannelClosed):
        channel.receive(0.2)


def test_a_dripping_peer_does_not_stretch_the_deadline(ends):
    channel, theirs = ends
    stop = threading.Event()

    def drip():
        for byte in message("x" * 1_000):
            if stop.wait(0.05):
                return
            theirs.sendall(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.receive(0.5)
    assert 0.4 < time.monotonic() - started < 2
    stop.set()
    thread.join()


def test_a_giant_header_is_refused_at_once(ends):
    channel, theirs = ends
    theirs.sendall(b"\xff\xff\xff\xff")
    with pytest.raises(CodecError, match="4,294,967,295 bytes"):
        channel.receive(5)
    with pytest.raises(ChannelClosed):
        channel.receive(5)


def test_a_message_may_be_as_long_as_allowed(ends):
    channel, theirs = ends
    length = len(pack(b"x" * 100))
    theirs.sendall(message(b"x" * 100) * 2)
    assert channel.receive(5, max_bytes=length) == b"x" * 100
    with pytest.raises(CodecError):
        channel.receive(5, max_bytes=length - 1)


def test_garbage_is_refused_and_ends_the_channel(ends):
    channel, theirs = ends
    theirs.sendall(b"\0\0\0\x05\0\0\0\x01\xc1" + message(1))
    with pytest.raises(CodecError):
        channel.receive(5)
    with pytest.raises(ChannelClosed):
        channel.receive(5)


def test_sending_to_a_peer_that_does_not_read_ends(ends):
    channel, _ = ends
    started = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0\.3 seconds"):
        channel.send(bytes(10_000_000), timeout=0.3)
    assert time.monotonic() - started < 3
    with pytest.raises(ChannelClosed):
        channel.send(1)


def test_sending_to_a_peer_that_is_gone(ends):
    channel, theirs = ends
    theirs.close()
    with pytest.raises(ChannelClosed):
        channel.send(1)


def test_nothing_is_sent_of_what_cannot_be_packed(ends):
    channel, theirs = ends
    with pytest.raises(CodecError):
        channel.send(object())
    with pytest.raises(CodecError):
        channel.send(bytes(100), max_bytes=50)
    channel.send("fine")
    assert Channel(theirs).receive(5) == "fine"
