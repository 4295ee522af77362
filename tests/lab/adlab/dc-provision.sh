# Makes the domain and its people, in a machine without a network: sh -e dc-provision.sh SETTINGS...
# See dc.py; /run/lab is this folder.
domain=$1 netbios=$2 admin=$3 address=$4
shift 4
realm=$(printf %s "$domain" | tr a-z A-Z)
rm -f /etc/samba/smb.conf
printf '127.0.0.1 localhost\n%s dc1.%s dc1\n' "$address" "$domain" >/etc/hosts
ip address add "$address/32" dev lo # samba looks for it
samba-tool domain provision --realm="$realm" --domain="$netbios" --server-role=dc \
    --dns-backend=SAMBA_INTERNAL --adminpass="$admin" --host-ip="$address" --host-name=dc1 -d0
cat >/etc/samba/smb.conf <<CONF
[global]
  netbios name = DC1
  realm = $realm
  workgroup = $netbios
  server role = active directory domain controller
  server services = rpc, ldap, cldap, kdc, drepl, winbindd, ntp_signd, kcc, dnsupdate, dns
  interfaces = $address/24
  bind interfaces only = yes
  dns forwarder =
  tls enabled = yes
  tls keyfile = /etc/samba/dc.key
  tls certfile = /etc/samba/dc.crt
  tls cafile = /etc/samba/ca.crt
  log level = 1 auth_audit:3
CONF
python3 /run/lab/populate.py "$@"
