# Cells of a plan, and their report; to be sourced, where $here and $root are set and $rest has
# options of snakemake.

cells() { # PLAN AXIS=VALUES...; what is not named is as in the plan
    # Not --until: where there is a report, that finds nothing to do.
    snakemake cells ${rest[@]+"${rest[@]}"} -s "$here/Snakefile" --cores "${CORES:-2}" \
        --rerun-incomplete --configfile "$here/plans/$1.yaml" --config "${@:2}"
}

report() { # PLAN; nothing where --dry-run is among the options
    case " ${rest[*]-} " in
        *" --dry-run "*) ;;
        *) PYTHONPATH="$root" python -m dece_fairseq report "runs/$1" ;;
    esac
}
