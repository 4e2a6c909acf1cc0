package dev.likeness.photos.internal.imagefile;

/**
 * A stretch of a picture file.
 *
 * @param name as C2PA's box hashes call it (specification 2.1, A.7 and A.8): {@code IHDR},
 *     {@code APP1}, {@code C2PA}
 * @param start its first byte
 * @param end the byte after its last one
 */
public record FilePart(String name, int start, int end) {
  /** What a part is called that holds a manifest. */
  public static final String MANIFEST = "C2PA";
}
