package dev.likeness.photos.decode;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/** Reads the marker segments before the first scan of a JPEG file (ITU-T T.81, B.1.1). */
final class JpegSegments {
  /** A segment. Its content starts at {@code start} and ends before {@code end} in the file. */
  record Segment(int marker, int start, int end) {}

  private static final byte[] ICC_MARKER = "ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII);
  // Baseline, extended and progressive frames with Huffman coding, which every reader decodes
  // itself.
  private static final Set<Integer> COMMON_FRAMES = Set.of(0xC0, 0xC1, 0xC2);

  private final byte[] file;
  private final List<Segment> segments = new ArrayList<>();

  JpegSegments(byte[] file) {
    this.file = file;
    for (int at = 2; at + 4 <= file.length && file[at] == (byte) 0xFF; ) {
      int marker = file[at + 1] & 255;
      int end = at + 2 + readUint16(at + 2);
      if (marker == 0xDA || end < at + 4 || end > file.length) {
        break;
      }
      segments.add(new Segment(marker, at + 4, end));
      at = end;
    }
  }

  /** Returns the segments with a marker, in the order of the file. */
  List<Segment> segments(int marker) {
    return segments.stream().filter(segment -> segment.marker() == marker).toList();
  }

  /** Returns true if the image has three channels of eight bits. */
  boolean isThreeBytesPerPixel() {
    return segments.stream()
        .filter(segment -> COMMON_FRAMES.contains(segment.marker()))
        .anyMatch(frame -> frame.end() - frame.start() >= 6
            && file[frame.start()] == 8
            && file[frame.start() + 5] == 3);
  }

  /** Returns the colour profile of an RGB image, joined from its segments (ICC.1:2010, B.4). */
  Optional<byte[]> iccProfile() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    iccSegments().stream()
        .sorted(Comparator.comparingInt(part -> file[part.start() + ICC_MARKER.length] & 255))
        .forEach(part -> whole.write(
            file,
            part.start() + ICC_MARKER.length + 2,
            part.end() - part.start() - ICC_MARKER.length - 2));
    byte[] profile = whole.toByteArray();
    boolean rgb = profile.length > 128
        && "RGB ".equals(new String(profile, 16, 4, StandardCharsets.US_ASCII));
    return rgb ? Optional.of(profile) : Optional.empty();
  }

  /**
   * Returns the file without its colour profile, so that the reader does not apply it to every
   * pixel.
   */
  byte[] withoutProfile() {
    ByteArrayOutputStream rest = new ByteArrayOutputStream(file.length);
    int at = 0;
    for (Segment part : iccSegments()) {
      rest.write(file, at, part.start() - 4 - at);
      at = part.end();
    }
    rest.write(file, at, file.length - at);
    return rest.toByteArray();
  }

  private List<Segment> iccSegments() {
    int mark = ICC_MARKER.length;
    return segments(0xE2).stream()
        .filter(part -> part.end() - part.start() > mark + 2
            && Arrays.equals(file, part.start(), part.start() + mark, ICC_MARKER, 0, mark))
        .toList();
  }

  private int readUint16(int at) {
    return (file[at] & 255) << 8 | file[at + 1] & 255;
  }

  /**
   * Estimates the quality setting, 1 to 100, from the luminance quantisation table. It is the
   * setting that scales the example table (ITU-T T.81, K.1) to the nearest mean.
   */
  static final class JpegQuality {
    // Table K.1, row by row.
    private static final int[] LUMINANCE_TABLE = {
      16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69,
      56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104,
      113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99
    };

    private JpegQuality() {}

    /** Returns the quality setting; empty if no table 0 precedes the image. */
    static OptionalInt of(byte[] file) {
      return new JpegSegments(file)
          .segments(0xDB).stream()
              .map(tables -> qualityOfTable(file, tables.start(), tables.end()))
              .filter(OptionalInt::isPresent)
              .findFirst()
              .orElse(OptionalInt.empty());
    }

    private static OptionalInt qualityOfTable(byte[] file, int from, int to) {
      for (int at = from; at < to; ) {
        int bytes = 1 + (file[at] >> 4 & 15);
        int next = at + 1 + 64 * bytes;
        if (bytes > 2 || next > to) {
          return OptionalInt.empty();
        }
        if ((file[at] & 15) == 0) {
          return OptionalInt.of(closestQuality(mean(file, at + 1, bytes)));
        }
        at = next;
      }
      return OptionalInt.empty();
    }

    private static double mean(byte[] file, int at, int bytes) {
      double sum = 0;
      for (int i = 0; i < 64 * bytes; i += bytes) {
        sum += bytes == 1 ? file[at + i] & 255 : (file[at + i] & 255) << 8 | file[at + i + 1] & 255;
      }
      return sum / 64;
    }

    private static int closestQuality(double mean) {
      return IntStream.rangeClosed(1, 100)
          .boxed()
          .min(Comparator.comparingDouble(q -> Math.abs(meanAt(q) - mean)))
          .orElseThrow();
    }

    // libjpeg scales the table by 200 - 2 q per cent from quality 50 upwards and by 5000 / q below.
    // Entries are integers from 1 to 255.
    private static double meanAt(int quality) {
      int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
      return IntStream.of(LUMINANCE_TABLE)
          .map(value -> Math.max(1, Math.min(255, (value * scale + 50) / 100)))
          .average()
          .orElseThrow();
    }
  }

  /**
   * Counts the scans of a JPEG file (ITU-T T.81, B.1.1). A scan takes a pass over all pixels but
   * may have few bytes, so a small file could take hours to decode. Encoders write about ten scans.
   */
  static final class JpegScans {
    private static final int MAX_SCANS = 100;

    private JpegScans() {}

    /** Returns the number of scans. Refuses a file with more than 100. */
    static int count(byte[] file) throws IOException {
      int scans = 0;
      for (int at = 2; at + 4 <= file.length; ) {
        int marker = file[at + 1] & 255;
        if (file[at] != (byte) 0xFF || marker == 0xD9) {
          return scans;
        }
        at += marker == 0xFF ? 1 : 2 + ((file[at + 2] & 255) << 8 | file[at + 3] & 255);
        if (marker == 0xDA) {
          if (++scans > MAX_SCANS) {
            throw new IOException("it has more than " + MAX_SCANS + " scans");
          }
          at = nextMarker(file, at);
        }
      }
      return scans;
    }

    // Within a scan a byte FF is followed by 00 or by a restart marker.
    private static int nextMarker(byte[] file, int from) {
      int at = from;
      while (at + 1 < file.length) {
        int next = file[at + 1] & 255;
        if (file[at] == (byte) 0xFF && next != 0 && (next < 0xD0 || next > 0xD7)) {
          return at;
        }
        at++;
      }
      return file.length;
    }
  }
}
