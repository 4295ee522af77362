# PVE's own API modules, loaded once and asked over private descriptors: the far end of bridge.py.
#
#   perl -T - ASK ANSWER LIFE < bridge.pl      (three numbers of inherited pipes)
#
# A question is one line of JSON with an "id" that only bridge.py knows:
#   {"id":ID,"op":"hello"} | {"id":ID,"op":"mint"} | {"id":ID,"op":"log","text":"one line"}
#   {"id":ID,"op":"call","method":"GET","path":"/access/users","params":{},"host":"pve1:8006"}
# The answer is one line of ASCII with the same "id" and one of
#   "data"                        PVE's own answer, null included
#   "code", "message", "errors"   PVE refused, in its own words
#   "refused"                     we did nothing, on purpose
#   "unready"                     we did nothing, for PVE's modules or pmxcfs are not there
# Nothing else is ever read or written there. What PVE prints goes to STDOUT and STDERR, which are
# a log and no answer: a name from a directory cannot speak for us (R3).
#
# The environment is pvedaemon's ('priv'), not a command's ('cli'): a worker (realm sync) then runs
# for itself, with STDOUT on its task log, and the answer is its UPID, as over HTTPS.
use strict;
use warnings;

use Fcntl qw(F_GETFL F_SETFL F_SETFD F_SETOWN FD_CLOEXEC O_ASYNC);
use POSIX ();

$ENV{PATH} = '/sbin:/bin:/usr/sbin:/usr/bin';
delete @ENV{qw(IFS CDPATH ENV BASH_ENV)};

my $ROOT = 'root@pam';    # the only one we ask as: handle() checks no privileges (R5b)
my %KEYS = map { $_ => 1 } qw(id op method path params host text);
my $DEPTH = 64;           # of JSON, either way (R12)

open(STDIN, '<', '/dev/null') or die "no /dev/null: $!\n";    # it was this very text
$| = 1;

die "three descriptors are needed\n" if @ARGV != 3;
my $ask = inherited('<&=', $ARGV[0]);
my $answer = inherited('>&=', $ARGV[1]);
my $life = inherited('<&=', $ARGV[2]);
live_with_our_parent($life);
$0 = 'pve-auth-tui: bridge to PVE';

my $json = eval { require JSON; 'JSON' } // do { require JSON::PP; 'JSON::PP' };
my $reader = $json->new->utf8->max_depth($DEPTH);
my $writer = $json->new->ascii->allow_nonref->allow_blessed->convert_blessed->max_depth($DEPTH);

my $env;      # PVE::RPCEnvironment, once it is loaded
my $tree;     # the class that knows the paths
my $below;    # where that class is at home: '' or '/access'
my $missing;  # why it is not the whole tree

my %ops = (hello => \&hello, mint => \&mint, log => \&log_message, call => \&call);

