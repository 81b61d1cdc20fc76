# A row for each train.tsv, of pymic-train or of peer.py: columns are found by name.
function row() { printf "%-28s %6d %9.4f %8.4f %8.4f %8.1f\n", name, at, loss, valid, best, seconds }

BEGIN { FS = "\t"; printf "%-28s %6s %9s %8s %8s %8s\n", "run", "iter", "loss", "valid", "best", "seconds" }
FNR == 1 {
	if (name)
		row()
	n = split(FILENAME, part, "/")
	name = part[n - 1]
	best = seconds = 0
	split("", column)
	for (i = 1; i <= NF; i++)
		column[$i] = i
	next
}
$1 == "iter" { next } # a run that was resumed
{
	at = $column["iter"]
	loss = $column["loss"]
	valid = $column["valid"]
	seconds += $column["seconds"]
	if (valid > best)
		best = valid
}
END { if (name) row() }
