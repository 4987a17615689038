#!/usr/bin/env bash
# Registers the API and its client in the tenant that az is signed in to, from the JSON files in
# this folder. No secret is made. Running it again makes no second ones: it changes what differs
# from the files, and keeps what was added by hand. deploy/README.md says what is registered.
set -euo pipefail
cd "$(dirname "$0")"
. ./az.sh

usage() {
  cat <<'USAGE'
Usage: deploy/register.sh NAME [--service-management-reference ID]

Registers greeting-api-NAME and greeting-cli-NAME, and prints their ids:
  API_CLIENT_ID=…
  CLI_CLIENT_ID=…

  NAME   distinguishes this deployment's registrations from others'
  --service-management-reference ID
         the service that the registrations belong to, where the tenant asks for
         it [default: $SERVICE_MANAGEMENT_REFERENCE]

Example: eval "$(deploy/register.sh greeting-contoso)"
USAGE
}

name='' service=${SERVICE_MANAGEMENT_REFERENCE:-}
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit ;;
    --service-management-reference)
      [ $# -ge 2 ] || die "$1 has no value" "deploy/register.sh --help"
      service=$2
      shift 2 ;;
    *) [ -z "$name" ] || die "one name is needed, and $1 is one more" "deploy/register.sh --help"
      name=$1
      shift ;;
  esac
done
[[ $name =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,59}$ ]] ||
  die "one name of letters, digits and hyphens is needed" "deploy/register.sh NAME"
[[ $service =~ ^[A-Za-z0-9._-]*$ ]] ||
  die "$service is no service management reference" "deploy/register.sh --help"
need_az
same_tenant
need_graph

made=''
# A run that ends half-way says what there is.
half_made() {
  local status=$?
  [ "$status" = 0 ] || [ -z "$made" ] ||
    say "  registered so far:$made
  fix  once that is mended, the same line continues, and makes nothing twice"
}
trap half_made EXIT

# The application with this unique name: found, made, or restored; prints its appId.
application() { # UNIQUE-NAME BODY
  local path="applications(uniqueName='$1')" error
  kept graph get "$path?\$select=appId" --query appId && return
  case $error in *ResourceNotFound* | *"does not exist"*) ;; *) say "$error"; return 1 ;; esac
  # learn.microsoft.com/graph/api/application-upsert: where there is none it is made, and answered.
  kept graph patch "$path" --headers Prefer=create-if-missing --body "$2" --query appId && return
  case $error in *"same value for property uniqueName"*) restored "$1" ;; *) say "$error"; return 1 ;; esac
}

# Deletion does not release a unique name for 30 days (msgraph-bicep-types#137). What was deleted is
# restored, and its service principal, which Graph does not restore with it
# (learn.microsoft.com/graph/api/directory-deleteditems-restore). Where there is none, the refusal
# of before, in $error, is one that passes: it is being made or deleted just now.
restored() { # UNIQUE-NAME
  local taken=$error deleted id app principal
  # Who may not list what is deleted, or not restore it, would wait in vain.
  deleted=$(kept graph get "directory/deletedItems/microsoft.graph.application?\$select=id,appId,uniqueName&\$top=999" \
    --query "value[?uniqueName=='$1'].[id, appId] | [0]" || { say "not restored: $error"; exit 1; }) || return
  id=$(sed -n 1p <<<"$deleted")
  app=$(sed -n 2p <<<"$deleted")
  if ! [[ $app =~ ^[0-9a-fA-F-]{36}$ ]]; then
    say "$taken"
    return 1
  fi
  kept graph post "directory/deletedItems/$id/restore" --query id >/dev/null || { say "not restored: $error"; return 1; }
  tell "  restored $1, which was deleted less than 30 days ago"
  if principal=$(graph get "directory/deletedItems/microsoft.graph.servicePrincipal?\$select=id,appId&\$top=999" \
    --query "value[?appId=='$app'].id | [0]" 2>/dev/null) && [ -n "$principal" ]; then
    # Where this fails, service_principal makes one.
    graph post "directory/deletedItems/$principal/restore" --query id >/dev/null 2>&1 || true
  fi
  printf '%s\n' "$app"
}

# Lets the tenant's people sign in to an application.
service_principal() { # APP-ID
  graph get "servicePrincipals(appId='$1')?\$select=id" --query id >/dev/null 2>&1 ||
    graph post servicePrincipals --body "{\"appId\": \"$1\"}" --query id >/dev/null
}

# A file as a JMESPath literal: the ids filled in, without what Graph makes, and without the name,
# which is given once, so that a person may change it.
literal() { # FILE
  local text
  text=$(sed -e "s/<client-id>/$api/g" -e "s/<cli-client-id>/$client/g" -e "s/$file_scope/$scope/g" \
    -e '/^  "appId": /d' -e '/^  "displayName": /d' "$1" | tr -d '\r\n')
  printf '\140%s\140' "$text"
}

