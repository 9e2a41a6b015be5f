#!/bin/sh
# Makes the test credentials of this folder afresh. Nothing here is or ever was used outside the tests.
# Needs the openssl command line, 3.0 or newer. The digests that core/src/tls/fixtures.rs states must follow.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/ca.cnf" <<'CNF'
[ca]
default_ca = test_only
[test_only]
new_certs_dir = .
database = ./index.txt
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
preserve = yes
[any]
countryName = optional
organizationName = optional
commonName = optional
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[device]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
[req]
distinguished_name = empty
[empty]
CNF

# sign NAME KEY START END SECTION SUBJECT ISSUER_CERT|self
sign() {
    openssl req -new -config "$work/ca.cnf" -key "$2" -subj "$6" -out "$work/$1.csr"
    : > "$work/index.txt"
    if [ "$7" = self ]; then set -- "$@" -selfsign; else set -- "$@" -cert "$work/$7.pem"; fi
    name=$1 start=$3 end=$4 section=$5
    shift 7
    (cd "$work" && openssl ca -batch -notext -config ca.cnf -keyfile "$signer" -startdate "$start" \
        -enddate "$end" -extensions "$section" -in "$name.csr" -out "$name.pem" "$@")
}

rsa_key() { openssl genrsa -traditional -out "$work/$1.key" 2048; }

rsa_key ca; rsa_key client; rsa_key other
signer="$work/ca.key"
sign ca "$work/ca.key" 20200101000000Z 20491231235959Z authority "/C=IT/O=Test only/CN=Test only CA" self
sign client "$work/client.key" 20200101000000Z 20491231235959Z device "/O=Test only/CN=device, 1" ca
sign expired "$work/client.key" 20200101000000Z 20210101000000Z device "/O=Test only/CN=expired device" ca
sign far "$work/client.key" 20200101000000Z 99991231235959Z device "/O=Test only/CN=no end" ca
openssl ecparam -name prime256v1 -genkey -out "$work/ec.key"
openssl pkcs8 -topk8 -nocrypt -in "$work/ec.key" -out ec_pkcs8_key.pem
openssl ec -in "$work/ec.key" -out ec_key.pem
sign ec_client "$work/ec.key" 20200101000000Z 20491231235959Z device "/O=Test only/CN=ec device" ca
signer="$work/other.key"
sign self_signed "$work/other.key" 20200101000000Z 20491231235959Z device "/O=Test only/CN=pinned.test" self

cp "$work/ca.pem" ca.pem
cp "$work/client.pem" client.pem
cp "$work/client.key" client_key.pem
cp "$work/other.key" other_key.pem
cp "$work/expired.pem" expired.pem
cp "$work/far.pem" no_end.pem
cp "$work/ec_client.pem" ec_client.pem
cp "$work/self_signed.pem" self_signed.pem
cp "$work/client.csr" request.pem
openssl pkcs8 -topk8 -nocrypt -in "$work/client.key" -out client_key_pkcs8.pem
openssl pkcs8 -topk8 -passout pass:test-only -in "$work/client.key" -out client_key_encrypted.pem
openssl rsa -traditional -aes128 -passout pass:test-only -in "$work/client.key" \
    -out client_key_encrypted_traditional.pem
sed 's/$/\r/' ca.pem > ca_crlf.pem
openssl x509 -in ca.pem -outform der -out ca.der
openssl rsa -in client_key.pem -pubout -out public_key.pem
{ echo "# Two certificates, with remarks"; openssl x509 -in ca.pem -text; echo "remark between"
  openssl x509 -in client.pem -text; echo "remark at the end"; } > bundle_with_text.pem

openssl x509 -in ca.pem -noout -fingerprint -sha256
openssl md5 client_key.pem
