package dev.likeness.diffusion.internal.imagefile;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The bytes of a PNG, JPEG or WebP file with the positions of its parts. The pixels are not
 * decoded. Immutable.
 */
public sealed interface ImageFile permits PngFile, JpegFile, WebpFile {
  /**
   * Reads the parts of a file.
   *
   * @param bytes the whole file; not copied, so it must not be changed
   * @return the file; empty if it is not PNG, JPEG or WebP
   * @throws InvalidInputException if it starts like such a file but is damaged
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

  /** Returns true if a file that begins with these bytes is PNG, JPEG or WebP. */
  static boolean isImage(byte[] beginning) {
    return PngFile.isPng(beginning) || WebpFile.isWebp(beginning) || JpegFile.isJpeg(beginning);
  }

  /** Returns the bytes of the file itself; they must not be changed. */
  byte[] bytes();

  /** Returns {@code image/png}, {@code image/jpeg} or {@code image/webp}. */
  String mediaType();

  /**
   * Returns all parts in order, from the first byte to the last. The segments of one manifest are
   * one part.
   */
  List<Part> parts();

  /** Returns the XMP packet. */
  Optional<String> xmp();

  /**
   * Returns the C2PA manifest store, as JUMBF. No bytes at all if its container contradicts itself:
   * a wrong checksum, sequence number or padding, which no hash covers.
   */
  Optional<byte[]> manifest();

  /** Returns this file with an XMP packet, which replaces an existing one. */
  ImageFile withXmp(String packet);

  /** Returns this file with a colour profile. The file must not have one yet. */
  ImageFile withProfile(byte[] icc);

  /** Returns the position at which a manifest is inserted. */
  int manifestOffset();

  /** Returns a manifest store in the container of this format (segments or chunk). */
  byte[] wrapManifest(byte[] manifest);

  /**
   * Returns the bytes of this file with a wrapped manifest inserted at {@link #manifestOffset()}.
   */
  default byte[] insertManifest(byte[] wrapped) {
    return splice(bytes(), manifestOffset(), manifestOffset(), wrapped);
  }

  /**
   * Returns the bytes that the manifest's hash covers: this file as it is around a manifest of
   * {@code manifestLength} bytes.
   */
  default byte[] bytesAroundManifest(int manifestLength) {
    return bytes();
  }

  /** Returns the part that contains the manifest. */
  default Optional<Part> manifestPart() {
    return parts().stream().filter(part -> part.name().equals(Part.MANIFEST)).findFirst();
  }

  /** Returns {@code bytes} with the range from {@code start} to {@code end} replaced. */
  static byte[] splice(byte[] bytes, int start, int end, byte[] between) {
    byte[] out = Arrays.copyOf(bytes, bytes.length - (end - start) + between.length);
    System.arraycopy(between, 0, out, start, between.length);
    System.arraycopy(bytes, end, out, start + between.length, bytes.length - end);
    return out;
  }

  /**
   * A part of an image file, such as a segment or chunk.
   *
   * @param name name in C2PA's box hashes (specification 2.1, A.7 and A.8), such as {@code IHDR},
   *     {@code APP1}, {@code C2PA}
   * @param start position of its first byte
   * @param end position after its last byte
   */
  public record Part(String name, int start, int end) {
    /** The name of a part that contains a manifest. */
    public static final String MANIFEST = "C2PA";

    private static final int MAX_PARTS = 100_000;

    /**
     * Adds this part to a list.
     *
     * @throws InvalidInputException if the list already has 100,000 parts
     */
    void addTo(List<Part> parts) {
      if (parts.size() >= MAX_PARTS) {
        throw new InvalidInputException(
            "the image file has more than " + MAX_PARTS + " parts; export it again");
      }
      parts.add(this);
    }
  }

  /**
   * The place of the XMP packet in a file format: the first part with a given name whose data start
   * with a keyword.
   *
   * @param part name of the part
   * @param prefixLength number of bytes in the part before its data
   * @param suffixLength number of bytes in the part after its data
   * @param keyword the first bytes of the data
   */
  record XmpLocation(String part, int prefixLength, int suffixLength, byte[] keyword) {
    static XmpLocation of(String part, int before, int after, String keyword) {
      return new XmpLocation(part, before, after, keyword.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Returns the XMP packet in {@code file}. */
    Optional<String> read(ImageFile file) {
      int start = prefixLength + keyword.length;
      return find(file)
          .map(found -> new String(
              file.bytes(),
              found.start() + start,
              found.end() - found.start() - start - suffixLength,
              StandardCharsets.UTF_8));
    }

    /** Returns the data of a part that contains {@code packet}. */
    byte[] payload(String packet) {
      byte[] text = packet.getBytes(StandardCharsets.UTF_8);
      byte[] data = Arrays.copyOf(keyword, keyword.length + text.length);
      System.arraycopy(text, 0, data, keyword.length, text.length);
      return data;
    }

    /**
     * Returns the bytes of {@code file} with {@code whole} as its XMP part. It replaces an existing
     * XMP part or is inserted at the manifest's position.
     */
    byte[] replace(ImageFile file, byte[] whole) {
      int at = file.manifestOffset();
      Part old = find(file).orElse(new Part(part, at, at));
      return ImageFile.splice(file.bytes(), old.start(), old.end(), whole);
    }

    private Optional<Part> find(ImageFile file) {
      return file.parts().stream()
          .filter(found -> {
            int data = found.start() + prefixLength;
            return found.name().equals(part)
                && found.end() - suffixLength - data >= keyword.length
                && Arrays.equals(
                    file.bytes(), data, data + keyword.length, keyword, 0, keyword.length);
          })
          .findFirst();
    }
  }
}
