# Rows "what, measure, engine, value" of several rounds -> a table of their medians, and how many times better pymic is than
# each engine: less time or memory, or a higher rate. Where "GFLOP" of a thing is known, so is the speed of all its
# engines, and what part of the measured peak that is (for bf16 the higher of the two peaks: its sums may be made in f32).
# Where the "GB" that an engine moves are known, their part of what the measured copies move in the same time is "of copy".
BEGIN { FS = "\t" }
$1 == "machine" && /GFLOP/ { peak[$2] = $4 > peak[$2] ? $4 : peak[$2] }
$1 == "machine" && $2 == "copy GB/s" && $4 + 0 > 0 { copy = $4 > copy ? $4 : copy }
$2 == "GB" { gb[$1, $3] = $4 }
$2 == "GFLOP" { gflop[$1] = $4; next }
{
	group = $1 FS $2
	key = group FS $3
	if (!(group in engines))
		order[++groups] = group
	if (!(key in n))
		engine[group, ++engines[group]] = $3
	v[key, ++n[key]] = $4
}

function is_number(x) { return x ~ /^-?[0-9.]+(e-?[0-9]+)?$/ }

# Numbers in order; a word among them (why it was not run) counts for all.
function median(key, i, j, t, m) {
	m = n[key]
	for (i = 1; i <= m; i++)
		if (!is_number(v[key, i]))
			return v[key, i]
	for (i = 2; i <= m; i++)
		for (j = i; j > 1 && v[key, j] + 0 < v[key, j - 1] + 0; j--) {
			t = v[key, j]
			v[key, j] = v[key, j - 1]
			v[key, j - 1] = t
		}
	return (v[key, int((m + 1) / 2)] + v[key, int(m / 2) + 1]) / 2
}

function number(x) { return x >= 100 ? sprintf("%.0f", x) : sprintf("%.3g", x) }

# How many times better ours is; a blank where there is none or it was not run.
function better(group, name, x, ours) {
	if (!((group FS name) in n))
		return ""
	ours = median(group FS name)
	if (ours + 0 <= 0 || x + 0 <= 0)
		return ""
	return sprintf("%.2f", group ~ /\/s$/ ? ours / x : x / ours)
}

END {
	print "| what | measure | engine | median | lowest..highest | pymic f32 is better | pymic bf16 | GFLOP/s | of peak | of copy |"
	print "|---|---|---|--:|--:|--:|--:|--:|--:|--:|"
	for (g = 1; g <= groups; g++) {
		group = order[g]
		split(group, part, FS)
		for (i = 1; i <= engines[group]; i++) {
			name = engine[group, i]
			key = group FS name
			x = median(key)
			speed = share = moved = ""
			if (!is_number(x)) {
				printf "| %s | %s | %s | %s | | | | | | |\n", part[1], part[2], name, x
				continue
			}
			if (part[2] == "ms" && part[1] in gflop) {
				speed = 1000 * gflop[part[1]] / x
				top = peak["f32 GFLOP/s"]
				if (name ~ /bf16|compile/ && peak["bf16 GFLOP/s"] > top)
					top = peak["bf16 GFLOP/s"]
				share = top ? sprintf("%.0f %%", 100 * speed / top) : ""
			}
			if (part[2] == "ms" && copy && (part[1], name) in gb)
				moved = sprintf("%.0f %%", 100 * gb[part[1], name] / (x / 1000) / copy)
			ours = (group FS "pymic") in n ? "pymic" : "pymic f32"
			printf "| %s | %s | %s | %s | %s..%s | %s | %s | %s | %s | %s |\n", part[1], part[2], name, number(x),
				number(v[key, 1]), number(v[key, n[key]]), better(group, ours, x), better(group, "pymic bf16", x),
				speed == "" ? "" : number(speed), share, moved
		}
	}
}
