#!/usr/bin/env bash
# azd's hook before `deploy` and `package`: puts the zip at target/greeting.zip.
#
#   deploy/azd-package.sh [--folder]      --folder: and unpacks it, for azd to zip it again
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/az.sh

zip=target/greeting.zip given=${GREETING_ZIP:-}
mkdir -p target
if [ -n "$given" ]; then
  [ -f "$given" ] || die "there is no file $given, which GREETING_ZIP names" \
    "greeting-local package --out '$given', or: azd env set GREETING_ZIP ''"
  [ "$given" -ef "$zip" ] || cp "$given" "$zip"
else
  command -v cargo >/dev/null || die "Rust (cargo) is not installed, and no zip is named" \
    "install it (https://rustup.rs), or name a zip: azd env set GREETING_ZIP FILE"
  cargo run --quiet --release -p greeting-local -- package --out "$zip"
fi
[ "${1:-}" = --folder ] || exit 0

case $(uname -s) in
  MINGW* | MSYS* | CYGWIN*)
    die "azd makes a zip of its own here, and on Windows the handler in it would not be executable" \
      "azd deploy greeting --from-package $zip" ;;
esac
rm -rf target/function
python3 - "$zip" target/function <<'PY'
import pathlib, sys, zipfile

with zipfile.ZipFile(sys.argv[1]) as archive:
    for entry in archive.infolist():
        path = pathlib.Path(archive.extract(entry, sys.argv[2]))
        if path.is_file():
            path.chmod(entry.external_attr >> 16 & 0o777)  # extract leaves the mode behind
PY
