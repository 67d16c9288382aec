"""The README's code does what it says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from rebal_core.cli import main

ROOT = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.zh.md")


def _blocks(name: str, language: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_python_runs() -> None:
    for block in _blocks("README.md", "python"):
        done = subprocess.run(
            [sys.executable, "-c", block], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "original" in done.stdout


def test_chinese_python_runs(monkeypatch, capsys) -> None:
    monkeypatch.chdir(ROOT)
    for block in _blocks("README.zh.md", "python"):
        exec(compile(block, "README.zh.md", "exec"), {"__name__": "__main__"})
        assert "original" in capsys.readouterr().out


# The Chinese one has the same commands, which a test below holds.
@pytest.mark.parametrize(
    "name", ["README.md", pytest.param("README.zh.md", marks=pytest.mark.slow)]
)
def test_commands_run(name: str, tmp_path: Path, monkeypatch, capfd) -> None:
    """Typed in this process, which spares the imports of each."""
    monkeypatch.setenv("REBAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REBAL_WORKERS", "1")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in _blocks(name, "sh") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("rebal ")]
    assert commands
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    try:
        for command in commands:
            code = main(shlex.split(command)[1:])
            assert code == 0, f"{command}: {capfd.readouterr().err}"
    finally:
        assert main(["engine", "stop"]) == 0


@pytest.mark.parametrize("name", READMES)
def test_targets_and_files_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([a-z-]+)", text, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
    for file in re.findall(r"\]\(([^):]+)\)|`([\w/]+\.md)`", text):
        assert (ROOT / (file[0] or file[1])).exists(), file


def test_both_languages_tell_the_same() -> None:
    """The same sections, examples, options and files; comments and one alias are translated."""
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in READMES)
    shapes = []
    for text in (english, chinese):
        bare = re.sub(r"(?m) +#.*$|^\).*$", "", text.replace("随机欠采样", "random_under"))
        code = re.findall(r"```(\w+)\n(.*?)```", bare, flags=re.DOTALL)
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        options = set(re.findall(r"--[a-z]+|[\w/]+\.(?:md|parquet)|REBAL_HOME", prose))
        bullets = len(re.findall(r"(?m)^- ", prose))
        shapes.append((code, len(re.findall(r"(?m)^## ", prose)), bullets, options))
    (*same, options), (*told, also) = shapes
    assert told == same
    assert {o for o in also ^ options if "README" not in o} <= {"zh.md"}  # each names the other
