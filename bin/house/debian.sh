#!/usr/bin/env bash
# As root: install Debian packages without leaving a second PostgreSQL or Redis behind on 5432/6379.
# Packages named "postgresql" bring the PostGIS of the same version with them.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
restore=()
tidy() { for step in "${restore[@]:-}"; do [ -z "$step" ] || eval "$step"; done; }
trap tidy EXIT
get() { apt-get -y -q --no-install-recommends -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=120 install "$@"; }

fresh=$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mmin -720 2>/dev/null | head -1)
[ -n "$fresh" ] || apt-get -q -o DPkg::Lock::Timeout=120 update
had_redis=$(command -v redis-server || true)
if [ ! -e /usr/sbin/policy-rc.d ]; then  # services are not started by installing them
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
  restore+=("rm -f /usr/sbin/policy-rc.d")
fi
packages=()
for package in "$@"; do
  packages+=("$package")
  if [ "$package" = postgresql ]; then
    get postgresql-common || { apt-get -q update; get postgresql-common; }
    settings=/etc/postgresql-common/createcluster.conf
    if ! grep -Eq '^create_main_cluster *= *false' "$settings"; then
      cp -p "$settings" "$settings.before-yinling"
      echo 'create_main_cluster = false' >> "$settings"
      restore+=("mv -f $settings.before-yinling $settings")
    fi
    version=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -1)
    packages+=("postgresql-$version-postgis-3")
  fi
done
get "${packages[@]}" || { apt-get -q -o DPkg::Lock::Timeout=120 update; get "${packages[@]}"; }
if [ -z "$had_redis" ] && command -v redis-server >/dev/null; then  # nor started at the next boot
  if [ -d /run/systemd/system ]; then systemctl disable --now redis-server >/dev/null 2>&1 || true
  else update-rc.d redis-server disable >/dev/null 2>&1 || true; fi
fi
