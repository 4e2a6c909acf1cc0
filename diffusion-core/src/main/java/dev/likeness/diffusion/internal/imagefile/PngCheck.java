package dev.likeness.diffusion.internal.imagefile;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.InflaterInputStream;

/**
 * Checks a PNG file (PNG 3rd edition). The checked file has header, palette, transparency and image
 * data only. The colour profile (iCCP) and the orientation (eXIf, ImageMagick's raw profile, XMP)
 * are read here. Inflation is limited, so a small file cannot use much memory.
 */
final class PngCheck {
  private static final int MAX_INFLATED_BYTES = 4 << 20;
  private static final Pattern XMP_ORIENTATION =
      Pattern.compile("tiff:Orientation(?:=[\"']|>)\\s*([1-8])");
  private static final Set<String> TEXTS = Set.of("tEXt", "zTXt", "iTXt");
  private static final Set<String> KEYWORDS =
      Set.of("Raw profile type exif", "Raw profile type APP1", "XML:com.adobe.xmp");
  private static final int MAX_KEYWORD = 79;
  private static final int MAX_CHUNKS = 200_000;
  private static final int MAX_PALETTE = 768;
  private static final String HEADER = "IHDR";

  private final byte[] file;
  // The first chunk of each type; of texts, the first of each keyword.
  private final Map<String, byte[]> chunks = new HashMap<>();
  private final List<int[]> imageData = new ArrayList<>();

  PngCheck(byte[] file) {
    this.file = file;
  }

  CheckedImage check() throws IOException {
    readChunks();
    byte[] header = chunks.getOrDefault(HEADER, new byte[0]);
    int length = imageData.stream().mapToInt(range -> range[1]).sum();
    if (header.length != 13) {
      throw new IOException("it has no header");
    }
    ByteBuffer size = ByteBuffer.wrap(header);
    if (size.getInt() < 1 || size.getInt() < 1) {
      throw new IOException("its header gives no valid size");
    }
    // Chunks of 12 bytes and their data: header, palette, transparency, image data, end.
    ByteBuffer out = ByteBuffer.allocate(8 + 5 * 12 + 13 + 2 * MAX_PALETTE + length);
    out.put(file, 0, 8);
    for (String type : new String[] {HEADER, "PLTE", "tRNS"}) {
      byte[] data = chunks.get(type);
      if (data != null && data.length <= MAX_PALETTE) {
        PngFile.putChunk(out, type, data.length, () -> out.put(data));
      }
    }
    PngFile.putChunk(
        out, "IDAT", length, () -> imageData.forEach(range -> out.put(file, range[0], range[1])));
    PngFile.putChunk(out, "IEND", 0, () -> {});
    return CheckedImage.of(
        CheckedImage.Format.PNG,
        Arrays.copyOf(out.array(), out.position()),
        Optional.ofNullable(chunks.get("iCCP")).flatMap(d -> inflate(d, indexOfZero(d, 0) + 2)),
        orientation());
  }

  private void readChunks() throws IOException {
    ByteBuffer in = ByteBuffer.wrap(file);
    int count = 0;
    for (int at = 8; at + 8 <= file.length; ) {
      int length = in.getInt(at);
      String type = new String(file, at + 4, 4, StandardCharsets.ISO_8859_1);
      if (length < 0 || length > file.length - at - 8) {
        if (type.equals("IDAT")) {
          throw new IOException("it ends within its image data");
        }
        return;
      }
      if (type.equals("IEND")) {
        return;
      }
      if (++count > MAX_CHUNKS) {
        throw new IOException("it has more than " + MAX_CHUNKS + " chunks");
      }
      keep(type, at + 8, length);
      at += (int) Math.min(length + 12L, file.length - at);
    }
  }

  private void keep(String type, int start, int length) {
    if (type.equals("IDAT")) {
      if (length > 0) {
        imageData.add(new int[] {start, length});
      }
    } else if (TEXTS.contains(type)) {
      String word =
          new String(file, start, Math.min(length, MAX_KEYWORD), StandardCharsets.ISO_8859_1);
      String keyword = word.substring(0, indexOfZero(file, start, start + word.length()) - start);
      if (KEYWORDS.contains(keyword)) {
        chunks.putIfAbsent(type + keyword, Arrays.copyOfRange(file, start, start + length));
      }
    } else if (Set.of(HEADER, "PLTE", "tRNS", "iCCP", "eXIf").contains(type)) {
      chunks.putIfAbsent(type, Arrays.copyOfRange(file, start, start + length));
    }
  }

  // The first place that has one counts.
  private int orientation() {
    return Optional.ofNullable(chunks.get("eXIf"))
        .or(() -> rawProfile("exif"))
        .or(() -> rawProfile("APP1"))
        .map(TiffCheck::orientation)
        .or(() -> text("XML:com.adobe.xmp").flatMap(PngCheck::xmpOrientation))
        .orElse(1);
  }

  // ImageMagick writes a line feed, the name, the length and the bytes in hex.
  private Optional<byte[]> rawProfile(String name) {
    return text("Raw profile type " + name).flatMap(text -> {
      String[] parts = text.strip().split("\\s+", 3);
      String hex = parts.length < 3 ? "" : parts[2].replaceAll("\\s", "");
      return hex.isEmpty() || hex.length() % 2 > 0 || !hex.matches("[0-9a-fA-F]+")
          ? Optional.empty()
          : Optional.of(HexFormat.of().parseHex(hex));
    });
  }

  private Optional<String> text(String keyword) {
    return Optional.ofNullable(chunks.get("tEXt" + keyword))
        .map(d -> Arrays.copyOfRange(d, Math.min(d.length, indexOfZero(d, 0) + 1), d.length))
        .or(() -> Optional.ofNullable(chunks.get("zTXt" + keyword))
            .flatMap(d -> inflate(d, indexOfZero(d, 0) + 2)))
        .or(() ->
            Optional.ofNullable(chunks.get("iTXt" + keyword)).flatMap(PngCheck::internationalText))
        .filter(bytes -> bytes.length <= MAX_INFLATED_BYTES)
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

  private static int indexOfZero(byte[] data, int from) {
    return indexOfZero(data, Math.max(0, from), data.length);
  }

  private static int indexOfZero(byte[] data, int from, int to) {
    int at = from;
    while (at < to && data[at] != 0) {
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
