package dev.likeness.photos.internal.imagefile;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The bytes of a PNG, JPEG or WebP file and what lies where in them; the pixels are not decoded.
 * Immutable.
 */
public sealed interface ImageFile permits PngFile, JpegFile, WebpFile {
  /**
   * The file in {@code bytes}, which must not be changed afterwards; empty when it is none of
   * these.
   *
   * @throws InvalidInputException when it begins like one and is broken
   */
  static Optional<ImageFile> of(byte[] bytes) {
    if (PngFile.isPng(bytes)) {
      return Optional.of(PngFile.of(bytes));
    }
    if (WebpFile.isWebp(bytes)) {
      return Optional.of(WebpFile.of(bytes));
    }
    return JpegFile.isJpeg(bytes) ? Optional.of(JpegFile.of(bytes)) : Optional.empty();
  }

  /** The file itself; not to be changed. */
  byte[] bytes();

  /** {@code image/png}, {@code image/jpeg} or {@code image/webp}. */
  String mediaType();

  /** All parts in order, from the first byte to the last; the parts of one manifest are one. */
  List<FilePart> parts();

  /** The XMP packet. */
  Optional<String> xmp();

  /** The C2PA manifest store, as JUMBF. */
  Optional<byte[]> manifest();

  /** The same file with an XMP packet instead of the one it has. */
  ImageFile withXmp(String packet);

  /** The same file with a colour profile; it must not have one yet. */
  ImageFile withProfile(byte[] icc);

  /** Where a manifest would be put. */
  int manifestStart();

  /** A manifest store as this format carries it. */
  byte[] wrapped(byte[] manifest);

  /** The same file with something put in at {@link #manifestStart()}. */
  default byte[] with(byte[] wrapped) {
    return spliced(bytes(), manifestStart(), manifestStart(), wrapped);
  }

  /**
   * The bytes around a manifest of {@code manifestLength} bytes that is put in: what its hash is
   * over.
   */
  default byte[] around(int manifestLength) {
    return bytes();
  }

  /** The part that holds the manifest. */
  default Optional<FilePart> manifestPart() {
    return parts().stream()
        .filter(part -> part.name().equals(FilePart.MANIFEST))
        .findFirst();
  }

  /** {@code bytes} with {@code start} to {@code end} replaced. */
  static byte[] spliced(byte[] bytes, int start, int end, byte[] between) {
    byte[] out = Arrays.copyOf(bytes, bytes.length - (end - start) + between.length);
    System.arraycopy(between, 0, out, start, between.length);
    System.arraycopy(bytes, end, out, start + between.length, bytes.length - end);
    return out;
  }
}
