# Reads .ci/coverage-exceptions, then what `llvm-cov show` prints; see .ci/coverage.

function trimmed(text) {
    gsub(/^ +| +$/, "", text)
    return text
}

function share(part, whole) {
    return whole ? sprintf("%6.2f %%", 100 * part / whole) : "       -"
}

function row(name) {
    printf "%-32s %5d %5d %s %5d %5d %s\n", name, lines[name], lines[name] - ran[name], share(ran[name], lines[name]),
        ways[name], ways[name] - taken[name], share(taken[name], ways[name])
}

# The lines that were not run up to here are one gap.
function end_of_gap() {
    if (gap == "") return
    if (gap in reasons) {
        excused[gap] = file ":" first
    } else {
        missing = missing sprintf("%s:%d-%d\n%s", file, first, last, shown)
    }
    gap = shown = ""
}

function count(name, hits, yes) {
    hits[name] += yes
    for (part in is_part) if (index(name, part "/") == 1) hits[part] += yes
}

BEGIN {
    split(parts, listed, " ")
    for (i in listed) is_part[listed[i]] = 1
}

# An exception: the file, the lines after "| ", the reason after "because ".
FILENAME == ARGV[1] && /^core\// { exception = $0; next }
FILENAME == ARGV[1] && /^\| / { exception = exception "\n" trimmed(substr($0, 3)); next }
FILENAME == ARGV[1] && /^because / { reasons[exception] = substr($0, 9); next }
FILENAME == ARGV[1] { next }

/^\/.*:$/ {
    end_of_gap()
    file = substr($0, length(root) + 1, length($0) - length(root) - 1)
    files[++file_count] = file
    in_tests = 0
    line = before = ""
    next
}

# Tests stand last in a file.
/^ *[0-9]+\| +\|#\[cfg\(test\)\]$/ { in_tests = 1 }
in_tests { next }

/^ *[0-9]+\|/ {
    end = index($0, "|")
    number = substr($0, 1, end - 1) + 0
    rest = substr($0, end + 1)
    end = index(rest, "|")
    hits = trimmed(substr(rest, 1, end - 1))
    text = substr(rest, end + 1)
    if (hits == "" || hits != "0") end_of_gap()
    if (length(line) >= 12) before = line
    line = trimmed(text)
    if (hits == "") next
    count(file, lines, 1)
    count(file, ran, hits != "0")
    if (hits != "0") next
    if (gap == "") {
        # A short line is told from others like it by the last long one before it.
        gap = file (length(line) < 12 ? "\n" before : "")
        first = number
    }
    last = number
    gap = gap "\n" line
    shown = shown "    " text "\n"
    next
}

/^  \|  Branch \(/ {
    place = file ":" substr($0, index($0, "(") + 1, index($0, ")") - index($0, "(") - 1)
    if (!(place in branch_file)) { branch_file[place] = file; order[++branch_count] = place }
    if ($0 !~ /True: 0[,\]]/) went[place, "true"] = 1
    if ($0 !~ /False: 0[,\]]/) went[place, "false"] = 1
}

END {
    end_of_gap()
    for (i = 1; i <= branch_count; i++) {
        place = order[i]
        for (j = 1; j <= 2; j++) {
            way = j == 1 ? "true" : "false"
            count(branch_file[place], ways, 1)
            count(branch_file[place], taken, ((place, way) in went))
            if (branches != "" && !((place, way) in went)) one_way = one_way place " is never " way "\n"
        }
    }
    print "                                 lines  none       run  ways  none     taken"
    for (i = 1; i <= file_count; i++) row(files[i])
    for (i = 1; i in listed; i++) row(listed[i])
    printf "%s", one_way
    for (gap in excused) printf "not run: %s, because %s\n", excused[gap], reasons[gap]
    for (gap in reasons) {
        if (gap in excused) continue
        printf "runs, or is gone, and must leave .ci/coverage-exceptions:\n%s\n", gap
        failed = 1
    }
    for (i = 1; i in listed; i++) {
        if (!lines[listed[i]]) {
            printf "nothing is known about the lines of %s: llvm-cov names no file of it\n", listed[i]
            failed = 1
        } else if (100 * ran[listed[i]] < minimum * lines[listed[i]]) {
            printf "fewer than %d %% of the lines of %s run\n", minimum, listed[i]
            failed = 1
        }
    }
    if (missing != "") {
        printf "not run, and without a reason in .ci/coverage-exceptions:\n%s", missing
        failed = 1
    }
    exit failed
}
