"""Real servers to test realms against: Samba's Active Directory, OpenLDAP, an OpenID provider.

Everything lives in namespaces and dies with the processes in them, also when the tests are killed:
no interface, mount, rule or server is left. Needs root, and Debian packages (`.ci/run` names them).
Nothing of this system's /etc changes. The network is a bridge in a namespace, with no way out.

| module | is |
|---|---|
| names | addresses, names, accounts and passwords: data that needs no server |
| safety | what nothing in the lab may do: set the clock, load modules |
| places | network namespaces on one bridge, and what is dropped or refused between them |
| inside | a function of this process that runs in such a place |
| trees | Debian root trees, built once below the cache |
| machines | a tree that runs: its own root, processes, name and network |
| pki | certificates of every kind, made anew for each lab |
| dc, slapds, idp, oddities | the servers |
| lab | all of them together |
"""
