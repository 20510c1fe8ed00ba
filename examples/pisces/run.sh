#!/usr/bin/env bash
# One run, one row: ../run_dataset.sh with the settings of this folder.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec bash "$here/../run_dataset.sh" "$here/settings.sh" "$@"
