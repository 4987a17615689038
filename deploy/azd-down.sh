#!/usr/bin/env bash
# azd's hook before `down`, which deletes the whole resource group: not where something is in it that
# was not deployed from here.
set -euo pipefail
cd "$(dirname "$0")"
. ./az.sh

group=${AZURE_RESOURCE_GROUP:-} app=${functionAppName:-}
# Nothing was deployed: azd says so itself.
if [ -z "$group" ] || [ -z "$app" ]; then exit; fi
# A person has said this group's name, which holds once.
if [ "${GREETING_DELETE_GROUP:-}" = "$group" ]; then
  azd env set GREETING_DELETE_GROUP ''
  exit
fi
need_az
same_tenant
here=(--subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$group")
[ "$(value group exists --subscription "$AZURE_SUBSCRIPTION_ID" --name "$group")" = true ] || exit 0

# Ours has main.bicep's tag; what Azure itself puts beside an Application Insights has none.
alert="failure anomalies - $(lower "${insightsName:-}")"
all=$(patiently "the resources" value resource list "${here[@]}" \
  --query "[].[not_null(tags.\"greeting-deployment\", '-'), type, id]")
others=''
while IFS=$'\t' read -r tag type id; do
  case $(lower "$type/${id##*/}") in
    / | "microsoft.alertsmanagement/smartdetectoralertrules/$alert" | \
      "microsoft.insights/actiongroups/application insights smart detection") continue ;;
  esac
  [ "$tag" = "$app" ] || others="$others  ${id##*/}  ($type)"$'\n'
done <<<"$all"
[ -n "$others" ] || exit 0

say "azd down deletes resource group $group with all that is in it. This was not deployed from here:"
printf '%s' "$others" >&2
die "resource group $group holds more than this deployment; nothing was deleted" \
  "move or delete what is named above, then: azd down" \
  "or, to delete that too: azd env set GREETING_DELETE_GROUP $group; azd down"
