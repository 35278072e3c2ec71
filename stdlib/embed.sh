#!/bin/sh
# Prints a C file that holds every .mlp and .tsv file below the directory $1, in the order of their paths, with
# the two functions of lang/lang.h that hand them out. Bytes depend on the files alone.
set -eu
LC_ALL=C
export LC_ALL
cd "$1"

echo '/* Made by stdlib/embed.sh: the standard library. */'
echo '#include "lang/lang.h"'
echo '#include <string.h>'
files=$(find . -type f \( -name '*.mlp' -o -name '*.tsv' \) | sed 's|^\./||' | sort)
n=0
for file in $files; do
    echo "static const char file_${n}[] = {"
    od -An -v -tu1 "$file" | sed 's/  */,/g; s/^,//; s/$/,/'
    echo '0};'
    n=$((n + 1))
done
echo 'static const struct { const char *path, *text; size_t length; } files[] = {'
n=0
for file in $files; do
    echo "    {\"$file\", file_$n, sizeof file_$n - 1},"
    n=$((n + 1))
done
cat <<'TEXT'
};

const char *mln_stdlib_get(const char *path, size_t *length)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(files[i].path, path) == 0) {
            *length = files[i].length;
            return files[i].text;
        }
    return NULL;
}

const char *mln_stdlib_path(size_t index)
{
    return index < sizeof files / sizeof *files ? files[index].path : NULL;
}
TEXT
