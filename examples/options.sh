# The options of the examples' scripts; to be sourced.

# Sets a variable for each option that is given. NAMES are those of the options, without the dashes;
# NAME=VARIABLE is one whose variable has another name, NAME! one without a value, which sets its
# variable to yes. What stands behind -- is left in $rest.
take_options() { # SCRIPT NAMES OPTIONS...
    local script="$1" known=" $2 " name variable
    shift 2
    rest=()
    while [ $# -gt 0 ]; do
        [ "$1" != -- ] || { shift; rest=("$@"); return; }
        name="${1#--}"
        case "$1$known" in
            --*" $name! "*) printf -v "${name//-/_}" yes; shift; continue ;;
            --*" $name "*) variable="${name//-/_}" ;;
            --*" $name="*) variable="${known#*" $name="}"; variable="${variable%% *}" ;;
            *) echo "$script: unknown option $1; see its head" >&2; exit 2 ;;
        esac
        [ $# -gt 1 ] || { echo "$script: $1 needs a value" >&2; exit 2; }
        printf -v "$variable" %s "$2"
        shift 2
    done
}
