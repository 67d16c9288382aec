"""Keys and seeds: the same for the same content, in every process and order of a mapping."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rebal_core.seeding import child_seed, content_key, generator

values = st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4), max_size=5)


def test_keys_are_pinned() -> None:
    """A key that changes with the interpreter or the version would lose every stored result."""
    assert content_key("cell", {"b": 1, "a": "中"}) == content_key("cell", {"a": "中", "b": 1})
    assert content_key() == "4f53cda18c2baa0c0354bb5f"
    assert child_seed(0, "resample", "smote", 0, 1) == 1340615375


@given(values, values)
def test_keys_tell_content_apart(first, second) -> None:
    assert (content_key(first) == content_key(second)) == (first == second)
    shuffled = dict(reversed(first.items()))
    assert content_key(shuffled) == content_key(first)


@given(st.integers(0, 2**31), st.integers(0, 100), st.integers(0, 100))
def test_a_seed_for_each_purpose(seed, one, other) -> None:
    assert 0 <= child_seed(seed, one) < 2**32
    assert (child_seed(seed, one) == child_seed(seed, other)) == (one == other)
    drawn, again = (generator(seed, "x", one).random(3).tolist() for _ in range(2))
    assert drawn == again
