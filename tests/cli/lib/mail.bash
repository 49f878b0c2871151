# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# A mail server of the tests' own: a real Exim that delivers all it takes into one
# directory, one for each file of tests, and nothing of it anywhere but below that file's
# temporary directory. What Exim cannot be made to do, ../fake/smtp.py does.
#
#	load lib/common
#	load lib/mail
#	setup_file() { mail_start; }
#	teardown_file() { mail_stop; }
#	@test "..." {
#		mail_by starttls                # SMTP_SERVER and so on lead to it
#		mail_account 'me' 'pass word'   # what it lets log in, and what we log in with
#		EMAIL_ON_SUCCESS=on run_backup 0 run
#		mails 1                         # exactly one has come
#		[ "$(mail .subject)" = ... ]    # and is valid in every respect
#	}
#
# The recipients refused@... get a 550, later@... a 451.

# shellcheck disable=SC2154 # variables of lib/common.bash and of run

setup() { mail_setup; }
teardown() { mail_teardown; }

mail_fake=$BATS_TEST_DIRNAME/../fake/smtp.py
mail_reader=$BATS_TEST_DIRNAME/lib/mail.py

mail_setup() {
	needs_mail
	common_setup
	mail_reset
	echo 1 >"$src/a"
	# no retries but where a test wants them, no secrets and configuration of this machine
	export SECRETS_DIR=$work/secrets MSMTP_CONFIG=$work/msmtprc MSMTP_LOG=$work/msmtp.log
	export SMTP_TIMEOUT=10s
	fake_mail_pid=
}

mail_teardown() {
	fake_mail_stop
	common_teardown
}

needs_mail() {
	needs_root # Exim gives up root itself, and wants to have been it
	needs msmtp openssl python3 jq
	mail_exim >/dev/null || skip 'needs exim4'
}

# Exim's path; a sendmail of another make does not do.
mail_exim() {
	command -v exim4 || command -v exim || PATH=$PATH:/usr/sbin command -v exim4
}

# mail_start: starts Exim, for setup_file. Exports $mail_dir: inbox/ is for mail(), log/main
# tells of each message, tls/ has ca.pem, which signed good.pem (localhost, 127.0.0.1),
# wrong.pem (another name) and expired.pem, and other-ca.pem, which signed nothing. And the
# ports: $mail_port for plaintext and STARTTLS, $mail_tls_port for implicit TLS.
mail_start() {
	local exim dir attempt
	[ "$(id -u)" -eq 0 ] && exim=$(mail_exim) && command -v msmtp openssl python3 jq >/dev/null ||
		return 0 # the tests skip
	export mail_dir=$BATS_FILE_TMPDIR/mail mail_port mail_tls_port
	mkdir -p "$mail_dir"/{spool,log,inbox,tls,state}
	# bats keeps its directories to itself, and Exim is somebody else
	for dir in "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/file "$BATS_FILE_TMPDIR"; do
		chmod a+x "$dir"
	done
	mail_certificates "$mail_dir/tls" || return
	chmod 777 "$mail_dir"/{spool,log,inbox}
	mail_certificate good
	: >"$mail_dir/log/main"
	chmod 666 "$mail_dir/log/main"
	for attempt in 1 2 3 4 5; do
		read -r mail_port mail_tls_port < <(mail_free_ports)
		mail_configuration >"$mail_dir/exim.conf"
		mail_launch "$exim" && return
		echo "Exim did not start, attempt $attempt" >&2
	done
	cat "$mail_dir/output" "$mail_dir"/log/* >&2
	return 1
}

mail_launch() {
	rm -f "$mail_dir/pid"
	"$1" -C "$mail_dir/exim.conf" -bdf </dev/null >"$mail_dir/output" 2>&1 3>&- &
	echo $! >"$mail_dir/launched"
	local i
	for ((i = 0; i < 200; i++)); do
		! (: <>"/dev/tcp/127.0.0.1/$mail_port" && : <>"/dev/tcp/127.0.0.1/$mail_tls_port") \
			2>/dev/null || return 0
		kill -0 "$(cat "$mail_dir/launched")" 2>/dev/null || return
		sleep 0.05
	done
	kill "$(cat "$mail_dir/launched")"
	return 1
}

# Two ports that nobody listens on.
mail_free_ports() {
	"${PYTHON:-python3}" -S -c 'import socket
a, b = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
print(a.getsockname()[1], b.getsockname()[1])'
}

# mail_stop: for teardown_file. Ends the daemon and what it has started, and no other Exim.
mail_stop() {
	[ -e "${mail_dir-}/launched" ] || return 0
	kill "$(cat "$mail_dir/launched")" 2>/dev/null
	local i pids
	for ((i = 0; i < 100; i++)); do
		pids=$(mail_processes)
		[ -n "$pids" ] || return 0
		sleep 0.05
	done
	# shellcheck disable=SC2086
	kill -KILL $pids
}

# The processes of our Exim: its configuration's path is in all of their command lines.
mail_processes() {
	local file
	for file in /proc/[0-9]*/cmdline; do
		if tr '\0' '\n' <"$file" 2>/dev/null | grep -qxF "$mail_dir/exim.conf"; then
			file=${file%/cmdline}
			echo "${file#/proc/}"
		fi
	done
}

