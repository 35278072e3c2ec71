# From the lists: a Markdown table of how full they are. The numbers stand under "metadata", one a line.
BEGIN {
    print "\n### Lists\n"
    print "| resource | entries | limit | addresses | nobody asked for | of those outside of Azure |"
    print "|---|--:|--:|--:|--:|--:|"
}
FNR == 1 { delete fact; told = 0 }
!told && match($0, /^    "[a-z]+": /) {
    key = substr($0, RSTART + 5, RLENGTH - 8)
    value = substr($0, RSTART + RLENGTH)
    gsub(/[",]/, "", value)
    fact[key] = value
}
!told && /^    "cost"/ {
    limit = fact["limit"] == "null" ? "none published" : fact["limit"]
    printf "| %s | %s | %s | %s | %s | %s |\n", fact["resource"], fact["entries"], limit, fact["addresses"], fact["extra"],
        fact["strangers"]
    told = 1
}
