"""asv's plugin, named in asv.conf.json: says at once that the Python of the pins is not here."""

import subprocess
import sys

from asv.config import Config
from asv.util import UserError

# Commands that make environments, unless they are told to take an existing one.
MAKE_ENVIRONMENTS = {"continuous", "find", "profile", "run", "setup"}


def check(version):
    """Raise, with the cure, where asv would find no interpreter of a version that runs."""
    if "{}.{}".format(*sys.version_info) == version:
        return
    try:
        subprocess.run([f"python{version}", "-c", ""], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise UserError(
            f"asv.conf.json pins packages for Python {version}, and python{version} does not run "
            f"here: install it, or call asv from a virtual environment of Python {version}"
        ) from None


def setup():
    """What asv calls before a command."""
    words = sys.argv[1:]
    if MAKE_ENVIRONMENTS & set(words) and not any("existing" in word for word in words):
        for version in Config.load().pythons:
            check(version)
