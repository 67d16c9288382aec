"""Files and folders are there completely or not at all."""

import errno
import os
import stat

import numpy as np
import pytest

from rebal_core import files


def tree(folder):
    return sorted(path.name for path in folder.rglob("*"))


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("fails", ["write", "sync", "rename"])
def test_what_fails_leaves_nothing_and_hurts_nothing(kind, fails, tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_text("before")

    def write(part):
        assert part.parent == tmp_path
        assert part.name.startswith(f"x.{os.getpid()}.")
        if kind == "folder":
            (part / "deep").mkdir(parents=True)
            (part / "deep" / "y").write_text("half")
        else:
            part.write_text("half")
        if fails == "write":
            raise OSError(errno.ENOSPC, "No space left on device")

    def full(*words):
        raise OSError(errno.ENOSPC, "No space left on device")

    if fails != "write":
        monkeypatch.setattr(os, "fsync" if fails == "sync" else "replace", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_once(path, write)
    assert tree(tmp_path) == ["x"]
    assert path.read_text() == "before"


def test_all_is_synced_before_it_has_its_name(tmp_path, monkeypatch):
    told = []
    fsync, rename = os.fsync, os.replace

    def synced(handle):
        told.append(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    def renamed(part, path):
        told.append("renamed")
        rename(part, path)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)

    def write(part):
        part.mkdir()
        files.put_array(part / "a.npy", np.arange(3))
        files.put_json(part / "b.json", {})

    files.write_once(tmp_path / "x", write)
    part, *inside, last, place = told
    assert part.startswith(f"{tmp_path}/x.{os.getpid()}.")
    assert sorted(inside) == [f"{part}/a.npy", f"{part}/b.json"]
    assert (last, place) == ("renamed", str(tmp_path))


def test_at_most_two_folders_are_made(tmp_path):
    files.write_json(tmp_path / "a" / "b" / "x.json", {"n": None})
    assert files.read_json(tmp_path / "a" / "b" / "x.json") == {"n": None}
    with pytest.raises(FileNotFoundError):
        files.write_json(tmp_path / "c" / "d" / "e" / "x.json", {})
    with pytest.raises(FileNotFoundError):
        files.write_once(tmp_path / "f" / "x", lambda part: part.touch(), folders=False)
    assert tree(tmp_path) == ["a", "b", "x.json"]


@pytest.mark.parametrize("refused", [errno.EINVAL, errno.EACCES])
def test_a_disk_that_cannot_sync_folders_will_do(refused, tmp_path, monkeypatch):
    fsync = os.fsync

    def files_only(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(refused, os.strerror(refused))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", files_only)
    files.write_json(tmp_path / "x.json", 1)
    assert tree(tmp_path) == ["x.json"]


@pytest.mark.parametrize("packed", [False, True])
def test_arrays_come_back_and_need_no_pickle(packed, tmp_path):
    arrays = {"a": np.array(["é", "ab"]), "b": np.zeros((0, 3), np.float32), "c": np.array(True)}
    files.write_arrays(tmp_path / "x.npz", arrays, packed=packed)
    back = files.read_arrays(tmp_path / "x.npz")
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert np.array_equal(back[name], array)
    files.write_array(tmp_path / "y.npy", np.arange(6).reshape(2, 3).T)
    assert np.array_equal(files.open_array(tmp_path / "y.npy"), [[0, 3], [1, 4], [2, 5]])
    with pytest.raises(ValueError, match="allow_pickle=False"):
        files.write_array(tmp_path / "z.npy", np.array([object()]))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        files.write_arrays(tmp_path / "z.npz", {"a": np.array([{}])}, packed=packed)
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "z.json", float("nan"))
    assert tree(tmp_path) == ["x.npz", "y.npy"]


@pytest.mark.parametrize("take_away", [files.remove, files.discard])
def test_of_a_link_only_the_link_is_taken_away(take_away, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "x").touch()
    for name in ("link", "file", "absent"):
        if name == "link":
            (tmp_path / name).symlink_to(tmp_path / "theirs")
        elif name == "file":
            (tmp_path / name).touch()
        take_away(tmp_path / name)
    assert tree(tmp_path) == ["theirs", "x"]
    take_away(tmp_path / "theirs")
    assert tree(tmp_path) == []
