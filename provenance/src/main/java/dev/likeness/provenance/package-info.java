/**
 * Says of an image that it was generated, and checks what an image says.
 *
 * <p>{@link Disclosure} writes images that say so in three ways: XMP, a signed C2PA manifest, and
 * an invisible {@link Watermark}. {@link Provenance} reports what a file carries and whether it was
 * altered. With this module on the class path, {@link Disclosure} also becomes the marking of every
 * image that {@code likeness-headshots} writes; no module depends on this one.
 *
 * <pre>{@code
 * SigningIdentity signer = SigningIdentity.open(Path.of("key.pem"), Path.of("certificate.pem"));
 * RgbImage image = RgbImage.read(Path.of("generated.png"));
 * Disclosure.standard().signedBy(signer).writePng(image, Path.of("signed.png"));
 * System.out.println(Provenance.inspect(Path.of("signed.png")).toJson());
 * }</pre>
 */
package dev.likeness.provenance;
