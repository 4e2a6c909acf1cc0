package dev.likeness.photos.internal.imagefile;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Where a kind of file keeps its XMP packet: in the first part of a name whose data begin with a
 * keyword.
 *
 * @param part the part's name
 * @param before bytes of the part before its data
 * @param after bytes of the part behind its data
 * @param keyword what the data begin with
 */
record XmpPlace(String part, int before, int after, byte[] keyword) {
  static XmpPlace of(String part, int before, int after, String keyword) {
    return new XmpPlace(part, before, after, keyword.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The packet in {@code file}. */
  Optional<String> read(ImageFile file) {
    int start = before + keyword.length;
    return find(file)
        .map(found -> new String(
            file.bytes(),
            found.start() + start,
            found.end() - found.start() - start - after,
            StandardCharsets.UTF_8));
  }

  /** The data of a part that holds {@code packet}. */
  byte[] data(String packet) {
    byte[] text = packet.getBytes(StandardCharsets.UTF_8);
    byte[] data = Arrays.copyOf(keyword, keyword.length + text.length);
    System.arraycopy(text, 0, data, keyword.length, text.length);
    return data;
  }

  /**
   * The bytes of {@code file} with {@code whole}, a part of such data, for the one it has, or else
   * put in.
   */
  byte[] replaced(ImageFile file, byte[] whole) {
    int at = file.manifestStart();
    FilePart old = find(file).orElse(new FilePart(part, at, at));
    return ImageFile.spliced(file.bytes(), old.start(), old.end(), whole);
  }

  private Optional<FilePart> find(ImageFile file) {
    return file.parts().stream()
        .filter(found -> {
          int data = found.start() + before;
          return found.name().equals(part)
              && found.end() - after - data >= keyword.length
              && Arrays.equals(
                  file.bytes(), data, data + keyword.length, keyword, 0, keyword.length);
        })
        .findFirst();
  }
}
