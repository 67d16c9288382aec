"""The check of bytes that come in pieces says what Python's decoder says of them at once."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from rebal_core.data.reading.utf8 import Utf8

_SOUND = st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(str.encode)
_CUT = st.builds(lambda c, n: c.encode()[:n], st.sampled_from("é三😀"), st.integers(1, 4))
_ODD = st.sampled_from(
    [
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8",
        b"\xff",
        b"\x80",
        b"\xe0\x80",
        b"\0",
    ]
)


@given(st.lists(st.one_of(_SOUND, _CUT, _ODD, st.binary(max_size=3)), max_size=6), st.data())
@example([b"\xf0\x9f\x98\x80"], None)
def test_it_finds_the_byte_that_the_decoder_stops_at(
    parts: list[bytes], data: st.DataObject | None
) -> None:
    text = b"".join(parts)
    places = st.lists(st.integers(0, len(text)), max_size=5)
    cuts = [0, *sorted(data.draw(places) if data else range(len(text))), len(text)]
    check = Utf8()
    for start, end in pairwise(cuts):
        check.add(text[start:end])
    try:
        text.decode()
        expected = -1
    except UnicodeDecodeError as error:
        expected = error.start
    assert check.end() == expected
