"""Whatever a reader stumbles over in a file of ours is told in a sentence of ours."""

from __future__ import annotations

import errno
import io
import re
import zipfile

import pytest

from rebal_core.export import archive
from rebal_core.export.bundle import load_bundle
from rebal_core.export.generator import load_generator
from rebal_core.export.recommender import load_recommender
from rebal_core.strategies.persist import load_arm
from rebal_core.trouble import FULL
from rebal_core.wording import UserError

READERS = [load_bundle, load_generator, load_recommender]


def zipped(content: bytes, spoilt: bool = False) -> bytes:
    """Return an archive with a manifest of this content, or with one that does not unpack."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("manifest.json", content)
    whole = file.getvalue()
    start = whole.index(b"manifest.json") + len("manifest.json")
    return whole[:start] + b"\xff" * 9 + whole[start + 9 :] if spoilt else whole


BROKEN = {
    "empty": (b"", "it is damaged or breaks off"),
    "breaks off": (zipped(b"{}")[:-9], "it is damaged or breaks off"),
    "spoilt": (zipped(b"{}" * 99, spoilt=True), "it is damaged or breaks off"),
    "no format": (zipped(b"{}"), "it is not as Rebal writes it"),
    "no JSON": (zipped(b"{"), "it is not as Rebal writes it"),
    "no end": (zipped(b"[" * 9_999), "it is not as Rebal writes it"),
}


@pytest.mark.parametrize(("content", "reason"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("load", READERS, ids=lambda load: load.__name__)
def test_a_broken_file_is_told_without_the_name_of_an_error(tmp_path, load, content, reason):
    (tmp_path / "r.rebal").write_bytes(content)
    with pytest.raises(UserError, match=rf"\({reason}\)") as told:
        load(tmp_path / "r.rebal")
    assert str(told.value).startswith("r.rebal is no ")
    assert not re.search("Error|BadZip", str(told.value))


@pytest.mark.parametrize("load", READERS, ids=lambda load: load.__name__)
def test_what_the_machine_refuses_is_no_fault_of_the_file(tmp_path, load, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "r.rebal").write_bytes(zipped(b"{}"))
    monkeypatch.setattr(archive.shutil, "copyfileobj", full)
    with pytest.raises(UserError) as told:
        load(tmp_path / "r.rebal")
    assert str(told.value) == str(FULL)


def test_a_stored_arm_that_does_not_unpack_is_told_likewise(tmp_path):
    (tmp_path / "arm.json").write_text('{"format": 1, "preparation": {}}')
    (tmp_path / "preparation.npz").write_bytes(zipped(b"{}" * 99, spoilt=True))
    with pytest.raises(UserError, match="holds no model that Rebal can read"):
        load_arm(tmp_path)
