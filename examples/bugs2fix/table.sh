#!/usr/bin/env bash
# Every run of the README's tables: ../table_dataset.sh with the settings of this folder.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec bash "$here/../table_dataset.sh" "$here/settings.sh" "$@"
