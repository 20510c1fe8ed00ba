# What run.sh and table.sh ask of a data set; to be sourced.

# Prints the settings.sh of a data set.
settings_of() { # SCRIPT NAME
    local here settings
    here="$(dirname "${BASH_SOURCE[0]}")"
    settings="$here/$2/settings.sh"
    if [[ "$2" == -* || -z "$2" ]] || ! grep -qs '^dataset=.* train_on=' "$settings"; then
        echo "$1: name the data set first: $(cd "$here" && grep -l '^dataset=.* train_on=' */settings.sh \
            | sed 's|/settings.sh||' | paste -sd ' ')" >&2
        exit 2
    fi
    echo "$settings"
}

# Ends the script where the files of a data set are not there.
check_data() { # SCRIPT FOLDER NAME
    [ -n "$2" ] || { echo "$1: --data DIR is needed; source scripts/setup_env.sh, and then" \
        "dece prepare --list $3 tells where it comes from" >&2; exit 2; }
    [ -d "$2" ] || { echo "$1: --data $2: no such folder" >&2; exit 2; }
}
