#!/usr/bin/env bash
# azd's hook after `deploy`: calls the function, and prints how a person does.
set -euo pipefail
cd "$(dirname "$0")"
. ./az.sh

# An output of main.bicep.
url=${greetingUrl:-}
[ -n "$url" ] || die "environment ${AZURE_ENV_NAME:-} does not know the function's address" "azd provision"
called "$url" 'azd deploy'
printf 'greeting-cli call %s\n' "$url"
