#!/usr/bin/env bash
# Registers the API and its client in the tenant that az is signed in to, from the JSON files in
# this folder, and prints their ids. No secret is made. Running it again changes the registrations
# to what the files say and makes no second ones.
#
#   deploy/register.sh NAME      NAME tells this deployment's registrations from others'
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $1"; say "  fix  $2"; exit 1; }
# Runs a command again where it fails because what was just made is not everywhere at once.
again() {
  local error
  for wait in 2 4 8 16; do
    { error=$("$@" 2>&1 >&3 3>&-); } 3>&1 && return
    case $error in
      *NotFound* | *"does not exist"* | *"do not exist"* | *"not reference a valid"*) sleep "$wait" ;;
      *) break ;;
    esac
  done
  say "$error"
  case $error in
    *Authorization_RequestDenied* | *"Insufficient privileges"*)
      say "  fix  the role Application Developer in tenant $tenant, or somebody who has it" ;;
  esac
  return 1
}

if [ $# != 1 ] || ! [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,59}$ ]]; then
  die "one name of letters, digits and hyphens is needed" "deploy/register.sh NAME"
fi
name=$1
command -v az >/dev/null ||
  die "the Azure CLI (az) is not installed" "install it, or use Azure Cloud Shell: https://aka.ms/azure-cli"
tenant=$(az account show --query tenantId --output tsv 2>/dev/null) ||
  die "az is not signed in" "az login"
[ -z "${AZURE_TENANT_ID:-}" ] || [ "$AZURE_TENANT_ID" = "$tenant" ] ||
  die "az is signed in to tenant $tenant, and AZURE_TENANT_ID is $AZURE_TENANT_ID" \
    "az login --tenant $AZURE_TENANT_ID, or: unset AZURE_TENANT_ID"
graph=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)
graph=${graph%/}/v1.0

# The application with this unique name, made if there is none; prints its appId.
application() {
  local url="$graph/applications(uniqueName='$1')"
  again az rest --method patch --url "$url" --headers Prefer=create-if-missing \
    --body "{\"displayName\": \"$1\", \"signInAudience\": \"AzureADMyOrg\"}" --output none || return
  again az rest --method get --url "$url?\$select=appId" --query appId --output tsv
}

# The file's content with the ids filled in; Graph itself makes the appId.
filled() {
  sed -e "s/<client-id>/$api/g" -e "s/<cli-client-id>/$client/g" -e '/^  "appId": /d' "$1"
}

# Changes an application to what the file says, and lets the tenant's people sign in to it.
configure() {
  again az rest --method patch --url "$graph/applications(appId='$1')" --body "$(filled "$2")" --output none
  az ad sp show --id "$1" --output none 2>/dev/null || again az ad sp create --id "$1" --output none
}

say "registering in tenant $tenant …"
client=$(application "greeting-cli-$name")
api=$(application "greeting-api-$name")
configure "$api" app-registration.json
configure "$client" client-registration.json
printf 'API_CLIENT_ID=%s\nCLI_CLIENT_ID=%s\n' "$api" "$client"
