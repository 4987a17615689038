#!/usr/bin/env bash
# azd's hook before `provision`: registers the apps, and gives main.bicep their ids.
#
#   deploy/azd-register.sh [--before-up]      --before-up: only what `azd up` needs to get that far
set -euo pipefail
cd "$(dirname "$0")"
. ./az.sh
cd ..

environment=${AZURE_ENV_NAME:?is set by azd, which runs this}
subscription=${AZURE_SUBSCRIPTION_ID:-} group=${AZURE_RESOURCE_GROUP:-}
need_az

# The apps have to be in the tenant of the subscription that azd deploys to.
if [ -n "$subscription" ]; then
  value account show --subscription "$subscription" --query id >/dev/null 2>&1 ||
    die "az works in tenant $tenant, and knows no subscription $subscription, to which azd deploys; nothing was registered" \
      "az login   (to the tenant of that subscription)"
  same_tenant
fi

# `azd up` first asks for main.bicep's required parameters, before it asks where to deploy, and before
# all other hooks. So they have a value; ARM takes none of this length, and here it is replaced.
if [ "${1:-}" = --before-up ]; then
  [ -n "${API_CLIENT_ID:-}" ] || azd env set API_CLIENT_ID not-registered-yet
  [ -n "${CLI_CLIENT_ID:-}" ] || azd env set CLI_CLIENT_ID not-registered-yet
  exit
fi

# `azd provision` alone asks where to deploy after this.
if [ -z "$subscription" ] || [ -z "$group" ]; then
  die "environment $environment has no subscription or no resource group yet, and azd provision asks too late for them" \
    "azd up" \
    "azd env set AZURE_SUBSCRIPTION_ID ${subscription:-$(value account show --query id)}; azd env set AZURE_RESOURCE_GROUP ${group:-rg-$environment}; azd provision"
fi

# azd offers every region.
if [ -z "${functionAppName:-}" ]; then
  region=${AZURE_LOCATION:-$(value group show --subscription "$subscription" --name "$group" --query location 2>/dev/null || true)}
  regions=$(patiently "the regions" value functionapp list-flexconsumption-locations --subscription "$subscription" --query '[].name')
  [ -z "$region" ] || [[ $'\n'$regions$'\n' == *$'\n'$(lower "${region// /}")$'\n'* ]] ||
    die "$region has no Flex Consumption, or is not open to this subscription; nothing was registered" \
      "azd env set AZURE_LOCATION REGION; azd up      (REGION is one of: $(tr '\n' ' ' <<<"$regions"))"
fi

# Named after the place that is deployed to, since many have an environment `dev`. A group's name may
# have 90 letters and _ . ( ); a registration's may not.
sum=$(lower "$subscription/$group" | { sha256sum 2>/dev/null || shasum -a 256; })
name=$(lower "$group" | tr -cs 'a-z0-9' '-' | cut -c 1-40)
name=${name#-}
name=${name%-}
name=${name:-group}-${sum:0:10}

before=${GREETING_REGISTRATION:-}
if [ "$before" != "$name" ]; then
  need_graph
  if value rest --method get --url "$graph/applications(uniqueName='greeting-api-$name')?\$select=appId" >/dev/null 2>&1; then
    say "greeting-api-$name is registered already: all who deploy to resource group $group share it, as they share the function"
  fi
  if [ -n "$before" ]; then
    say "environment $environment was deployed elsewhere before. To delete the registrations of then, if nobody uses them:"
    say "  az ad app delete --id $API_CLIENT_ID; az ad app delete --id $CLI_CLIENT_ID"
  fi
fi
ids=$(deploy/register.sh "$name")
while IFS='=' read -r key id; do
  case $key in API_CLIENT_ID | CLI_CLIENT_ID) azd env set "$key" "$id" ;; esac
done <<<"$ids"
azd env set GREETING_REGISTRATION "$name"
