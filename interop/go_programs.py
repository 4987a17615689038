"""Programs in Go that others publish, built by Go."""

import os
import pathlib
import subprocess

from bodies import program
from checks import CLIENTS


def installed(name: str, package: str) -> pathlib.Path:
    """The program `name`, built where it is not there yet; Go itself knows."""
    folder = CLIENTS / name
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [program("go"), "install", package],
        # Else a go.mod nearby would be read.
        cwd=folder,
        env={**os.environ, "GOBIN": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / name
