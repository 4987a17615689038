#!/usr/bin/env bash
# azd's hook after `up`, which has made the resources: deploys. The app's role on its storage is not in
# force at once, and until it is each deployment fails (azure-dev#8026): tries for five minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

said=$(mktemp)
trap 'rm -f "$said"' EXIT
# The zip as it is: azd-package.sh says why.
deploy() { azd deploy greeting --from-package target/greeting.zip --no-prompt 2>&1; }
not_in_force_yet() { grep -qE 'InaccessibleStorage|BlobUploadFailed' "$said"; }

deploy | tee "$said" >&2 && exit
waited=0
while not_in_force_yet && [ "$waited" -lt 300 ]; do
  echo "the app may not write to its storage yet, which can take minutes; deploying again in 20 s …" >&2
  sleep 20
  waited=$((waited + 20))
  deploy >"$said" || continue
  cat "$said" >&2
  exit
done
[ "$waited" = 0 ] || cat "$said" >&2
echo '  fix  azd deploy      (once more: what is made already stays)' >&2
exit 1
