#!/usr/bin/env bash
# From a clone to a deployed function, with the Azure CLI alone. Running it again continues what was
# begun and updates what is there. deploy/README.md says what it makes.
set -euo pipefail
here=$PWD
line="deploy/deploy.sh$([ $# = 0 ] || printf ' %q' "$@")"
cd "$(dirname "$0")/.."
. deploy/az.sh

usage() {
  cat <<'USAGE'
Usage: deploy/deploy.sh --name NAME [options]

  --name NAME              the function app; its address is https://NAME.azurewebsites.net
  --resource-group GROUP   made if it is not there [default: NAME]
  --location REGION        one of: az functionapp list-flexconsumption-locations
                           [default: the app's, else the group's, else westeurope]
  --zip FILE               a zip of greeting-local package [default: built now, which needs Rust]
  --service-management-reference ID
                           for deploy/register.sh

Example: deploy/deploy.sh --name greeting-contoso
USAGE
}

name='' group='' location='' zip='' service=${SERVICE_MANAGEMENT_REFERENCE:-}
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit ;;
    --name | --resource-group | --location | --zip | --service-management-reference)
      [ $# -ge 2 ] || die "$1 has no value" "deploy/deploy.sh --help"
      case $1 in
        --name) name=$2 ;;
        --resource-group) group=$2 ;;
        --location) location=$2 ;;
        --zip) zip=$2 ;;
        --service-management-reference) service=$2 ;;
      esac
      shift 2 ;;
    *) die "$1 is not an option" "deploy/deploy.sh --help" ;;
  esac
done
[[ $name =~ ^[a-z0-9][a-z0-9-]{0,58}[a-z0-9]$ ]] ||
  die "--name ${name:-is missing, or} is no name for a function app" \
    "write 2 to 60 lower-case letters, digits and hyphens: --name greeting-contoso"
