#!/usr/bin/env bash
# A worker in bash: it serves the job "checksum" over the HTTP protocol of docs/worker-protocol.md. It needs curl and jq.
#
#     examples/workers/bash/worker.sh &
#     mainspring start checksum '{"text":"hello"}' --follow
#
# It polls for one task at a time, keeps its lease with heartbeats from a process of its own, and says how the task ended. SIGTERM: it ends the task under
# way and then itself.
set -euo pipefail

url=${MAINSPRING_URL:-http://127.0.0.1:7575}
namespace=${MAINSPRING_NAMESPACE:-default}
worker=bash-$HOSTNAME-$$-$RANDOM
last=null
stopping=
trap 'stopping=yes' TERM INT

# call PATH JSON: posts and prints the answer. Waits and repeats where the server is busy (429, 503); fails with 22 where it refuses.
call() {
  curl --silent --show-error --fail-with-body --max-time 90 --retry 1000 --retry-connrefused --retry-delay 1 \
    --header 'content-type: application/json' ${MAINSPRING_API_KEY:+--header "authorization: Bearer $MAINSPRING_API_KEY"} \
    --data-binary "$2" "$url/v1/namespaces/$namespace/$1"
}

# Repeats a call whose connection broke: every call of a worker may be repeated.
patiently() {
  until "$@"; do
    [ $? -ne 22 ] || exit 1
    sleep 1
  done
}

# The work: takes the input as JSON, prints the output as JSON.
checksum() {
  local sum
  sum=$(jq --join-output .text <<<"$1" | sha256sum | cut -d ' ' -f 1)
  jq --null-input --compact-output --arg sum "$sum" '{sha256: $sum}'
}

# Extends the lease until it is killed. `lost` and `cancel` end the work: its result would be refused, or is not wanted any more.
keep_lease() {
  local ref=$1 every=$2 working=$3 answer
  while sleep "$every"; do
    answer=$(call tasks/heartbeat "{\"worker\":\"$worker\",\"beats\":[$ref]}" | jq --raw-output '.beats[0]') || continue
    [ "$answer" = held ] || { kill "$working" 2>/dev/null; return; }
  done
}

run_task() {
  local task=$1 ref every result output working beating ended
  ref=$(jq --compact-output '{run, task, attempt, delivery}' <<<"$task")
  every=$(jq '.leaseMs / 3000' <<<"$task")
  output=$(mktemp)
  checksum "$(jq --compact-output .input <<<"$task")" >"$output" 2>"$output.error" &
  working=$!
  keep_lease "$ref" "$every" $working &
  beating=$!
  while :; do
    wait $working && ended=0 || ended=$?
    kill -0 $working 2>/dev/null || break # a signal ends the wait, not the work
  done
  if [ $ended = 0 ]; then
    result=$(jq --compact-output --slurpfile output "$output" '. + {is: "completed", output: $output[0]}' <<<"$ref")
  else
    result=$(jq --compact-output --rawfile error "$output.error" '. + {is: "failed", failure: {type: "Error", message: ($error | rtrimstr("\n"))}}' <<<"$ref")
  fi
  kill $beating 2>/dev/null || true
  rm -f "$output" "$output.error"
  patiently call tasks/complete "{\"worker\":\"$worker\",\"results\":[$result]}" | jq --raw-output '"completed: " + .results[0]'
}

patiently call definitions '{"definitions":[{"kind":"job","name":"checksum","version":"1","options":{}}]}' >/dev/null
echo "worker $worker serves checksum at $url"
while [ -z "$stopping" ]; do
  polled=$(patiently call tasks/poll "{\"worker\":\"$worker\",\"last\":$last,\"serves\":[{\"definition\":\"checksum\",\"version\":\"1\"}],\"max\":1,\"slots\":1,\"wait\":10000}") || {
    [ -n "$stopping" ] && break # the signal reached curl as well
    exit 1
  }
  last=$(jq .answer <<<"$polled") # names what arrived: an answer that is lost on the way is given again
  while IFS= read -r task; do
    run_task "$task"
  done < <(jq --compact-output '.tasks[]' <<<"$polled")
done
echo "stopped"
