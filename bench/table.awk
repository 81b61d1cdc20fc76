# Medians over rounds of "what precision shape step_ms min_ms", and how often each goes into pymic's f32 and bf16.
BEGIN { FS = "\t" }
$4 + 0 > 0 {
	key = $3 "\t" $1 " " $2
	if (!(key in n))
		order[++keys] = key
	ms[key, ++n[key]] = $4
}

function median(key, i, j, t, m) {
	m = n[key]
	for (i = 2; i <= m; i++)
		for (j = i; j > 1 && ms[key, j] < ms[key, j - 1]; j--) {
			t = ms[key, j]
			ms[key, j] = ms[key, j - 1]
			ms[key, j - 1] = t
		}
	return (ms[key, int((m + 1) / 2)] + ms[key, int(m / 2) + 1]) / 2
}

END {
	printf "%-14s %-14s %9s %10s %10s\n", "shape", "step", "ms", "/ our f32", "/ our bf16"
	for (k = 1; k <= keys; k++) {
		split(order[k], part, "\t")
		t = median(order[k])
		printf "%-14s %-14s %9.1f %10.2f %10.2f\n", part[1], part[2], t, t / median(part[1] "\tpymic f32"),
			t / median(part[1] "\tpymic bf16")
	}
}
