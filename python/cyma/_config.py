"""Where the headers are, and the command ``cyma-config``, which tells it to other builds."""

from __future__ import annotations

import argparse
import pathlib

from cyma._functions import __version__

_PACKAGE = pathlib.Path(__file__).resolve().parent


def get_include() -> str:
    """Folder to put on the include path, for ``#include <cyma/cyma.h>``.

    Returns
    -------
    folder : str
        That of the headers of this cyma, also where it is installed in place (``pip install -e``).

    Raises
    ------
    FileNotFoundError
        If the headers are not where they were installed.

    Notes
    -----
    For other builds, ``cyma-config --cflags`` prints it, and pkg-config and CMake find it: see
    `docs/embedding.md`_.

    .. _docs/embedding.md: https://github.com/cyma-dev/cyma/blob/main/docs/embedding.md

    Examples
    --------
    >>> import os
    >>> import cyma
    >>> os.path.exists(os.path.join(cyma.get_include(), "cyma", "cyma.h"))
    True
    """
    # In the package; where that is a checkout, at its top.
    installed, checkout = _PACKAGE / "include", _PACKAGE.parents[1] / "include"
    for folder in (installed, checkout):
        if (folder / "cyma" / "cyma.h").is_file():
            return str(folder)
    raise FileNotFoundError(
        f"cyma's headers are not in {str(installed)!r}: the installation is broken, install cyma "
        "anew"
    )


def _share(kind: str) -> str:
    """Folder of the files for another build system."""
    folder = _PACKAGE / "share" / kind
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{str(folder)!r} does not exist: the installation is broken, install cyma anew"
        )
    return str(folder)


def main(arguments: list[str] | None = None) -> None:
    """Print what is asked for, a line each."""
    parser = argparse.ArgumentParser(
        prog="cyma-config", description="Tell other builds where the headers of cyma are."
    )
    answers = {
        "--version": ("the version of cyma", lambda: __version__),
        "--cflags": ("options for the compiler", lambda: f"-I{get_include()}"),
        "--includedir": ("the folder for the include path", get_include),
        "--pkgconfigdir": ("that of cyma.pc, for PKG_CONFIG_PATH", lambda: _share("pkgconfig")),
        "--cmakedir": (
            "that of cyma-config.cmake, for cyma_DIR or CMAKE_PREFIX_PATH",
            lambda: _share("cmake/cyma"),
        ),
    }
    for option, (text, answer) in answers.items():
        parser.add_argument(
            option, dest="answers", action="append_const", const=answer, help=f"print {text}"
        )
    chosen = parser.parse_args(arguments).answers
    if not chosen:
        parser.error(f"one of {', '.join(answers)} is needed")
    try:
        for answer in chosen:
            print(answer())
    except FileNotFoundError as error:
        parser.exit(1, f"cyma-config: {error}\n")
