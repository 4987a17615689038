#!/usr/bin/env bash
# How the scripts in this folder call az: they source it; alone it does nothing.
#
# JSON is read, merged and written by az itself, in its query language (JMESPath, --query), since
# neither jq nor python3 has to be there where az is.

# Git for Windows would make a Windows path of each argument that looks like a path to it: of a
# resource's id, or of JSON. What is a path here is relative, or made one by native_path.
export MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*'
native_path() { if command -v cygpath >/dev/null; then cygpath -m "$1"; else printf '%s' "$1"; fi; }

say() { printf '%s\n' "$*" >&2; }
# Prints to the person, also inside a command whose stderr is kept.
exec 4>&2
tell() { printf '%s\n' "$*" >&4; }
# Runs a command: what it prints is printed, its refusal is kept in $error.
kept() { { error=$("$@" 2>&1 >&3 3>&-); } 3>&1; }
# What went wrong, then a line or more to paste.
die() {
  local fix
  say "error: $1"
  shift
  for fix; do say "  fix  $fix"; done
  exit 1
}

# az's answer as plain values, a line each. On Windows az ends its lines with CR LF.
value() { az "$@" --output tsv | tr -d '\r'; }

# A request to Microsoft Graph: METHOD, the path, and more of az rest's options.
graph() {
  az rest --method "$1" --url "$graph/$2" "${@:3}" --output tsv ${asked:+--debug} | tr -d '\r'
}
# Its address in the cloud that az works in.
need_graph() {
  graph=$(value cloud show --query endpoints.microsoftGraphResourceId)
  graph=${graph%/}/v1.0
}

need_az() {
  command -v az >/dev/null ||
    die "the Azure CLI (az) is not installed" "install it, or use Azure Cloud Shell: https://aka.ms/azure-cli"
  tenant=$(value account show --query tenantId 2>/dev/null) || tenant=''
  [ -n "$tenant" ] || die "az is not signed in" "az login"
}

# Ends where az is signed in to another tenant than the one that is deployed to: the apps would be
# registered there, and nobody would ever get a token. azd gives its hooks the subscription only.
same_tenant() {
  local wanted
  if [ -n "${AZURE_SUBSCRIPTION_ID:-}" ]; then
    wanted=$(value account show --subscription "$AZURE_SUBSCRIPTION_ID" --query tenantId 2>/dev/null) ||
      die "az does not know subscription $AZURE_SUBSCRIPTION_ID, which AZURE_SUBSCRIPTION_ID names" \
        "az login   (to the tenant of that subscription), or: unset AZURE_SUBSCRIPTION_ID"
    [ "$wanted" = "$tenant" ] ||
      die "az works in tenant $tenant, and subscription $AZURE_SUBSCRIPTION_ID (AZURE_SUBSCRIPTION_ID) is in tenant $wanted" \
        "az account set --subscription $AZURE_SUBSCRIPTION_ID"
  fi
  # The same id in capitals is the same tenant.
  [ -z "${AZURE_TENANT_ID:-}" ] || [ "$(lower "$AZURE_TENANT_ID")" = "$(lower "$tenant")" ] ||
    die "az is signed in to tenant $tenant, and AZURE_TENANT_ID is $AZURE_TENANT_ID" \
      "az login --tenant $AZURE_TENANT_ID, or: unset AZURE_TENANT_ID"
}
lower() { printf '%s' "$1" | tr '[:upper:]' '[:lower:]'; }

# Runs an az command that reads something: nothing is printed where it is not there. Another refusal
# is not taken for that.
if_there() {
  local error
  kept "$@" && return
  case $error in
    *SubscriptionNotFound*) say "$error"; return 1 ;;
    *NotFound* | *"could not be found"* | *"was not found"* | *"Unable to find"* | *"does not exist"*) ;;
    *) say "$error"; return 1 ;;
  esac
}

# Why a refusal will pass, or status 1. Sources: learn.microsoft.com/graph/throttling and
# /graph/errors; microsoft-graph-docs-contrib#1395 and msgraph-sdk-dotnet#2044 (AppPermissions).
passing() {
  case $1 in
    *"Too Many Requests"* | *TooManyRequests* | *Request_Throttled*) printf 'too many requests' ;;
    *"Service Unavailable"* | *ServiceUnavailable* | *serviceNotAvailable* | *"Bad Gateway"* | *"Gateway Time"*)
      printf 'the service is not available' ;;
    *ConcurrencyViolation*) printf 'another change is in progress' ;;
    *MultipleObjectsWithSameKeyValue* | *"same value for property uniqueName"*) printf 'it is being made or deleted' ;;
    *"AppPermissions sets"*) printf 'the new scope is not known everywhere yet' ;;
    *ResourceGroupBeingDeleted*) printf 'the resource group is being deleted' ;;
    *DeploymentActive*) printf 'another deployment of it is running' ;;
    *ResourceNotFound* | *"does not exist"* | *"do not exist"* | *"not reference a valid"*)
      printf 'what was just made is not known everywhere yet' ;;
    *) return 1 ;;
  esac
}

