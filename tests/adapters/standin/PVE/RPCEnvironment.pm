package PVE::RPCEnvironment;

# A stand-in with PVE's names. Its worker is PVE's noisiest one: it writes to our own STDOUT.
use strict;
use warnings;

use POSIX ();

my $env;

sub init {
    my ($class, $type, %params) = @_;
    die "already initialized" if $env;
    die "unknown environment type" if $type !~ m/^(cli|pub|priv|ha)$/;
    return $env = bless { type => $type, %params }, $class;
}

sub get { return $env }

sub init_request {
    my ($self) = @_;
    if (-e "$INC{'PVE/RPCEnvironment.pm'}.dead") {    # pmxcfs does not run
        print STDERR "ipcc_send_rec[$_] failed: Connection refused\n" for 1 .. 3;
        die "Unable to load access control list: Connection refused\n";
    }
    $self->{requests}++;
}

sub set_language { $_[0]->{language} = $_[1] }

sub set_user { $_[0]->{user} = $_[1] }

sub get_user { return $_[0]->{user} // die "user name not set\n" }

sub set_credentials { $_[0]->{credentials} = $_[1] }

sub set_request_host { $_[0]->{request_host} = $_[1] }

sub get_request_host {
    my ($self, $noerr) = @_;
    return $self->{request_host} if defined($self->{request_host}) || $noerr;
    die "no hostname available in current environment\n";
}

sub fork_worker {
    my ($self, $type, $id, $user, $function) = @_;
    my $pid = fork() // die "unable to fork worker - $!";
    return "UPID:pve1:0000304C:000558F1:6B0223B2:$type:$id:$user:" if $pid;
    POSIX::setsid();
    $self->{atfork}->() if $self->{atfork};
    $function->();
    close(STDOUT);
    POSIX::_exit(0);
}

1;
