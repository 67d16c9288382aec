#!/usr/bin/env bash
# Have every peer draw from every table, one after the other, the smallest table first; what is
# drawn already stays. Hours on two cores, CTGAN most of them.
#   REBAL_DATA=<folder of the real tables> bash benchmarks/peers/generators.sh [peer ...]
set -uo pipefail
cd "$(dirname "$0")"
export OMP_NUM_THREADS=1
declare -A home=([tabular_argn]=mostlyai [arfpy]=arfpy [tvae]=ctgan [ctgan]=ctgan)
for table in page-blocks0 caravan online_shoppers bank_marketing adult; do
    for peer in ${@:-tabular_argn arfpy tvae ctgan}; do
        [ -f ".generators/$peer/$table/told.json" ] && continue
        ".${home[$peer]}/bin/python" -W ignore generators_side.py "$peer" "$table"
    done
done
