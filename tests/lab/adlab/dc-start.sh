# The first process of the domain controller: sh -e dc-start.sh. /run/lab holds its certificates.
install -m 600 /run/lab/dc.crt /run/lab/dc.key /run/lab/ca.crt /etc/samba/
if [ -s /run/lab/ahead ]; then # seconds that its clock is ahead, for its own processes alone
    LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1)
    FAKETIME=$(cat /run/lab/ahead)
    FAKETIME_DONT_FAKE_MONOTONIC=1
    export LD_PRELOAD FAKETIME FAKETIME_DONT_FAKE_MONOTONIC
fi
mkdir -p /run/samba /var/log/samba
exec samba --foreground --no-process-group --debug-stdout
