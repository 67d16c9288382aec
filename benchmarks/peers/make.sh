#!/usr/bin/env bash
# Packages that we are held against and that cannot stand beside ours: an environment for each.
#   bash benchmarks/peers/make.sh            makes benchmarks/peers/.empulse and .imbens
set -euo pipefail
cd "$(dirname "$0")"
for peer in empulse imbens; do
    "${PYTHON:-python3}" -m venv ".$peer"
    ".$peer/bin/pip" install --quiet --disable-pip-version-check -r "$peer.txt"
done
