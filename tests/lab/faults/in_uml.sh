#!/bin/bash
# Runs a command as root in user-mode Linux (Debian's user-mode-linux and kmod), for a machine whose
# own kernel lacks vfat. It sees this machine's files; /dev/shm and mounts are its own.
#
#     sudo tests/lab/faults/in_uml.sh "$PWD/.venv/bin/python" -m tests.lab.faults.block_cut 100
set -eu
here=$(realpath "$0")
if [ $$ != 1 ]; then
  command_file=$(mktemp -p /var/tmp)
  printf '%q ' "$@" > "$command_file"
  # UML adds words of its own to init's, so the command goes by a file; key=value is its environment.
  exec linux.uml mem=2G rootfstype=hostfs rootflags=/ rw quiet con=null con0=null,fd:1 init="$here" \
    "command_file=$command_file" < /dev/null
fi
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/dev/shm PYTHONPATH=.
cd "$(dirname "$here")/../../.."
mount -t proc proc /proc
mountpoint -q /dev || mount -t devtmpfs dev /dev
mkdir -p /dev/shm
mount -t tmpfs -o size=75% shm /dev/shm
for module in nls_base nls_cp437 nls_ascii nls_iso8859-1 nls_utf8 fat vfat fuse loop; do
  file=$(find "/usr/lib/uml/modules/$(uname -r)" -name "$module.ko")
  [ -z "$file" ] || insmod "$file" || true
done
bash "$command_file" || echo "exit code $?"
rm "$command_file"
sync
poweroff -f
