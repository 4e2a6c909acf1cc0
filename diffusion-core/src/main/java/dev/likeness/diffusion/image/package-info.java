/**
 * Images as they enter and leave the library.
 *
 * <p>{@link RgbImage} is an immutable image of eight bits a channel, read from files, bytes or a
 * {@link java.awt.image.BufferedImage} and written as PNG. {@link Lanczos} and
 * {@link PillowResampling} resize as Pillow does, to the bit, so that images that a network sees
 * equal those of the reference. {@link ImageFormat} names the formats that generated images are
 * written in, {@link DigitalSourceType} the IPTC terms that say how an image was made.
 *
 * <pre>{@code
 * RgbImage photo = RgbImage.read(Path.of("selfie.jpg"));
 * int side = Math.min(photo.width(), photo.height());
 * RgbImage square = photo.crop(0, 0, side, side);
 * Lanczos.resize(square, 512, 512).writePng(Path.of("square.png"));
 * }</pre>
 */
package dev.likeness.diffusion.image;
