#!/usr/bin/env bash
# Takes away what deploy.sh made, and only that, after showing it and asking. What others have put
# into the resource group stays, and then so does the group.
set -euo pipefail
line="deploy/remove.sh$([ $# = 0 ] || printf ' %q' "$@")"
cd "$(dirname "$0")"
. ./az.sh

usage() {
  cat <<'USAGE'
Usage: deploy/remove.sh --name NAME [options]

Shows what deploy/deploy.sh has made for NAME, asks, and takes it away.

  --name NAME              as it was given to deploy.sh
  --resource-group GROUP   likewise [default: NAME]
  --yes                    doesn't ask
  --delete-group           deletes the resource group with everything in it, also
                           what deploy.sh has not made
  --purge                  deletes the registrations for good; without it
                           register.sh can restore them for 30 days, with their ids

Example: deploy/remove.sh --name greeting-contoso
USAGE
}

name='' group='' asks=yes whole='' purges=''
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit ;;
    --yes) asks='' ; shift ;;
    --delete-group) whole=yes ; shift ;;
    --purge) purges=yes ; shift ;;
    --name | --resource-group)
      [ $# -ge 2 ] || die "$1 has no value" "deploy/remove.sh --help"
      case $1 in
        --name) name=$2 ;;
        --resource-group) group=$2 ;;
      esac
      shift 2 ;;
    *) die "$1 is not an option" "deploy/remove.sh --help" ;;
  esac
done
[[ $name =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,59}$ ]] ||
  die "--name ${name:-is missing, or} is no name that deploy.sh takes" "deploy/remove.sh --name greeting-contoso"
group=${group:-$name}
need_az
same_tenant
need_graph

half_done() {
  local status=$?
  [ "$status" = 0 ] || [ -z "${begun:-}" ] || say "  fix  once that is mended, the same line takes away what is still there: $line"
}
trap half_done EXIT

# What is in the group. Ours has main.bicep's tag. Azure itself puts an alert rule beside each
# Application Insights, named after it, and one action group for all of them in a group, and tags
# neither: that one is ours where no other Application Insights is in the group.
ours='' others='' all='' group_is_ours='' there=''
tag=$(patiently "the resource group" if_there value group show --name "$group" \
  --query "not_null(tags.\"greeting-deployment\", '-')")
if [ -n "$tag" ]; then
  there=yes
  [ "$tag" != "$name" ] || group_is_ours=yes
  all=$(patiently "the resources" value resource list --resource-group "$group" \
    --query "[].[not_null(tags.\"greeting-deployment\", '-'), type, id]")
fi
insights='' foreign_insights=''
while IFS=$'\t' read -r tag type id; do
  case $(lower "$type") in
    microsoft.insights/components) if [ "$tag" = "$name" ]; then insights=yes; else foreign_insights=yes; fi ;;
  esac
done <<<"$all"
stem=$(lower "${name:0:40}-")
while IFS=$'\t' read -r tag type id; do
  [ -n "$id" ] || continue
  case $(lower "$type/${id##*/}") in
    "microsoft.alertsmanagement/smartdetectoralertrules/failure anomalies - $stem"*-insights) tag=$name ;;
    "microsoft.insights/actiongroups/application insights smart detection")
      [ -z "$insights" ] || [ -n "$foreign_insights" ] || tag=$name ;;
  esac
  if [ "$tag" = "$name" ]; then
    ours="$ours$type"$'\t'"$id"$'\n'
  else
    others="$others$type"$'\t'"$id"$'\n'
  fi
done <<<"$all"
[ -z "$others" ] && [ -n "$group_is_ours" ] && whole=${whole:-ours}

registration() { # UNIQUE-NAME
  patiently "$1" if_there graph get "applications(uniqueName='$1')?\$select=appId" --query appId
}
api=$(registration "greeting-api-$name")
client=$(registration "greeting-cli-$name")

shown() {
  local type id
  while IFS=$'\t' read -r type id; do
    [ -z "$id" ] || say "  ${id##*/}  ($type)"
  done <<<"$1"
}
nothing=yes
if [ -n "$there" ] && [ -n "$whole" ]; then
  say "the resource group $group, and everything in it:"
  shown "$ours$others"
  nothing=''
elif [ -n "$ours" ]; then
  say "in the resource group $group:"
  shown "$ours"
  nothing=''
fi
for registered in "greeting-api-$name $api" "greeting-cli-$name $client"; do
  [ -n "${registered#* }" ] || continue
  say "the registration ${registered% *} (${registered#* })"
  nothing=''
done
if [ -n "$there" ] && [ -z "$whole" ]; then
  if [ -n "$others" ]; then
    say "The resource group $group stays: deploy.sh has not made what else is in it."
    shown "$others"
  else
    say "The resource group $group stays: deploy.sh has not made it."
  fi
  say "To delete it with everything in it, add: --delete-group"
fi
if [ -n "$nothing" ] && [ -z "$purges" ]; then
  say "there is nothing of $name to take away"
  exit
fi
if [ -n "$asks" ]; then
  printf 'Take this away? [y/N] ' >&2
  answer=''
  read -r answer || say ''
  case $(lower "$answer") in
    y | yes) ;;
    *) die "nothing was taken away" "$line --yes" ;;
  esac
fi

begun=yes
if [ -n "$there" ] && [ -n "$whole" ]; then
  say "deleting the resource group $group (a few minutes) …"
  patiently "the resource group" az group delete --name "$group" --yes --output none
else
  # What stands on another goes first.
  ordered=''
  for kind in microsoft.web/sites microsoft.web/ microsoft.alertsmanagement/ microsoft.insights/ ''; do
    rest=''
    while IFS=$'\t' read -r type id; do
      case $(lower "$type") in
        '') ;;
        "$kind"*) ordered="$ordered$id"$'\n' ;;
        *) rest="$rest$type"$'\t'"$id"$'\n' ;;
      esac
    done <<<"$ours"
    ours=$rest
  done
  while read -r id; do
    [ -n "$id" ] || continue
    say "deleting ${id##*/} …"
    patiently "${id##*/}" if_there az resource delete --ids "$id" --output none </dev/null
  done <<<"$ordered"
fi

# For good: the application and its service principal, which stay deleted for 30 days otherwise.
purged() { # UNIQUE-NAME
  local found id app principal
  found=$(graph get "directory/deletedItems/microsoft.graph.application?\$select=id,appId,uniqueName&\$top=999" \
    --query "value[?uniqueName=='$1'].[id, appId] | [0]") || return
  id=$(sed -n 1p <<<"$found")
  app=$(sed -n 2p <<<"$found")
  [ -n "$id" ] || return 0
  principal=$(graph get "directory/deletedItems/microsoft.graph.servicePrincipal?\$select=id,appId&\$top=999" \
    --query "value[?appId=='$app'].id | [0]") || return
  graph delete "directory/deletedItems/$id" || return
  [ -z "$principal" ] || graph delete "directory/deletedItems/$principal"
}
for registered in "greeting-cli-$name $client" "greeting-api-$name $api"; do
  unique=${registered% *} app=${registered#* }
  if [ -n "$app" ]; then
    say "deleting the registration $unique …"
    patiently "$unique" if_there graph delete "applications(appId='$app')"
  fi
  [ -z "$purges" ] || patiently "$unique" purged "$unique"
done
if [ -n "$purges" ] || [ -z "$api$client" ]; then
  say "taken away"
else
  say "taken away; for 30 days deploy/register.sh $name can restore the registrations, with their ids"
fi
