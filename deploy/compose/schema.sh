#!/bin/sh
# Brings Temporal's two databases to the schema of this version; changes nothing when they have it.
# Reads POSTGRES_SEEDS, DB_PORT, POSTGRES_USER and SQL_PASSWORD.
set -eu

tool() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12 --endpoint "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" \
    --database "$database" "$@"
}

tool temporal create-database
tool temporal setup-schema --version 0.0
tool temporal update-schema --schema-name postgresql/v12/temporal

tool temporal_visibility create-database
tool temporal_visibility setup-schema --version 0.0
tool temporal_visibility update-schema --schema-name postgresql/v12/visibility
