# One new task by the plumbing of git: blob, four trees, commit, ref.
#
# $1  a folder with the record, and with the entries that each tree has besides the new one
# $2  the name of the file;  $3 $4  its two shards;  $5  the ref;  $6  the commit it is at
#
# Only git is started: everything else is built into the shell.
set -e
blob=$(git hash-object -w --stdin <"$1/record")
printf '100644 blob %s\t%s\n' "$blob" "$2" >>"$1/inner"
inner=$(git mktree <"$1/inner")
printf '040000 tree %s\t%s\n' "$inner" "$4" >>"$1/outer"
outer=$(git mktree <"$1/outer")
printf '040000 tree %s\t%s\n' "$outer" "$3" >>"$1/tasks"
tasks=$(git mktree <"$1/tasks")
printf '040000 tree %s\ttasks\n' "$tasks" >>"$1/root"
root=$(git mktree <"$1/root")
commit=$(git commit-tree -p "$6" -m "Add task $2" "$root")
git update-ref --create-reflog -m "Add task $2" "$5" "$commit" "$6"
