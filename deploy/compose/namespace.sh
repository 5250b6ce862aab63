#!/bin/sh
# Makes the namespace unless it is there. Reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and RETENTION (how long a closed run
# and the claims of its once-only tools are kept).
set -eu

# The port is open a moment before every service behind it has found the others.
tries=0
until temporal operator cluster health; do
  tries=$((tries + 1))
  [ "$tries" -lt 30 ] || exit 1
  sleep 1
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
