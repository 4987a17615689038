#!/usr/bin/env bash
# azd's hook after `up`, which has made the resources: deploys. The app's role on its storage is not in
# force at once, and until it is each deployment fails (azure-dev#8026): tries for five minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

said=$(mktemp)
trap 'rm -f "$said"' EXIT
waited=0
# The zip as it is: see azd-package.sh.
until azd deploy greeting --from-package target/greeting.zip --no-prompt 2>&1 | tee "$said" >&2; do
  if [ "$waited" -ge 300 ] ||
    ! grep -qE 'InaccessibleStorage|BlobUploadFailed' "$said"; then
    echo "  fix  azd deploy      (once more: what is made already stays)" >&2
    exit 1
  fi
  echo "the app may not write to its storage yet, which takes up to five minutes; again in 20 s …" >&2
  sleep 20
  waited=$((waited + 20))
done
