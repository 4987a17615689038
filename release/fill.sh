#!/usr/bin/env bash
# release/fill.sh OWNER/REPOSITORY VERSION ARCHIVES
# Writes the Homebrew formula and the Scoop manifest of a release into the folder ARCHIVES, from the
# templates beside this script: the repository's address, the version, and each archive's checksum of
# ARCHIVES/SHA256SUMS.
set -euo pipefail
repository="$1" version="$2" archives="$3"
here="$(cd "$(dirname "$0")" && pwd)"

for template in "$here/homebrew/greeting.rb" "$here/scoop/greeting.json"; do
  filled="$archives/${template##*/}"
  text="$(<"$template")"
  text="${text//OWNER\/greeting/$repository}"
  text="${text//0.0.0/$version}"
  while read -r sum file; do
    target="${file#greeting-"$version"-}"
    target="${target%.tar.gz}"
    target="${target%.zip}"
    text="${text//SHA256-$target/$sum}"
  done <"$archives/SHA256SUMS"
  # Nobody could install what this would leave open.
  if [[ "$text" == *SHA256-* || "$text" == *OWNER/* ]]; then
    echo "$filled: no checksum in $archives/SHA256SUMS for: $(grep -o 'SHA256-[a-z0-9_-]*' <<<"$text" | tr '\n' ' ')" >&2
    exit 1
  fi
  printf '%s\n' "$text" >"$filled"
  echo "$filled"
done
