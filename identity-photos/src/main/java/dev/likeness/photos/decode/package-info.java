/**
 * Decodes untrusted photo files to upright sRGB images.
 *
 * <p>{@link PhotoDecoder} detects the format from the content, checks {@link DecodeLimits} before
 * it decodes, and applies colour profiles. It returns a {@link DecodedPhoto} with facts about the
 * file for the quality checks. If ImageIO has no reader for HEIC or AVIF, the decoder tries a
 * {@link PhotoConverter} service, then an installed program of libheif.
 * {@link DecodeLimits#withoutPrograms()} forbids the program. A {@link PhotoConverter} can also add
 * JPEG XL. Raw photos of cameras are refused. For an unreadable file, the decoder throws an
 * {@link UnreadablePhotoException} with the reason.
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
