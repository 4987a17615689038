#!/usr/bin/env bash
# From a clone to a deployed function, with the Azure CLI alone. Running it again updates what is
# there. deploy/README.md says what it makes.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'USAGE'
Usage: deploy/deploy.sh --name NAME [options]

  --name NAME              the function app; its address is https://NAME.azurewebsites.net
  --resource-group GROUP   made if it is not there [default: NAME]
  --location REGION        one of: az functionapp list-flexconsumption-locations [default: westeurope]
  --zip FILE               a zip of greeting-local package [default: built now, which needs Rust]

Example: deploy/deploy.sh --name greeting-contoso
USAGE
}
say() { printf '%s\n' "$*" >&2; }
die() { say "error: $1"; say "  fix  $2"; exit 1; }

name='' group='' location=westeurope zip=''
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit ;;
    --name | --resource-group | --location | --zip)
      [ $# -ge 2 ] || die "$1 has no value" "deploy/deploy.sh --help"
      case $1 in
        --name) name=$2 ;;
        --resource-group) group=$2 ;;
        --location) location=$2 ;;
        --zip) zip=$2 ;;
      esac
      shift 2 ;;
    *) die "$1 is not an option" "deploy/deploy.sh --help" ;;
  esac
done
[[ $name =~ ^[a-z0-9][a-z0-9-]{0,58}[a-z0-9]$ ]] ||
  die "--name ${name:-is missing, or} is no name for a function app" \
    "write 2 to 60 lower-case letters, digits and hyphens: --name greeting-contoso"
group=${group:-$name}
[ -z "$zip" ] || [ -f "$zip" ] || die "there is no file $zip" "greeting-local package --out $zip"
command -v az >/dev/null ||
  die "the Azure CLI (az) is not installed" "install it, or use Azure Cloud Shell: https://aka.ms/azure-cli"
subscription=$(az account show --query id --output tsv 2>/dev/null) ||
  die "az is not signed in" "az login"
say "subscription $subscription, resource group $group"

# The name is everybody's: it is either ours, or has to be free.
if ! az functionapp show --resource-group "$group" --name "$name" --output none 2>/dev/null; then
  resource_manager=$(az cloud show --query endpoints.resourceManager --output tsv)
  free=$(az rest --method post --output tsv --query nameAvailable \
    --url "${resource_manager%/}/subscriptions/$subscription/providers/Microsoft.Web/checknameavailability?api-version=2024-04-01" \
    --body "{\"name\": \"$name\", \"type\": \"Microsoft.Web/sites\"}")
  [ "$free" = true ] || die "the name $name is taken" "choose another one with --name"
fi

if [ -z "$zip" ]; then
  command -v cargo >/dev/null ||
    die "Rust (cargo) is not installed, and no zip is named" "install it (https://rustup.rs), or name a zip with --zip"
  say "1/4 building …"
  zip=target/greeting.zip
  mkdir -p target
  cargo run --release -p greeting-local -- package --out "$zip"
fi

say "2/4 app registrations …"
ids=$(deploy/register.sh "$name")
api=$(sed -n 's/^API_CLIENT_ID=//p' <<<"$ids")

say "3/4 resources (a few minutes) …"
az group create --name "$group" --location "$location" --output none
url=$(az deployment group create --resource-group "$group" --name "greeting-$name" \
  --template-file deploy/main.bicep --parameters name="$name" location="$location" apiClientId="$api" \
  --query properties.outputs.greetingUrl.value --output tsv)

say "4/4 the function …"
az functionapp deployment source config-zip --resource-group "$group" --name "$name" --src "$zip" --output none

# Easy Auth answers before the function does: without it nobody may get further than a 401.
if command -v curl >/dev/null; then
  status=$(curl --silent --show-error --output /dev/null --write-out '%{http_code}' \
    --retry 8 --retry-delay 5 --max-time 60 "$url") || status='no answer'
  [ "$status" = 401 ] ||
    die "a call without a token got $status, and not Easy Auth's 401" "see what is wrong: greeting-cli doctor $url"
fi
say "deployed; a call without a token gets 401. Call it:"
printf 'greeting-cli call %s\n' "$url"
