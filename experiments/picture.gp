# gnuplot -c picture.gp TITLE SUMMARY.tsv OUT.png PANEL.png...: bars above, panels in the order of the summary's rows below.
across = 6
panels = ARGC - 3
rows   = (panels + across - 1) / across
top    = 360
side   = 220
high   = top + rows * side
set terminal pngcairo size across * side, high font "sans,11"
set output ARG3
set datafile separator "\t"
set multiplot title ARG1 noenhanced

set style fill solid 0.6
set boxwidth 0.7
set xtics rotate by 30 right noenhanced
set ytics out nomirror
set grid ytics
unset key
set xrange [-0.7:panels - 0.3]
set yrange [0:*]
set size 0.5, (top - 25.0) / high
set origin 0, rows * side * 1.0 / high
set title "Dice"
plot ARG2 every ::1 using 0:3:4:xtic(1) with boxerrorbars lc rgb "#4477aa"
set origin 0.5, rows * side * 1.0 / high
set title "HD95"
plot ARG2 every ::1 using 0:5:6:xtic(1) with boxerrorbars lc rgb "#cc6677"

reset
unset key
unset tics
unset border
set lmargin 1; set rmargin 1; set bmargin 0.5; set tmargin 2
set size 1.0 / across, side * 1.0 / high
do for [i = 1:panels] {
	label = system(sprintf("awk 'NR == %d { print $1 }' %s", i + 1, ARG2))
	set origin ((i - 1) % across) * 1.0 / across, (rows - 1 - (i - 1) / across) * side * 1.0 / high
	set title label noenhanced
	set size ratio -1
	set autoscale fix
	plot ARGV[i + 3] binary filetype=png with rgbimage
}
unset multiplot