# A query of queries/ with its placeholders filled.
query() { # NAME [PLACEHOLDER VALUE]…
  local text filled mark
  text=$(cat "queries/$1.jmespath")
  shift
  while [ $# -gt 0 ]; do
    filled='' mark="<$1>"
    while [[ $text == *"$mark"* ]]; do
      filled=$filled${text%%"$mark"*}$2
      text=${text#*"$mark"}
    done
    text=$filled$text
    shift 2
  done
  printf '%s' "$text"
}
# Named one by one: a role is answered with its origin, which must not be sent.
scope_form='{id: id, value: value, type: type, isEnabled: isEnabled, adminConsentDisplayName: adminConsentDisplayName, adminConsentDescription: adminConsentDescription, userConsentDisplayName: userConsentDisplayName, userConsentDescription: userConsentDescription}'
role_form='{id: id, value: value, displayName: displayName, description: description, allowedMemberTypes: allowedMemberTypes, isEnabled: isEnabled}'
client_form='{appId: appId, delegatedPermissionIds: sort(delegatedPermissionIds)}'
resource_form='{resourceAppId: resourceAppId, resourceAccess: sort_by(resourceAccess[].{id: id, type: type}, &id)}'

change() { # APP-ID BODY
  # Where a tenant wants a service named, it wants it with each change.
  graph patch "applications(appId='$1')" --body "{${service:+\"serviceManagementReference\": \"$service\", }${2#\{}" >/dev/null
}

# The id of the scope that has the file's name. Somebody may have made it anew by hand: what was
# granted for it holds, so its id is taken, and not a second scope of its name tried.
stored_scope() {
  graph get "applications(appId='$api')?\$select=api" --query \
    "not_null(api.oauth2PermissionScopes[?value==$(literal app-registration.json).api.oauth2PermissionScopes[0].value].id | [0], '$file_scope')"
}

# The API. Who is pre-authorized comes in a request of its own: Graph holds that against the scopes
# that are stored, not against those of the same request (microsoft-graph-docs-contrib#1395). Each
# request has the whole of api, since a PATCH replaces it.
api_registration() {
  local file clients='' ids id states now scopes all disabled error
  file=$(literal app-registration.json)
  ids=$(sed -n -e "s/<cli-client-id>/$client/" -e 's/^        "appId": "\(.*\)",.*/\1/p' app-registration.json)
  while read -r id; do
    clients="$clients${clients:+, }$(query api-client app "$id" file "$file")"
  done <<<"$ids"
  states=$(graph get "applications(appId='$api')" --query "$(query api scope-form "$scope_form" \
    role-form "$role_form" client-form "$client_form" clients "$clients" file "$file")") || return
  { read -r now && read -r scopes && read -r all && read -r disabled; } <<<"$states"
  if [ "$now" != "$scopes" ] && ! kept change "$api" "$scopes"; then
    case $error in
      # What is enabled can be neither renamed nor deleted: the scope has been renamed in the tenant.
      *CannotDeleteOrUpdateEnabledEntitlement* | *"unless disabled first"*)
        change "$api" "$disabled" && change "$api" "$scopes" || return ;;
      *) say "$error"; return 1 ;;
    esac
  fi
  # The second has api and nothing else; where the first has the same api, all are in it.
  [[ $scopes == *"${all:1:${#all}-2}"* ]] || change "$api" "$all"
}

client_registration() {
  local states now wanted
  states=$(graph get "applications(appId='$client')" --query "$(query client \
    resource-form "$resource_form" app "$api" file "$(literal client-registration.json)")") || return
  { read -r now && read -r wanted; } <<<"$states"
  [ "$now" = "$wanted" ] || change "$client" "$wanted"
}

# What is sent when an application is made. Its name has NAME in it, so that two deployments' names differ.
named() { # DISPLAY-NAME
  printf '{"displayName": "%s (%s)", "signInAudience": "AzureADMyOrg"%s}' \
    "$1" "$name" "${service:+, \"serviceManagementReference\": \"$service\"}"
}
display_name() { sed -n 's/^  "displayName": "\(.*\)",$/\1/p' "$1"; }

file_scope=$(sed -n 's/.*"delegatedPermissionIds": \["\([^"]*\)"\].*/\1/p' app-registration.json | sort -u)
scope=$file_scope api='' client=''
say "registering in tenant $tenant …"
client=$(patiently "greeting-cli-$name" application "greeting-cli-$name" "$(named "$(display_name client-registration.json)")")
made="$made greeting-cli-$name ($client)"
api=$(patiently "greeting-api-$name" application "greeting-api-$name" "$(named "$(display_name app-registration.json)")")
made="$made, greeting-api-$name ($api)"
scope=$(patiently "greeting-api-$name" stored_scope)
patiently "the API's service principal" service_principal "$api"
patiently "the client's service principal" service_principal "$client"
patiently "the scope and who is pre-authorized" api_registration
patiently "the client's permissions" client_registration
printf 'API_CLIENT_ID=%s\nCLI_CLIENT_ID=%s\n' "$api" "$client"
