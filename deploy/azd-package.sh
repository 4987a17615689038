#!/usr/bin/env bash
# azd's predeploy hook: builds the zip that azure.yaml names.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p target
cargo run --release -p greeting-local -- package --out target/greeting.zip
