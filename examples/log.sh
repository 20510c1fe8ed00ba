# To be sourced by the examples' scripts.

# Runs a command that writes to a file, behind what is there; where it fails, shows how the file ends.
log() { # FILE COMMAND...
    "${@:2}" >> "$1" 2>&1 || { tail -n 20 "$1" >&2; return 1; }
}
