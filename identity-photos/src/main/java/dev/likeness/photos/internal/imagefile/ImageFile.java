package dev.likeness.photos.internal.imagefile;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.charset.StandardCharsets;
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
  List<Part> parts();

  /** The XMP packet. */
  Optional<String> xmp();

  /** The C2PA manifest store, as JUMBF. */
  Optional<byte[]> manifest();

  /** The same file with an XMP packet instead of the one it has. */
  ImageFile withXmp(String packet);

  /** The same file with a colour profile; it must not have one yet. */
  ImageFile withProfile(byte[] icc);

  /** Where a manifest would be put. */
  int manifestOffset();

  /** A manifest store as this format carries it. */
  byte[] wrapManifest(byte[] manifest);

  /** The same file with something put in at {@link #manifestOffset()}. */
  default byte[] insertManifest(byte[] wrapped) {
    return splice(bytes(), manifestOffset(), manifestOffset(), wrapped);
  }

  /**
   * The bytes around a manifest of {@code manifestLength} bytes that is put in: what its hash is
   * over.
   */
  default byte[] bytesAroundManifest(int manifestLength) {
    return bytes();
  }

  /** The part that holds the manifest. */
  default Optional<Part> manifestPart() {
    return parts().stream().filter(part -> part.name().equals(Part.MANIFEST)).findFirst();
  }

  /** {@code bytes} with {@code start} to {@code end} replaced. */
  static byte[] splice(byte[] bytes, int start, int end, byte[] between) {
    byte[] out = Arrays.copyOf(bytes, bytes.length - (end - start) + between.length);
    System.arraycopy(between, 0, out, start, between.length);
    System.arraycopy(bytes, end, out, start + between.length, bytes.length - end);
    return out;
  }

  /**
   * A stretch of an image file.
   *
   * @param name as C2PA's box hashes call it (specification 2.1, A.7 and A.8): {@code IHDR},
   *     {@code APP1}, {@code C2PA}
   * @param start its first byte
   * @param end the byte after its last one
   */
  public record Part(String name, int start, int end) {
    /** What a part is called that holds a manifest. */
    public static final String MANIFEST = "C2PA";
  }

  /**
   * Where a kind of file keeps its XMP packet: in the first part of a name whose data begin with a
   * keyword.
   *
   * @param part the part's name
   * @param prefixLength bytes of the part before its data
   * @param suffixLength bytes of the part behind its data
   * @param keyword what the data begin with
   */
  record XmpLocation(String part, int prefixLength, int suffixLength, byte[] keyword) {
    static XmpLocation of(String part, int before, int after, String keyword) {
      return new XmpLocation(part, before, after, keyword.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The packet in {@code file}. */
    Optional<String> read(ImageFile file) {
      int start = prefixLength + keyword.length;
      return find(file)
          .map(found -> new String(
              file.bytes(),
              found.start() + start,
              found.end() - found.start() - start - suffixLength,
              StandardCharsets.UTF_8));
    }

    /** The data of a part that holds {@code packet}. */
    byte[] payload(String packet) {
      byte[] text = packet.getBytes(StandardCharsets.UTF_8);
      byte[] data = Arrays.copyOf(keyword, keyword.length + text.length);
      System.arraycopy(text, 0, data, keyword.length, text.length);
      return data;
    }

    /**
     * The bytes of {@code file} with {@code whole}, a part of such data, for the one it has, or
     * else put in.
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
