# Of results.csv, for each method: seeds, mean and standard deviation over them of Dice and of HD95, columns 3 and 4.
BEGIN { FS = ","; OFS = "\t"; print "method", "seeds", "dice", "sd", "hd95", "sd" }
NR > 1 {
	if (!($1 in n))
		name[++names] = $1
	n[$1]++
	dice[$1, n[$1]] = $3
	hd95[$1, n[$1]] = $4
}

function spread(v, m,   i, mean, ss) {
	for (i = 1; i <= n[m]; i++)
		mean += v[m, i] / n[m]
	for (i = 1; i <= n[m]; i++)
		ss += (v[m, i] - mean) ^ 2
	return sprintf("%.4f\t%.4f", mean, n[m] > 1 ? sqrt(ss / (n[m] - 1)) : 0)
}

END {
	for (i = 1; i <= names; i++)
		print name[i], n[name[i]], spread(dice, name[i]), spread(hd95, name[i])
}
