/**
 * From the bytes of an untrusted file to an upright sRGB image.
 *
 * <p>{@link PhotoDecoder} recognises the format by content, checks {@link DecodeLimits} before it
 * decodes, applies colour profiles, and returns a {@link DecodedPhoto} with what quality checks
 * need to know of the file. HEIF is converted by a program of the machine, unless
 * {@link DecodeLimits#withoutPrograms()} forbids it; a {@link PhotoConverter} found as a service
 * adds formats. {@link ExifOrientation} turns photos as their cameras noted. An unreadable file
 * throws {@link UnreadablePhotoException}, which says why.
 *
 * <pre>{@code
 * PhotoDecoder decoder = new PhotoDecoder(DecodeLimits.DEFAULT.withMaxLongSide(2048));
 * byte[] file = Files.readAllBytes(Path.of("selfie.jpg"));
 * RgbImage photo = decoder.decode("selfie.jpg", file).image();
 * }</pre>
 */
package dev.likeness.photos.decode;
