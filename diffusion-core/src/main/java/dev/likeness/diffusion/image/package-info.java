/**
 * Image types for input and output of the library.
 *
 * <p>{@link RgbImage} is an immutable image with eight bits for each channel. It is read from
 * files, streams, bytes or a {@link java.awt.image.BufferedImage}, and written as PNG. Reading
 * turns the image upright by its {@link ExifOrientation} and applies its colour profile.
 * {@link PillowResampling} resizes images to the same bytes as Pillow, so that networks get the
 * same input as in their reference implementations. {@link ImageFormat} lists the file formats of
 * generated images. {@link DigitalSourceType} lists the IPTC terms for the origin of an image.
 *
 * <pre>{@code
 * RgbImage photo = RgbImage.read(Path.of("selfie.jpg"));
 * int side = Math.min(photo.width(), photo.height());
 * RgbImage square = photo.crop(0, 0, side, side);
 * PillowResampling.LANCZOS.resize(square, 512, 512).writePng(Path.of("square.png"));
 * }</pre>
 */
@NullMarked
package dev.likeness.diffusion.image;

import org.jspecify.annotations.NullMarked;
