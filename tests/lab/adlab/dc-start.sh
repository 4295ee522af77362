# The first process of the domain controller: sh -e dc-start.sh. /run/lab holds its certificates.
install -m 600 /run/lab/dc.crt /run/lab/dc.key /run/lab/ca.crt /etc/samba/
mkdir -p /run/samba /var/log/samba
exec samba --foreground --no-process-group --debug-stdout
