package PVE::API2::AccessControl;

# A stand-in for what is below /access: users in memory, and everything that can go wrong.
use strict;
use warnings;

use PVE::Exception;
use PVE::RPCEnvironment;

use base 'PVE::API2::StandIn';

my $users = { 'root@pam' => { enable => 1 }, "\xdcser\@pve" => { enable => 1 } };

sub user { return $users->{ $_[0] } // die "no such user ('$_[0]')\n" }

my %wrong = (
    nothing => sub { return undef },
    die => sub { die "create group failed: group 'ops' already exists\n" },
    odd => sub { PVE::Exception::raise("odd\n", code => 'E_ODD', errors => 'none') },
    nested => sub { PVE::Exception::raise_param_exc({ comment => "two\nlines" }) },
    crash => sub { kill('KILL', $$); sleep(10) },
    exit => sub { print STDERR "last words\n"; exit(3) },
    hang => sub { sleep(600) },
    hang_in_a_child => sub { system('/bin/sleep', '600') },
    code => sub { return { text => sub { 1 } } },
    long => sub { return 'x' x 500_000 },
    deep => sub { my $deep = []; $deep = [$deep] for 1 .. 100; return $deep },
    bytes => sub { return { latin1 => "\xdc\xff\x00", wide => "\x{20ac}\x{1f600}\x{2028}" } },
    environment => sub { return {%ENV} },
    descriptors => sub { return [map { readlink($_) // () } glob('/proc/self/fd/*')] },
    program => sub { return [split(/\n/, `/bin/ls -l /proc/self/fd`)] },
    umask => sub { return umask },
    me => sub {
        my $env = PVE::RPCEnvironment->get();
        return {
            user => $env->get_user(),
            host => $env->get_request_host(1),
            type => $env->{type},
            pid => $$,
        };
    },
    cluster_log => sub { require PVE::Cluster; no warnings 'once'; return \@PVE::Cluster::log },
    origin => sub { return 'https://' . PVE::RPCEnvironment->get()->get_request_host() },
    # What the output of a worker or a warning may hold: a name from a directory.
    say => sub { print STDOUT $_[0]->{text}; warn $_[0]->{text}; return undef },
    worker => sub {
        my $text = $_[0]->{text};
        return PVE::RPCEnvironment->get()->fork_worker(
            'auth-realm-sync', 'corp', 'root@pam',
            sub {
                print STDOUT $text;
                print { $_ } $text for pipes();
            },
        );
    },
    forge => sub { syswrite($_, $_[0]->{text}) for pipes(); return undef },
    forge_later => sub {
        my $text = $_[0]->{text};
        my $pid = fork();
        return undef if $pid;
        select(undef, undef, undef, 0.05);
        syswrite($_, $text) for pipes();
        POSIX::_exit(0);
    },
);

# Every pipe that this process holds beyond STDERR, opened once more for writing.
sub pipes {
    my @found;
    for my $number (3 .. 30) {
        my $name = readlink("/proc/self/fd/$number") // next;
        next if $name !~ /^pipe:/ || $name eq (readlink('/proc/self/fd/1') // '');
        my $pipe;
        push @found, $pipe if open($pipe, '>&', $number);
    }
    return @found;
}

__PACKAGE__->register_method({
    path => 'users',
    method => 'GET',
    code => sub { return [map { { userid => $_, %{ $users->{$_} } } } sort keys %$users] },
});

__PACKAGE__->register_method({
    path => 'users',
    method => 'POST',
    known => ['userid', 'comment', 'enable', 'password'],
    code => sub {
        my ($param) = @_;
        my $userid = delete $param->{userid};
        die "create user failed: user '$userid' already exists\n" if $users->{$userid};
        $users->{$userid} = {%$param};
        return undef;
    },
});

__PACKAGE__->register_method({
    path => 'users/{userid}',
    method => 'GET',
    code => sub { return { userid => $_[0]->{userid}, %{ user($_[0]->{userid}) } } },
});

__PACKAGE__->register_method({
    path => 'users/{userid}',
    method => 'PUT',
    known => ['userid', 'comment', 'enable'],
    code => sub {
        my ($param) = @_;
        user($param->{userid})->{comment} = $param->{comment};
        return undef;
    },
});

__PACKAGE__->register_method({
    path => 'users/{userid}',
    method => 'DELETE',
    code => sub { delete $users->{ $_[0]->{userid} }; return undef },
});

for my $method (qw(GET PUT)) {
    __PACKAGE__->register_method({
        path => 'wrong/{what}',
        method => $method,
        code => sub { return $wrong{ $_[0]->{what} }->($_[0]) },
    });
}

1;
