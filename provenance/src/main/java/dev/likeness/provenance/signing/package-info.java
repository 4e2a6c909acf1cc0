/**
 * Signing: keys, certificates and trust anchors.
 *
 * <p>A {@link SigningIdentity} is a private key with its certificate chain, opened from PEM files.
 * Without a certificate, use {@link SigningIdentity#development()}: its signatures reveal
 * alterations, but prove nothing about the signer. {@link SignatureAlgorithm} lists the algorithms
 * that C2PA allows. {@link TrustAnchors} are the certificates that a verifier trusts.
 *
 * <pre>{@code
 * SigningIdentity signer = SigningIdentity.open(Path.of("key.pem"), Path.of("certificate.pem"));
 * TrustAnchors anchors = TrustAnchors.open(Path.of("anchors.pem"));
 * System.out.println(signer.algorithm() + " trusted: " + anchors.trusts(signer.chain()));
 * }</pre>
 */
@NullMarked
package dev.likeness.provenance.signing;

import org.jspecify.annotations.NullMarked;
