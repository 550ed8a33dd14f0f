#!/bin/sh
# Two pretended GPIO chips, so that the one with the 40-pin header has to be found by what it is and not by its number.
set -e
modprobe configfs
insmod /srv/pretended_gpio.ko
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
for chip in decoy:pinctrl-other pi:pinctrl-bcm2711; do
  folder=/sys/kernel/config/gpio-sim/${chip%%:*}
  mkdir -p "$folder/bank0"
  echo 58 > "$folder/bank0/num_lines"
  echo "${chip##*:}" > "$folder/bank0/label"
  echo 1 > "$folder/live"
done