while (defined(my $line = readline($ask))) {
    last if $line !~ /\n\z/;
    my $question = eval { $reader->decode($line) };
    last if ref($question) ne 'HASH' || ($question->{id} // '') !~ /^[0-9a-f]{32}\z/;
    say_it($question->{id}, answered($question));
}

# An inherited pipe by its number; nothing that we start gets it, too.
sub inherited {
    my ($how, $named) = @_;
    my ($number) = $named =~ /^([0-9]{1,6})\z/ or die "not a descriptor\n";
    open(my $handle, $how, $number) or die "descriptor $number: $!\n";
    fcntl($handle, F_SETFD, FD_CLOEXEC) or die "descriptor $number: $!\n";
    return $handle;
}

# The other end of LIFE is open as long as bridge.py's process lives, and never written to. The
# kernel itself kills our process group when it closes, whatever we are doing then. (A parent-death
# signal would also come when only the *thread* ends that started us, see prctl(2).)
sub live_with_our_parent {
    my ($pipe) = @_;
    my ($F_SETSIG, $SIGKILL) = (10, 9);    # asm-generic/fcntl.h; Fcntl has no name for the first
    fcntl($pipe, F_SETOWN, -getpgrp()) or die "owner: $!\n";
    fcntl($pipe, $F_SETSIG, $SIGKILL) or die "signal: $!\n";
    fcntl($pipe, F_SETFL, fcntl($pipe, F_GETFL, 0) | O_ASYNC) or die "async: $!\n";
    my $ready = '';
    vec($ready, fileno($pipe), 1) = 1;
    exit(0) if select($ready, undef, undef, 0);    # it closed before we asked for the signal
}

sub say_it {
    my ($id, $found) = @_;
    my $line = eval { $writer->encode({ %$found, id => $id }) }
        // $writer->encode({ id => $id, code => 500, message => "answer is no JSON: $@" });
    $line .= "\n";
    while (length($line)) {
        my $count = syswrite($answer, $line);
        if (defined($count)) {
            substr($line, 0, $count, '');
        } elsif (!$!{EINTR}) {
            die "cannot answer: $!\n";
        }
    }
}

sub answered {
    my ($question) = @_;
    my @unknown = grep { !$KEYS{$_} } sort keys %$question;
    return { refused => "unknown key '$unknown[0]' in the question" } if @unknown;
    my $op = $ops{ $question->{op} // '' } or return { refused => 'unknown question' };
    my $not_ready = ready();
    return { unready => $not_ready } if defined($not_ready);
    my $found = eval { $op->($question) } // in_its_own_words($@);
    $env->set_user(undef);
    $env->set_request_host(undef);
    $env->set_credentials(undef);
    return $found;
}

# Load what is not loaded yet and begin a request as root@pam; the reason if that cannot be.
sub ready {
    eval {
        load() if !$env;
        $env->init_request();    # reads user.cfg anew if it has changed
        $env->set_user($ROOT);
    };
    return $@ ? "$@" : undef;
}

sub load {
    require PVE::RPCEnvironment;
    require PVE::AccessControl;
    require PVE::Exception;
    require PVE::INotify;
    if (eval { require PVE::API2; 1 }) {
        ($tree, $below) = ('PVE::API2', '');
    } else {
        $missing = "$@";
        require PVE::API2::AccessControl;
        ($tree, $below) = ('PVE::API2::AccessControl', '/access');
    }
    PVE::INotify::inotify_init();
    # A worker is a copy of us: it must not hold what could answer for us.
    my $alone = sub { close($_) for ($ask, $answer, $life) };
    my $new = PVE::RPCEnvironment->init('priv', atfork => $alone);
    $new->set_language('C');
    $env = $new;
}

sub hello {
    return {
        data => {
            whole => $below eq '' ? 1 : 0,
            missing => $missing // '',
            release => eval { require PVE::pvecfg; PVE::pvecfg::version_text() } // '',
            perl => sprintf('%vd', $^V),
            taint => ${^TAINT},
            json => $json->can('backend') ? '' . $json->backend : $json,
        },
    };
}

# A ticket without a password, for a login over HTTPS as root@pam (reference 9.4).
sub mint {
    return {
        data => {
            ticket => PVE::AccessControl::assemble_ticket($ROOT),
            csrf => PVE::AccessControl::assemble_csrf_prevention_token($ROOT),
        },
    };
}

# One line for the log that every node shows. PVE::Cluster sends it to syslog, too, under the name
# that was given there last; when pmxcfs does not take it, syslog alone says so.
sub log_message {
    my ($question) = @_;
    my $text = $question->{text} // '';
    die "not one line of text\n" if $text !~ /^[^\p{Cc}\x{2028}\x{2029}]+\z/;
    require PVE::Cluster;
    require PVE::SafeSyslog;
    PVE::SafeSyslog::initlog('pve-auth-tui', 'authpriv');
    PVE::Cluster::log_msg('info', $ROOT, $text);
    return { data => undef };
}

# One API call, in the order in which PVE's own HTTP server does it (PVE::HTTPServer).
sub call {
    my ($question) = @_;
    my ($method, $path, $params) = @$question{qw(method path params)};
    my ($class, $info, $all) = found($method, $path);
    return { code => 501, message => not_there($method, $path) } if !$info;

    for my $name (sort keys %$params) {
        PVE::Exception::raise_param_exc({
            $name => 'duplicate parameter (already defined in URI) with conflicting values!',
        }) if defined($all->{$name}) && $all->{$name} ne $params->{$name};
        $all->{$name} = $params->{$name};
    }

    my $node = node_of($info, $all);
    return { refused => "this is done on node '$node', not here" }
        if $node ne 'localhost' && $node ne PVE::INotify::nodename();

    # Without it WebAuthn ends with "failed to figure out origin" when no origin is configured.
    $env->set_request_host($question->{host}) if length($question->{host} // '');
    die "not as $ROOT\n" if $env->get_user() ne $ROOT;
    return { data => $class->handle($info, $all) };
}

# (class, what it knows of the method, parameters in the path); nothing if there is no such path.
sub found {
    my ($method, $path) = @_;
    return if $path =~ /[\x00-\x1f\x7f]/;    # PVE's `$` would overlook a newline at the end
    return if $path !~ s/^\Q$below\E(?=\/|\z)//;
    my $in_path = {};
    my ($class, $info) = $tree->find_handler($method, $path, $in_path);
    return ($class, $info, $in_path);
}

sub not_there {
    my ($method, $path) = @_;
    return "Method '$method $path' not implemented" if $path =~ /^\Q$below\E(?:\/|\z)/;
    return "Method '$method $path' not loaded: only what is below $below could be";
}

# The node that a call is for (PVE::API2Tools::resolve_proxyto); we pass nothing on to another.
sub node_of {
    my ($info, $all) = @_;
    my ($callback, $name) = @$info{qw(proxyto_callback proxyto)};
    if ($callback) {
        my $node = $callback->($env, $name, $all);
        return $node || die "internal error - proxyto_callback returned nothing\n";
    }
    return 'localhost' if !$name;
    my $node = $all->{$name};
    PVE::Exception::raise_param_exc({ $name => 'proxyto parameter does not exist' }) if !$node;
    return $node;
}

sub in_its_own_words {
    my ($error) = @_;
    return { code => 500, message => "$error" } if ref($error) ne 'PVE::Exception';
    my $errors = ref($error->{errors}) eq 'HASH' ? $error->{errors} : {};
    return {
        code => $error->{code} || 500,
        message => "$error->{msg}",
        errors => { map { $_ => "$errors->{$_}" } keys %$errors },
    };
}
