"""The source distribution has what the repository has, and builds without warnings."""

import importlib.metadata
import pathlib
import shutil
import subprocess
import sys
import tarfile

import pytest

pytest.importorskip("Cython", reason="setup.py needs Cython")
pytest.importorskip("setuptools", "77", reason="setup.py needs it")

ROOT = pathlib.Path(__file__).parents[1]


def tracked():
    """Files of the repository that exist."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no clone of the repository")
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True)
    return [name for name in listing.stdout.decode().splitlines() if (ROOT / name).exists()]


def test_source_distribution(tmp_path):
    names = tracked()
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    process = subprocess.run(
        [sys.executable, "setup.py", "sdist"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    assert "warning" not in process.stdout.lower()
    (archive,) = (tmp_path / "dist").glob("cyma-*.tar.gz")
    with tarfile.open(archive) as files:
        packed = {m.name.partition("/")[2]: m.mode for m in files.getmembers() if m.isfile()}
    assert set(names) - set(packed) == {".gitignore"}
    generated = {name for name in packed if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    assert set(packed) - set(names) == generated
    assert packed[".ci/run"] & 0o100 == (ROOT / ".ci/run").stat().st_mode & 0o100


def test_metadata():
    metadata = importlib.metadata.metadata("cyma")
    assert metadata["Author"] == "cyma developers"
    urls = dict(line.split(", ") for line in metadata.get_all("Project-URL"))
    assert set(urls) == {"Source", "Documentation", "Changelog"}
    classifiers = metadata.get_all("Classifier")
    version = ".".join(map(str, sys.version_info[:2]))
    assert f"Programming Language :: Python :: {version}" in classifiers
    assert any("Free Threading" in classifier for classifier in classifiers)
    assert any(classifier.startswith("Operating System") for classifier in classifiers)
