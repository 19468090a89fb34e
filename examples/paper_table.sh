#!/bin/sh
# A table for a paper: a checkpoint of yours on the seven zero-shot sets, beside the published rows.
#
#   sh paper_table.sh CHECKPOINT OUT
#
# Predicts, scores and reports; killed at any moment, the same command continues. OUT/report/report.tex has the tables,
# OUT/report/index.html the page, OUT/predictions what was predicted. Several checkpoints: --model more than once.
set -e
gner-bench run --preset zero-shot --model "$1" --out "$2"
