/**
 * Content credentials: C2PA technical specification 2.1.
 *
 * <p>A manifest is a tree of JUMBF boxes (ISO/IEC 19566-5) with CBOR content, signed by COSE (RFC
 * 9052). {@link ManifestWriter} adds a manifest to the bytes of a PNG, JPEG or WebP file;
 * {@link ManifestReader} validates the manifests of a file and returns a {@link ManifestReport}
 * with every check that passed or failed. Applications mostly use
 * {@link dev.likeness.provenance.Disclosure} and {@link dev.likeness.provenance.Provenance}, which
 * use this package.
 *
 * <pre>{@code
 * byte[] file = Files.readAllBytes(Path.of("signed.png"));
 * new ManifestReader(TrustAnchors.NONE, Instant.now())
 *     .read(file)
 *     .ifPresent(report -> System.out.println(report.verdict() + " " + report.faults()));
 * }</pre>
 */
@NullMarked
package dev.likeness.provenance.c2pa;

import org.jspecify.annotations.NullMarked;
