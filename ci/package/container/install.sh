#!/bin/sh
# What the image is made of, as root: the package of /tmp/packages with what it depends on, and a plain user. Everything the image is for
# is done as that user.
set -eu
export DEBIAN_FRONTEND=noninteractive
set -- /var/lib/apt/lists/*Packages*
[ -e "$1" ] || apt-get -q update
apt-get -q -y install --no-install-recommends /tmp/packages/iscsirig_*.deb
apt-get clean
rm -rf /tmp/packages /var/lib/apt/lists/*
useradd --create-home --shell /bin/sh iscsirig
mkdir -p /work
chown iscsirig: /work
chmod 755 /usr/local/lib/iscsirig/*.sh
