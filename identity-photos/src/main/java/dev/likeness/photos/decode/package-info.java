/**
 * Decodes untrusted photo files to upright sRGB images.
 *
 * <p>{@link PhotoDecoder} detects the format from the content, checks {@link DecodeLimits} before
 * it decodes, and applies colour profiles. It returns a {@link DecodedPhoto} with facts about the
 * file for the quality checks. If ImageIO has no reader for HEIC and AVIF, libheif's installed
 * program converts these files, unless {@link DecodeLimits#withoutPrograms()} forbids it. A
 * {@link PhotoConverter} found as a service is tried before the program and adds formats. Raw
 * photos of cameras are refused. An unreadable file throws {@link UnreadablePhotoException} with
 * the reason.
 *
 * <pre>{@code
 * PhotoDecoder decoder = new PhotoDecoder(DecodeLimits.DEFAULT.withMaxLongSide(2048));
 * byte[] file = Files.readAllBytes(Path.of("selfie.jpg"));
 * RgbImage photo = decoder.decode("selfie.jpg", file).image();
 * }</pre>
 */
@NullMarked
package dev.likeness.photos.decode;

import org.jspecify.annotations.NullMarked;
