#!/usr/bin/env bash
# Packages that we are held against and that cannot stand beside ours: an environment for each.
#   bash benchmarks/peers/make.sh [peer ...]     makes benchmarks/peers/.empulse, .imbens, ...
set -euo pipefail
cd "$(dirname "$0")"
for peer in ${@:-empulse imbens sdmetrics ctgan mostlyai arfpy rectools}; do
    "${PYTHON:-python3}" -m venv ".$peer"
    ".$peer/bin/pip" install --quiet --disable-pip-version-check -r "$peer.txt"
done
# It asks for these, and needs them for pictures and sound only, and beside a torch for processors
# alone they do not load.
if [ -d .mostlyai ]; then
    .mostlyai/bin/pip uninstall --quiet --yes torchvision torchaudio
fi
