#!/usr/bin/env bash
# azd's preprovision hook: registers the apps and gives main.bicep their ids.
set -euo pipefail
cd "$(dirname "$0")/.."
ids=$(deploy/register.sh "${AZURE_ENV_NAME:?is set by azd, which runs this}")
while IFS='=' read -r name value; do
  azd env set "$name" "$value"
done <<<"$ids"
