package PVE::API2;

# A stand-in for the whole tree: what bridge.pl loads when it can.
use strict;
use warnings;

use PVE::API2::AccessControl;

use base 'PVE::API2::StandIn';

__PACKAGE__->register_method({ subclass => 'PVE::API2::AccessControl', path => 'access' });

__PACKAGE__->register_method({
    path => 'version',
    method => 'GET',
    code => sub { return { release => '9.1', version => '9.1.1' } },
});

__PACKAGE__->register_method({
    path => 'nodes/{node}/status',
    method => 'GET',
    proxyto => 'node',
    code => sub { return { node => $_[0]->{node} } },
});

__PACKAGE__->register_method({
    path => 'called/{guest}',
    method => 'PUT',
    proxyto => 'guest',
    proxyto_callback => sub {
        my ($env, $name, $param) = @_;
        return $param->{$name} eq '100' ? 'pve1' : 'pve2';
    },
    code => sub { return 'done' },
});

__PACKAGE__->register_method({
    path => 'somewhere',
    method => 'GET',
    proxyto => 'node',
    code => sub { return 'done' },
});

1;
