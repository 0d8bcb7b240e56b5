/* SPDX-License-Identifier: Apache-2.0 */
#include "http/cert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"

/*
 * The certificate of a server that nobody gave one. Key and certificate lie in one file, so that a
 * crash leaves either the old pair or the new one. No state; any thread.
 */

#define PEM_MAX (64u << 10)

static void bio_done(BIO **b)
{
	BIO_free(*b);
}

static void cert_done(X509 **c)
{
	X509_free(*c);
}

static void key_done(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

static nc_code failed(nc_error *err)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());
	nc_code code = nc_err(err, NC_E_INTERNAL, "could not make a certificate: %s",
		why ? why : "out of memory");
	ERR_clear_error();
	return code;
}

/* "DNS:name" or "IP:address", with a comma before it; what could be read as two is refused. */
static nc_code put_name(nc_buf *b, const char *name, nc_error *err)
{
	unsigned char mem[16];
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-*_";
	int is_address = inet_pton(AF_INET, name, mem) == 1 || inet_pton(AF_INET6, name, mem) == 1;
	size_t len = strlen(name);
	if (!is_address && (!len || len > 253 || strspn(name, letters) != len)) {
		nc_err(err, NC_E_INVAL, "\"%.253s\" is neither a host name nor an address", name);
		return nc_err_hint(err, NC_E_INVAL, "write it as node1.example.org or 192.0.2.7");
	}
	nc_buf_printf(b, "%s%s:%s", b->len ? "," : "", is_address ? "IP" : "DNS", name);
	return NC_OK;
}

static int add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	int ok = x && X509_add_ext(cert, x, -1) == 1;
	X509_EXTENSION_free(x);
	return ok;
}

static int set_serial(X509 *cert)
{
	unsigned char random[16];
	if (RAND_bytes(random, sizeof(random)) != 1)
		return 0;
	random[0] = (unsigned char)((random[0] & 0x7f) | 0x40); /* positive, and of full length */
	BIGNUM *n = BN_bin2bn(random, sizeof(random), NULL);
	int ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return ok;
}

/* A common name holds 64 letters; the names themselves are all among the alternatives. */
static int set_subject(X509 *cert, const char *name)
{
	unsigned char text[65];
	X509_NAME *subject = X509_get_subject_name(cert);
	snprintf((char *)text, sizeof(text), "%s", name);
	return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, subject) == 1;
}

static int fill(
	X509 *cert, EVP_PKEY *key, const char *name, const char *names, int64_t now_s, int days)
{
	const struct {
		int nid;
		const char *value;
	} extensions[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, "serverAuth" },
		{ NID_subject_alt_name, names },
		{ NID_subject_key_identifier, "hash" },
	};
	if (X509_set_version(cert, X509_VERSION_3) != 1 || !set_serial(cert) ||
		!ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(now_s - 3600)) ||
		!ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(now_s + days * INT64_C(86400))) ||
		!set_subject(cert, name) || X509_set_pubkey(cert, key) != 1)
		return 0;
	for (size_t i = 0; i < NC_LEN(extensions); i++)
		if (!add_extension(cert, extensions[i].nid, extensions[i].value))
			return 0;
	return X509_sign(cert, key, EVP_sha256()) != 0;
}

static nc_code write_pem(const char *file, EVP_PKEY *key, X509 *cert, nc_error *err)
{
	_cleanup_(bio_done) BIO *pem = BIO_new(BIO_s_secmem());
	char *text;
	if (!pem || PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) != 1 ||
		PEM_write_bio_X509(pem, cert) != 1)
		return failed(err);
	long len = BIO_get_mem_data(pem, &text);
	return nc_file_replace(file, 0600, (nc_bytes){ text, (size_t)len }, err);
}

nc_code nc_cert_make(const char *file, const char *const *names, size_t n_names, int64_t now_s,
	int days, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf all;
	nc_buf_init(&all, PEM_MAX);
	if (!n_names)
		return nc_err(err, NC_E_INVAL, "a certificate needs a name");
	for (size_t i = 0; i < n_names; i++) {
		nc_code code = put_name(&all, names[i], err);
		if (code != NC_OK)
			return code;
	}
	if (nc_buf_failed(&all))
		return nc_err_nomem(err);
	ERR_clear_error();
	_cleanup_(key_done) EVP_PKEY *key = EVP_EC_gen("P-256");
	_cleanup_(cert_done) X509 *cert = X509_new();
	if (!key || !cert || !fill(cert, key, names[0], all.ptr, now_s, days))
		return failed(err);
	return write_pem(file, key, cert, err);
}

int64_t nc_cert_ends_s(const X509 *cert)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;
	if (epoch)
		(void)ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(cert));
	ASN1_TIME_free(epoch);
	return (int64_t)days * 86400 + seconds;
}
