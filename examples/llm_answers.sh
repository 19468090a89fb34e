#!/bin/sh
# Answers that a language model of yours gave elsewhere, beside a run of GNER on the same sentences.
#
#   sh llm_answers.sh ANSWERS.jsonl RUN OUT
#
# ANSWERS.jsonl has a line for each sentence, with the names and ids of RUN/predictions.jsonl:
#   {"dataset": "mit-movie", "id": "0", "prediction": "{\"actor\": [\"tom hanks\"], \"genre\": []}"}
# RUN is what `gner-bench predict` wrote; its gold is the gold of both. Other forms of answers: `gner-bench list answers`.
set -e
gner-bench score "$1" --from json --gold "$2" --name "my LLM" --out "$3/llm.json"
gner-bench report "$3/llm.json" "$2" --baseline "$2" --out "$3/report"