group=${group:-$name}
if [ -n "$zip" ]; then
  case $zip in /* | [A-Za-z]:*) file=$zip ;; *) file=$here/$zip ;; esac
  [ -f "$file" ] || die "there is no file $zip" "greeting-local package --out $zip"
else
  command -v cargo >/dev/null ||
    die "Rust (cargo) is not installed, and no zip is named" "install it (https://rustup.rs), or name a zip with --zip"
fi
need_az
same_tenant
subscription=$(value account show --query id)
arm=$(value cloud show --query endpoints.resourceManager)
arm=${arm%/}
say "subscription $subscription, resource group $group"

made='' url=''
half_made() {
  local status=$?
  [ "$status" = 0 ] || [ -z "$made" ] || say "  so far there is $made
  fix  once that is mended, the same line continues, and makes nothing twice: $line
  or   take it away: deploy/remove.sh --name $name --resource-group $group"
}
trap half_made EXIT
one_region() { printf '%s' "$1" | tr '[:upper:]' '[:lower:]' | tr -d ' '; }

say "1/5 what is there …"
# A subscription that has never had a function app knows nothing of them (MissingSubscriptionRegistration).
registered=$(patiently "the resource providers" value provider list --query "[?registrationState=='Registered'].namespace")
registered=$(lower "$registered")
for provider in Microsoft.Web Microsoft.Storage Microsoft.ManagedIdentity Microsoft.OperationalInsights Microsoft.Insights; do
  [[ $'\n'$registered$'\n' == *$'\n'$(lower "$provider")$'\n'* ]] && continue
  say "  registering the resource provider $provider (a minute or two) …"
  patiently "$provider" az provider register --namespace "$provider" --wait --output none
done

# The name is everybody's: it is either ours, or has to be free.
there=''
answer=$(patiently "the app" if_there value functionapp show --resource-group "$group" --name "$name" \
  --query "[location, not_null(tags.\"azd-service-name\", '-')]")
if [ -n "$answer" ]; then
  there=$(one_region "$(sed -n 1p <<<"$answer")")
  [ "$(sed -n 2p <<<"$answer")" = greeting ] ||
    die "the function app $name is in resource group $group already, and is not one of these" "choose another name with --name"
else
  free=$(patiently "the name" value rest --method post --query nameAvailable \
    --url "$arm/subscriptions/$subscription/providers/Microsoft.Web/checknameavailability?api-version=2024-04-01" \
    --body "{\"name\": \"$name\", \"type\": \"Microsoft.Web/sites\"}")
  [ "$(lower "$free")" = true ] || die "the name $name is taken" "choose another one with --name" \
    "or, where it is yours, name its group: --resource-group GROUP"
fi

home=$(patiently "the resource group" if_there value group show --name "$group" --query location)
location=$(one_region "${location:-${there:-${home:-westeurope}}}")
[ -z "$there" ] || [ "$there" = "$location" ] ||
  die "$name is in $there, and can't be moved to $location" "leave out --location, or choose another name with --name"
if [ -z "$there" ]; then
  regions=$(patiently "the regions" value functionapp list-flexconsumption-locations --query '[].name')
  [[ $'\n'$regions$'\n' == *$'\n'$location$'\n'* ]] ||
    die "$location has no Flex Consumption, or is not open to this subscription" \
      "--location REGION, one of: $(tr '\n' ' ' <<<"$regions")"
fi

if [ -z "$zip" ]; then
  say "2/5 building …"
  file=target/greeting.zip
  mkdir -p target
  cargo run --release -p greeting-local -- package --out "$file"
fi

# Everything that Azure can refuse beforehand, it refuses here: nothing is registered yet.
say "3/5 a try, with no client ids …"
if [ -z "$home" ]; then
  patiently "the resource group" az group create --name "$group" --location "$location" \
    --tags greeting-deployment="$name" --output none
  made="the resource group $group"
fi
# The template's check doesn't look into roles.bicep, which is given what only a deployment knows:
# whether the roles may be given is asked for itself. Where that can't be asked, the deployment tells.
may_assign_roles() {
  local rows allowed denied
  rows=$(value rest --method get --query "value[].[join(' ', [['-'], actions][]), join(' ', [['-'], notActions][])]" \
    --url "$arm/subscriptions/$subscription/resourcegroups/$group/providers/Microsoft.Authorization/permissions?api-version=2022-04-01" 2>/dev/null) ||
    return 0
  [ -n "$rows" ] || return 0
  while IFS=$'\t' read -r allowed denied; do
    if names_role_assignments "$allowed" && ! names_role_assignments "$denied"; then return; fi
  done <<<"$rows"
  return 1
}
names_role_assignments() { # ACTIONS with wildcards
  local actions action
  read -r -a actions <<<"$(lower "$1")"
  for action in "${actions[@]}"; do
    # shellcheck disable=SC2053 # its wildcards are meant
    if [[ microsoft.authorization/roleassignments/write == $action ]]; then return; fi
  done
  return 1
}
may_assign_roles ||
  die "the app's managed identity has to be given its roles, and the account that az is signed in with may not do that in $group; nothing was registered" \
    "the role Role Based Access Control Administrator on the resource group, beside Contributor: an Owner of the group runs" \
    "az role assignment create --role 'Role Based Access Control Administrator' --assignee YOU --scope /subscriptions/$subscription/resourceGroups/$group"
template() { # VERB API-CLIENT-ID CLI-CLIENT-ID [OPTION]…
  local deployment="greeting-$name"
  # A deployment's name has 64 characters at most.
  az deployment group "$1" --resource-group "$group" --name "${deployment:0:64}" --template-file deploy/main.bicep \
    --parameters name="$name" location="$location" apiClientId="$2" cliClientId="$3" "${@:4}"
}
nobody=00000000-0000-0000-0000-000000000000
patiently "the deployment" template validate "$nobody" "$nobody" --output none

say "4/5 app registrations, then resources (a few minutes) …"
ids=$(SERVICE_MANAGEMENT_REFERENCE=$service deploy/register.sh "$name")
api=$(sed -n 's/^API_CLIENT_ID=//p' <<<"$ids")
client=$(sed -n 's/^CLI_CLIENT_ID=//p' <<<"$ids")
made="${made:+$made, }the registrations greeting-api-$name and greeting-cli-$name"

settings() {
  az rest --method get --query properties --output json \
    --url "$arm/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.Web/sites/$name/config/authsettingsV2?api-version=2024-04-01"
}
before=$(settings 2>/dev/null) || before=''
deployed=yes
url=$(patiently "the deployment" template create "$api" "$client" --query properties.outputs.greetingUrl.value --output tsv | tr -d '\r') ||
  deployed=''
# Changed settings are not in force before the app is started anew, and a deployment that fails may
# have changed them.
if after=$(settings 2>/dev/null) && [ "$after" != "$before" ]; then
  say "  the Easy Auth settings are new or changed: restarting the app …"
  patiently "the restart" az functionapp restart --resource-group "$group" --name "$name" --output none
fi
[ -n "$deployed" ] || exit 1
made="$made, the resources"

say "5/5 the function …"
# az's own words for what becomes of a deployment are in its custom.py of appservice.
deploy_zip() {
  local error pause=20 waited=0 why
  while ! kept az functionapp deployment source config-zip --resource-group "$group" --name "$name" \
    --src "$(native_path "$file")" --output none; do
    case $error in
      # A role takes minutes until it is in force (azure-dev#8026).
      *InaccessibleStorage* | *BlobUploadFailed*) why="the identity's role on the storage is not in force yet" ;;
      *"Status Code: 50"* | *"Site Unavailable"* | *"Failed to retrieve deployment status"*)
        why="the app's deployment service is not available" ;;
      *"ongoing deployment"* | *"another deployment is in progress"*) why='another deployment is running' ;;
      *"Failed to fetch host key"* | *"appears to be unhealthy"*)
        say "  deployed; the host has not answered az yet, which may be its cold start"
        return ;;
      *)
        why=$(passing "$error") || { explain "$error"; return 1; } ;;
    esac
    if [ "$waited" -ge 300 ]; then
      say "  waited $waited s: $why"
      explain "$error"
      return 1
    fi
    say "  waiting $pause s: $why …"
    sleep "$pause"
    waited=$((waited + pause))
  done
}
deploy_zip

called "$url" "$line"
printf 'API_CLIENT_ID=%s\nCLI_CLIENT_ID=%s\ngreeting-cli call %s\n' "$api" "$client" "$url"