# patiently WHAT COMMAND …   runs a command that ends with an az command, and runs it again while
# its refusal is one that passes: for five minutes, counted in the pauses. What it prints is the
# command's; the last refusal is explained.
patiently() {
  local what=$1 error='' shown='' why pause=2 waited=0 asked='' after=''
  shift
  while :; do
    kept "$@" && return
    if why=$(passing "$error"); then
      after=''
      # az shows the answer's headers with --debug only; the request is made again anyhow. What it
      # writes then stays in this variable.
      [ -z "$asked" ] || after=$(printf '%s\n' "$error" | sed -n "s/.*[Rr]etry-[Aa]fter'*: *'*\([0-9][0-9]*\).*/\1/p" | tail -1)
      [ -n "$asked" ] || shown=$error
      asked=''
      [ "$why" != 'too many requests' ] || asked=yes
    elif [ -n "$asked" ]; then
      asked=''
      continue
    else
      shown=$error
      break
    fi
    [ "$waited" -lt 300 ] || { say "  waited $waited s for $what"; break; }
    [ -z "$after" ] || [ "$after" -le "$pause" ] || pause=$after
    [ "$pause" -le 120 ] || pause=120
    say "  waiting $pause s for $what: $why …"
    sleep "$pause"
    waited=$((waited + pause))
    pause=$((pause * 2))
    [ "$pause" -le 30 ] || pause=30
  done
  explain "$shown"
  return 1
}

# az's own words, and what to do about them.
explain() {
  local namespace
  say "$1"
  case $1 in
    *[Ss]"erviceManagementReference"*)
      say "  why  this tenant wants each registration to name a service of its service catalogue"
      say "  fix  add to the same line: --service-management-reference ID   (your organisation knows the ID)" ;;
    *"not restored: "*)
      say "  why  a registration of this name was deleted less than 30 days ago, which keeps the name,"
      say "       and the account that az is signed in with may not restore it"
      say "  fix  another name; or an Application Administrator restores it, or deletes it for good:"
      say "       portal.azure.com > Microsoft Entra ID > App registrations > Deleted applications" ;;
    *Directory_QuotaExceeded*)
      say "  why  the tenant, or you, may own no more objects; deleted ones count until they are deleted for good"
      say "  fix  delete registrations that you don't need: az ad app list --show-mine --output table" ;;
    *Authorization_RequestDenied* | *"Insufficient privileges"*)
      say "  why  the account that az is signed in with may not register applications in tenant ${tenant:-that it works in}"
      say "  fix  the role Application Developer in tenant ${tenant:-that it works in}, or an account that has it."
      say "       A pipeline's service principal: Microsoft Graph's application permission"
      say "       Application.ReadWrite.OwnedBy, and it has to own registrations that others made"
      say "       (deploy/README.md, In a pipeline)" ;;
    *"same value for property uniqueName"*)
      say "  why  another registration has this name, and was not found, also not among the deleted ones"
      say "  fix  the same line again in some minutes, or another name" ;;
    *MissingSubscriptionRegistration* | *"not registered to use namespace"*)
      namespace=$(printf '%s' "$1" | sed -n "s/.*use namespace '\([A-Za-z.]*\)'.*/\1/p" | head -1)
      say "  fix  az provider register --wait --namespace ${namespace:-Microsoft.Web}" ;;
    *RequestDisallowedByPolicy*)
      say "  why  a policy of this subscription forbids it; it is named above"
      say "  fix  another --resource-group or --location that the policy allows, or ask the subscription's owner" ;;
    *register/action*)
      say "  fix  the subscription's owner registers the provider once: az provider register --wait --namespace NAMESPACE" ;;
    *resourcegroups/write* | *resourceGroups/write*)
      say "  fix  the role Contributor on the subscription, or a group that is there: --resource-group GROUP" ;;
    *roleAssignments/write*)
      say "  why  the managed identity needs its roles, and the account that az is signed in with may not assign them"
      say "  fix  the role Role Based Access Control Administrator on the resource group, beside Contributor" ;;
    *AuthorizationFailed*)
      say "  fix  the role Contributor, and Role Based Access Control Administrator, on the resource group" ;;
    *RoleAssignmentUpdateNotPermitted* | *RoleAssignmentExists*)
      say "  why  a role that was given to the managed identity, or to one of its name before, is in the way"
      say "  fix  find it, and delete it: az role assignment list --all --output table"
      say "       az role assignment delete --ids ID" ;;
    *[Qq]uota* | *SkuNotAvailable* | *LocationNotAvailable* | *"not available for resource type"* | *NoRegisteredProviderFound*)
      say "  why  this region has no capacity for it, or no Flex Consumption"
      say "  fix  another region: --location REGION, one of"
      say "       az functionapp list-flexconsumption-locations --output table" ;;
    *ReadOnlyDisabledSubscription* | *SubscriptionNotFound*)
      say "  fix  a subscription that is enabled: az account list --output table; az account set --subscription ID" ;;
    *[Bb]"icep CLI"* | *"az bicep install"*) say "  fix  az bicep install" ;;
    *AADSTS* | *"az login"*) say "  fix  az login --tenant ${tenant:-TENANT}" ;;
  esac
}

# called URL LINE   calls the function that was just deployed, without a token. Easy Auth answers
# before the function does: a call without a token gets a 401. LINE deploys again.
called() {
  local pause=10 waited=0 status
  if ! command -v curl >/dev/null; then
    say "deployed; not called, since there is no curl here. Call it:"
    return
  fi
  while :; do
    # Its body comes first: what /dev/null is called depends on the curl of Git for Windows.
    status=$(curl --silent --write-out '\n%{http_code}' --max-time 60 "$1" | tail -n 1) || status='no answer'
    [ "$status" != 401 ] || break
    [ "$waited" -lt 180 ] ||
      die "a call without a token got $status, and not Easy Auth's 401" "see what is wrong: greeting-cli doctor $1" "$2"
    say "  a call without a token got $status, and not 401 yet: asking again in $pause s …"
    sleep "$pause"
    waited=$((waited + pause))
  done
  say "deployed; a call without a token gets 401. Call it:"
}
