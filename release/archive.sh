#!/usr/bin/env bash
# release/archive.sh TARGET PROGRAMS OUT
# Makes the archive of a release: the three programs of the folder PROGRAMS, built for the Rust target
# TARGET, with completions and man pages that the programs themselves write. They are run, so this
# machine has to be one that they run on.
# Prints the archive's path: OUT/greeting-VERSION-TARGET.tar.gz, or .zip for Windows.
set -euo pipefail
target="$1" programs="$2" out="$3"
root="$(cd "$(dirname "$0")/.." && pwd)"

exe=
case "$target" in *-windows-*) exe=.exe ;; esac

# "greeting-cli 0.1.0"
said="$("$programs/greeting-cli$exe" --version)"
version="${said##* }"
name="greeting-$version-$target"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
into="$work/$name"
mkdir -p "$into/completions" "$into/man" "$out"
cp "$root/LICENSE" "$root/README.md" "$into/"
cp "$programs/greeting-server$exe" "$into/"

for program in greeting-cli greeting-local; do
  cp "$programs/$program$exe" "$into/"
  for shell in bash zsh fish powershell; do
    case "$shell" in
      bash) file="$program.bash" ;;
      zsh) file="_$program" ;;
      fish) file="$program.fish" ;;
      powershell) file="$program.ps1" ;;
    esac
    "$into/$program$exe" completions "$shell" >"$into/completions/$file"
  done
  "$into/$program$exe" man "$into/man" >/dev/null
done

out="$(cd "$out" && pwd)"
cd "$work"
if [ -n "$exe" ]; then
  rm -f "$out/$name.zip"
  7z a -bso0 -tzip "$out/$name.zip" "$name"
  echo "$out/$name.zip"
else
  tar -czf "$out/$name.tar.gz" "$name"
  echo "$out/$name.tar.gz"
fi
