#!/usr/bin/env bash
# azd's hook before `deploy` and `package`: builds target/greeting.zip.
#
#   deploy/azd-package.sh [--folder]      --folder: and unpacks it, for azd to zip it again
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p target
cargo run --quiet --release -p greeting-local -- package --out target/greeting.zip
[ "${1:-}" = --folder ] || exit 0

case $(uname -s) in
  MINGW* | MSYS* | CYGWIN*)
    {
      echo "error: azd makes its own zip here, and on Windows the handler in it could not be run"
      echo "  fix  azd deploy greeting --from-package target/greeting.zip"
    } >&2
    exit 1 ;;
esac
rm -rf target/function
python3 - <<'PY'
import pathlib, zipfile

with zipfile.ZipFile("target/greeting.zip") as archive:
    for entry in archive.infolist():
        path = pathlib.Path(archive.extract(entry, "target/function"))
        if path.is_file():
            path.chmod(entry.external_attr >> 16 & 0o777)  # extract leaves the mode behind
PY