# In state/: user, pass (what may log in), certificate (its name), clear (if it is there,
# logging in is offered without TLS), login (nobody is served without logging in).
mail_configuration() {
	local state=$mail_dir/state
	cat <<END
primary_hostname = mail.test
daemon_smtp_ports = $mail_port : $mail_tls_port
tls_on_connect_ports = $mail_tls_port
local_interfaces = 127.0.0.1
spool_directory = $mail_dir/spool
log_file_path = $mail_dir/log/%s
pid_file_path = $mail_dir/pid
log_selector = +received_recipients
keep_environment =
disable_ipv6
host_lookup =
allow_domain_literals
rfc1413_query_timeout = 0s
recipient_unqualified_hosts = *
smtp_accept_max = 100
smtp_enforce_sync = false
message_size_limit = 0
check_spool_space = 0
check_spool_inodes = 0
never_users =
deliver_drop_privilege
received_header_text =
tls_advertise_hosts = *
tls_certificate = $mail_dir/tls/\${readfile{$state/certificate}{}}.pem
tls_privatekey = $mail_dir/tls/\${readfile{$state/certificate}{}}.key
auth_advertise_hosts = \${if or{{def:tls_in_cipher}{exists{$state/clear}}}{*}{}}
acl_smtp_rcpt = rcpt
acl_smtp_data = data

begin acl
rcpt:
  deny condition = \${if exists{$state/login}}
       !authenticated = *
       message = log in first
  deny local_parts = refused
       message = no such user here
  defer local_parts = later
       message = try again later
  accept
data:
  accept add_header = :at_start:X-Server-TLS: =\$tls_in_cipher
         add_header = :at_start:X-Server-User: =\$authenticated_id

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_set_id = \$auth2
  server_condition = \${if and{{eq{\$auth2}{\${readfile{$state/user}}}}{eq{\$auth3}{\${readfile{$state/pass}}}}}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_set_id = \$auth1
  server_condition = \${if and{{eq{\$auth1}{\${readfile{$state/user}}}}{eq{\$auth2}{\${readfile{$state/pass}}}}}}

begin routers
all:
  driver = accept
  transport = inbox

begin transports
inbox:
  driver = appendfile
  directory = $mail_dir/inbox
  maildir_format
  create_directory
  batch_max = 1000
  return_path_add
  envelope_to_add
END
}

# mail_certificates DIR: a certificate authority and what it signed; another one.
mail_certificates() (
	cd "$1" || exit
	key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
	make() { # make NAME SAN OPTION...
		openssl req "${key[@]}" -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" &&
			openssl ca -batch -notext -config ca.conf -in "$1.csr" -out "$1.pem" \
				-extfile <(echo "subjectAltName=$2") "${@:3}"
	}
	cat >ca.conf <<-END
		[ca]
		default_ca = it
		[it]
		database = ca.index
		serial = ca.serial
		new_certs_dir = .
		certificate = ca.pem
		private_key = ca.key
		default_md = sha256
		default_days = 30
		policy = policy
		[policy]
		commonName = supplied
	END
	: >ca.index
	echo 01 >ca.serial
	{
		openssl req -x509 "${key[@]}" -subj '/CN=tests' -keyout ca.key -out ca.pem &&
			openssl req -x509 "${key[@]}" -subj '/CN=others' -keyout other-ca.key -out other-ca.pem &&
			make good DNS:localhost,IP:127.0.0.1 && make wrong DNS:mail.example.org &&
			make expired DNS:localhost,IP:127.0.0.1 -startdate 20200101000000Z -enddate 20210101000000Z
	} >openssl.log 2>&1 || {
		cat openssl.log >&2
		exit 1
	}
	chmod a+r ./*.key
)

# The server as new, and not a mail in it.
mail_reset() {
	mails_settle || return
	rm -rf "$mail_dir"/inbox/new "$mail_dir"/state/{login,clear}
	mail_certificate good
	mail_account_of_server 'nobody' 'no password'
	mail_taken_before=$(mails_taken)
}

# mail_account_of_server USER PASSWORD: what may log in.
mail_account_of_server() {
	printf %s "$1" >"$mail_dir/state/user"
	printf %s "$2" >"$mail_dir/state/pass"
}

# mail_by off|starttls|implicit: how we reach it.
mail_by() {
	export SMTP_SERVER=localhost SMTP_PORT=$mail_port SMTP_TLS=$1
	export SMTP_CA_FILE=$mail_dir/tls/ca.pem
	[ "$1" != implicit ] || SMTP_PORT=$mail_tls_port
}

# Nobody listens where SMTP_PORT leads.
closed_port() {
	read -r SMTP_PORT _ < <(mail_free_ports)
}

# mail_account USER PASSWORD: the server lets nobody in but those who log in so, and we do.
mail_account() {
	mail_account_of_server "$1" "$2"
	: >"$mail_dir/state/login"
	export SMTP_USER=$1 SMTP_PASS=$2
}

# mail_certificate good|wrong|expired
mail_certificate() {
	printf %s "$1" >"$mail_dir/state/certificate"
}

# mail_log PATTERN: how many lines of Exim's log match.
mail_log() {
	grep -c "$1" "$mail_dir/log/main" || [ $? = 1 ]
}

# How many messages Exim has ever taken.
mails_taken() {
	mail_log ' <= '
}

# Waits until all that was taken is delivered.
mails_settle() {
	local i
	for ((i = 0; i < 500; i++)); do
		[ "$(mails_taken)" != "$(mail_log ' Completed$')" ] || return 0
		sleep 0.02
	done
	echo 'Exim does not deliver:' >&2
	tail -n 20 "$mail_dir"/log/* >&2
	return 1
}

# mails N: so many have come since the test began (to several recipients at once is one).
mails() {
	local taken
	mails_settle || return
	taken=$(($(mails_taken) - mail_taken_before))
	[ "$taken" = "$1" ] || {
		printf '%s mails instead of %s\n' "$taken" "$1"
		tail -n 20 "$mail_dir/log/main"
		return 1
	}
}

# mail_file [N]: the path of the N-th mail, the first one unless told otherwise.
mail_file() {
	local names=("$mail_dir"/inbox/new/*)
	if [ -n "${fake_mail_pid-}" ]; then
		names=("$fake_mail_dir"/messages/*.json)
	fi
	printf '%s\n' "${names[@]}" | sort -V | sed -n "${1:-1}p"
}

# mail JQ [N]: asks the N-th mail; lib/mail.py says what there is. Fails if it is not valid.
mail() {
	local json
	json=$("${PYTHON:-python3}" -S "$mail_reader" "$(mail_file "${2-}")") && jq -r "$1" <<<"$json"
}

# fake_mail SCRIPT: starts a server of ../fake/smtp.py, which tells what that is, and leads
# us to it. Its "tls" is ours, too; it has our certificate and takes any password.
fake_mail() {
	local script i
	fake_mail_stop
	fake_mail_dir=$(mktemp -d "$work/fake-mail.XXXXXX")
	script=$(jq -c --arg tls "$mail_dir/tls/good" \
		'{cert: ($tls + ".pem"), key: ($tls + ".key")} + .' <<<"$1")
	"${PYTHON:-python3}" -S "$mail_fake" "$fake_mail_dir" "$script" >"$fake_mail_dir/output" 2>&1 3>&- &
	fake_mail_pid=$!
	for ((i = 0; i < 200; i++)); do
		if [ -e "$fake_mail_dir/port" ]; then
			SMTP_PORT=$(cat "$fake_mail_dir/port")
			SMTP_TLS=$(jq -r '.tls // "off"' <<<"$script")
			export SMTP_PORT SMTP_TLS SMTP_SERVER=localhost SMTP_CA_FILE=$mail_dir/tls/ca.pem
			return
		fi
		kill -0 "$fake_mail_pid" 2>/dev/null || break
		sleep 0.05
	done
	echo "the fake mail server does not start: $(cat "$fake_mail_dir/output")" >&2
	return 1
}

fake_mail_stop() {
	[ -n "${fake_mail_pid-}" ] || return 0
	kill "$fake_mail_pid" 2>/dev/null
	wait "$fake_mail_pid" 2>/dev/null || :
	fake_mail_pid=
}

# fake_mails N: the fake server has accepted so many.
fake_mails() {
	local names
	names=$(find "$fake_mail_dir/messages" -name '*.json' | wc -l)
	[ "$names" = "$1" ] || {
		printf '%s mails instead of %s\n' "$names" "$1"
		cat "$fake_mail_dir/log.jsonl"
		return 1
	}
}

# fake_mail_log JQ [OPTION...]: asks its log as one list.
fake_mail_log() {
	jq -rs "$@" "$fake_mail_dir/log.jsonl"
}

# is_argument TEXT: a process has it in its command line. Looked up afterwards, for who
# looks has it, too.
is_argument() {
	cat /proc/[0-9]*/cmdline >"$work/arguments" 2>/dev/null || :
	grep -qaF -- "$1" "$work/arguments"
}

# eventually SECONDS COMMAND...
eventually() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
	until "${@:2}"; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return
		sleep 0.2
	done
}

# run_unmailed TEXT...: a run that is mailed in vain. It succeeds, and tells why.
run_unmailed() {
	local before=0
	[ ! -e "$dest" ] || before=$(snapshots | wc -l)
	EMAIL_ON_SUCCESS=on run_backup 0 run
	said 'WARNING: mail was not sent' "$@"
	[ "$(snapshots | wc -l)" = $((before + 1)) ]
	[ "$(readlink "$dest/latest")" = "$(snapshots | tail -n 1)" ]
	tail -n 2 "$dest/.backup/history.jsonl" >"$work/lines"
	jq -es '.[0].exit == 0 and .[0].time == .[1].time and (.[1].mail_error | length > 20)' \
		"$work/lines"
	grep -q 'WARNING: mail was not sent' "$LOG_FILE"
}

# mail_test_fails TEXT...: `backup mail-test` says all of these.
mail_test_fails() {
	run_backup 1 mail-test
	said 'mail was not sent to ' "$@"
	[ "$(grep -c 'mail was not sent' <<<"$output")" = 1 ]
}
