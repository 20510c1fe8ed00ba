# What the examples and the workflow share about generation; to be sourced.

# In each step of a search large tensors are freed and made again. glibc would give their memory back
# to the system every time: of the time of fairseq-generate that was a sixth.
export MALLOC_MMAP_THRESHOLD_=2000000000 MALLOC_TRIM_THRESHOLD_=2000000000

# The LONGER of a settings.sh: an output may have as many tokens as the longest request of its batch
# and LONGER more. That is by how much a training target is longer than its source at most, and 50
# for a payload.
longer_than_source() { # FOLDER of scripts/prepare.py
    awk '/^  "/ { here = /"train"/ } here && /"longest_excess"/ { print 50 + substr($2, 1); found = 1 }
        END { exit !found }' "$1/prepare.json" || {
        echo "$1: prepare.json doesn't tell how long outputs get; an earlier version made it, so" \
            "remove the folder and run again" >&2
        return 2
    }
}

# Passes on what fairseq-generate prints, and says on stderr how far it is.
answered() { # NAME
    awk -v name="$1" '{ print } /^D-/ && ++n % 100 == 0 { tell() } END { if (n % 100) tell() }
        function tell() { print name ": " n " requests answered" > "/dev/stderr" }'
}
