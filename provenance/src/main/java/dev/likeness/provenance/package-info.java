/**
 * Discloses that images were generated, and validates content credentials.
 *
 * <p>{@link Disclosure} writes images with three disclosures: XMP, a signed C2PA manifest, and an
 * invisible {@link Watermark}. {@link Provenance} reads these disclosures from a file and detects
 * alterations. If this module is on the class path, {@code likeness-headshots} writes every image
 * with {@link Disclosure}. The module is optional.
 *
 * <pre>{@code
 * SigningIdentity signer = SigningIdentity.open(Path.of("key.pem"), Path.of("certificate.pem"));
 * RgbImage image = RgbImage.read(Path.of("generated.png"));
 * Disclosure.standard().signer(signer).writePng(image, Path.of("signed.png"));
 * System.out.println(Provenance.inspect(Path.of("signed.png")).toJson());
 * }</pre>
 */
@NullMarked
package dev.likeness.provenance;

import org.jspecify.annotations.NullMarked;
