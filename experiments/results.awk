# A row per run: the means that pymic-eval wrote of METHOD/SEED/FILE. Means over the structures come first.
BEGIN { FS = OFS = "," }
FNR == 1 {
	n = split(FILENAME, part, "/")
	if (NR == 1) {
		columns = 0
		for (pass = 0; pass < 2; pass++)
			for (i = 3; i <= NF; i++)
				if (pass == ($i !~ /^mean_/))
					column[++columns] = i
		line = "method,seed"
		for (i = 1; i <= columns; i++)
			line = line OFS $column[i]
		print line
	}
}
$1 == "mean" {
	line = part[n - 2] OFS part[n - 1]
	for (i = 1; i <= columns; i++)
		line = line OFS $column[i]
	print line
}
