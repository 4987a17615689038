#!/usr/bin/env bash
# azd's hook after `provision`: Easy Auth settings that have changed are not in force before the app is
# started anew.
set -euo pipefail
cd "$(dirname "$0")"
. ./az.sh

need_az
patiently "the restart" az functionapp restart --subscription "$AZURE_SUBSCRIPTION_ID" \
  --resource-group "$AZURE_RESOURCE_GROUP" --name "${functionAppName:?is an output of main.bicep}" --output none
