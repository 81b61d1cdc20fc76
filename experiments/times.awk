# Of each METHOD/SEED/train.tsv: seconds for an iteration.
function row() { if (at) printf "%s\t%d\t%.3f\n", name, at, seconds / at }

BEGIN { FS = OFS = "\t"; print "run", "iter", "seconds/iter" }
FNR == 1 {
	row()
	n = split(FILENAME, part, "/")
	name = part[n - 2] "/" part[n - 1]
	at = seconds = 0
}
$1 == "iter" {
	for (i = 1; i <= NF; i++)
		column[$i] = i
	next
}
{
	at = $column["iter"]
	seconds += $column["seconds"]
}
END { row() }
