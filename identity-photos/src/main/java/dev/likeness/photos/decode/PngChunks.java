package dev.likeness.photos.decode;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.InflaterInputStream;

/**
 * Reads the colour profile (iCCP) and the orientation (eXIf, ImageMagick's raw profile, XMP) of a
 * PNG file (PNG 3rd edition, 5 and 11.3). Inflation is limited, so a small file cannot use much
 * memory.
 */
final class PngChunks {
  private static final int MAX_INFLATED_BYTES = 4 << 20;
  private static final Pattern XMP_ORIENTATION =
      Pattern.compile("tiff:Orientation(?:=[\"']|>)\\s*([1-8])");

  private final byte[] file;

  PngChunks(byte[] file) {
    this.file = file;
  }

  /** Returns the embedded ICC profile, inflated. */
  Optional<byte[]> iccProfile() {
    return chunk("iCCP", "").flatMap(data -> inflate(data, indexOfZero(data, 0) + 2));
  }

  /**
   * Returns the EXIF orientation value, 1 to 8, from the first place that has one; 1 if there is
   * none.
   */
  int orientation() {
    return chunk("eXIf", "")
        .map(ExifOrientation.ExifOrientationReader::fromTiff)
        .or(() -> rawProfile("exif")
            .or(() -> rawProfile("APP1"))
            .map(ExifOrientation.ExifOrientationReader::fromTiff))
        .or(() -> text("XML:com.adobe.xmp").flatMap(PngChunks::xmpOrientation))
        .orElse(1);
  }

  // ImageMagick writes a line feed, the name, the length and the bytes in hex.
  private Optional<byte[]> rawProfile(String name) {
    return text("Raw profile type " + name).flatMap(text -> {
      String[] parts = text.strip().split("\\s+", 3);
      String hex = parts.length < 3 ? "" : parts[2].replaceAll("\\s", "");
      return hex.isEmpty() || hex.length() % 2 > 0 || !hex.matches("[0-9a-fA-F]+")
          ? Optional.empty()
          : Optional.of(withoutExifHeader(HexFormat.of().parseHex(hex)));
    });
  }

  private static byte[] withoutExifHeader(byte[] data) {
    boolean marked =
        data.length > 6 && data[0] == 'E' && data[1] == 'x' && data[2] == 'i' && data[3] == 'f';
    return marked ? Arrays.copyOfRange(data, 6, data.length) : data;
  }

  private Optional<String> text(String keyword) {
    Optional<byte[]> plain = chunk("tEXt", keyword)
        .map(d -> Arrays.copyOfRange(d, Math.min(d.length, indexOfZero(d, 0) + 1), d.length));
    Optional<byte[]> packed =
        plain.or(() -> chunk("zTXt", keyword).flatMap(d -> inflate(d, indexOfZero(d, 0) + 2)));
    return packed
        .or(() -> chunk("iTXt", keyword).flatMap(PngChunks::internationalText))
        .map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  private static Optional<byte[]> internationalText(byte[] data) {
    int flag = indexOfZero(data, 0) + 1;
    int start = indexOfZero(data, indexOfZero(data, flag + 2) + 1) + 1;
    if (start >= data.length) {
      return Optional.empty();
    }
    return data[flag] == 0
        ? Optional.of(Arrays.copyOfRange(data, start, data.length))
        : inflate(data, start);
  }

  private static Optional<Integer> xmpOrientation(String packet) {
    Matcher found = XMP_ORIENTATION.matcher(packet);
    return found.find() ? Optional.of(Integer.parseInt(found.group(1))) : Optional.empty();
  }

  private Optional<byte[]> chunk(String type, String keyword) {
    ByteBuffer in = ByteBuffer.wrap(file);
    for (int at = 8; at + 12 <= file.length; ) {
      int length = in.getInt(at);
      if (length < 0 || length > file.length - at - 12) {
        return Optional.empty();
      }
      String word =
          new String(file, at + 8, Math.min(length, keyword.length()), StandardCharsets.ISO_8859_1);
      if (type.equals(new String(file, at + 4, 4, StandardCharsets.ISO_8859_1))
          && word.equals(keyword)) {
        return Optional.of(Arrays.copyOfRange(file, at + 8, at + 8 + length));
      }
      at += length + 12;
    }
    return Optional.empty();
  }

  private static int indexOfZero(byte[] data, int from) {
    int at = Math.max(0, from);
    while (at < data.length && data[at] != 0) {
      at++;
    }
    return at;
  }

  private static Optional<byte[]> inflate(byte[] data, int from) {
    if (from >= data.length) {
      return Optional.empty();
    }
    try (InflaterInputStream in =
        new InflaterInputStream(new ByteArrayInputStream(data, from, data.length - from))) {
      byte[] out = in.readNBytes(MAX_INFLATED_BYTES + 1);
      return out.length > MAX_INFLATED_BYTES ? Optional.empty() : Optional.of(out);
    } catch (IOException damaged) {
      return Optional.empty();
    }
  }
}
