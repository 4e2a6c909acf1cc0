package dev.likeness.photos.decode;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The marker segments before the first scan of a JPEG file (ITU-T T.81, B.1.1) and what they say.
 */
final class JpegSegments {
  /** A segment; its content lies from {@code from} up to {@code to} in the file. */
  record Segment(int marker, int from, int to) {}

  private static final byte[] PROFILE_MARK = "ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII);
  // Baseline, extended and progressive pictures of Huffman codes: what every reader reads itself.
  private static final Set<Integer> USUAL_FRAMES = Set.of(0xC0, 0xC1, 0xC2);

  private final byte[] file;
  private final List<Segment> segments = new ArrayList<>();

  JpegSegments(byte[] file) {
    this.file = file;
    for (int at = 2; at + 4 <= file.length && file[at] == (byte) 0xFF; ) {
      int marker = file[at + 1] & 255;
      int end = at + 2 + word(at + 2);
      if (marker == 0xDA || end < at + 4 || end > file.length) {
        break;
      }
      segments.add(new Segment(marker, at + 4, end));
      at = end;
    }
  }

  /** The segments of one kind, in the order of the file. */
  List<Segment> segments(int marker) {
    return segments.stream().filter(segment -> segment.marker() == marker).toList();
  }

  /** Whether the picture has three channels of eight bits. */
  boolean threeBytesAPixel() {
    return segments.stream()
        .filter(segment -> USUAL_FRAMES.contains(segment.marker()))
        .anyMatch(frame -> frame.to() - frame.from() >= 6
            && file[frame.from()] == 8
            && file[frame.from() + 5] == 3);
  }

  /**
   * The colour profile of a picture in red, green and blue (ICC.1:2010, B.4), its parts put
   * together.
   */
  Optional<byte[]> profile() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    profileParts().stream()
        .sorted(Comparator.comparingInt(part -> file[part.from() + PROFILE_MARK.length] & 255))
        .forEach(part -> whole.write(
            file,
            part.from() + PROFILE_MARK.length + 2,
            part.to() - part.from() - PROFILE_MARK.length - 2));
    byte[] profile = whole.toByteArray();
    boolean rgb = profile.length > 128
        && "RGB ".equals(new String(profile, 16, 4, StandardCharsets.US_ASCII));
    return rgb ? Optional.of(profile) : Optional.empty();
  }

  /** The file without its colour profile, which readers apply to every pixel of it. */
  byte[] withoutProfile() {
    ByteArrayOutputStream rest = new ByteArrayOutputStream(file.length);
    int at = 0;
    for (Segment part : profileParts()) {
      rest.write(file, at, part.from() - 4 - at);
      at = part.to();
    }
    rest.write(file, at, file.length - at);
    return rest.toByteArray();
  }

  private List<Segment> profileParts() {
    int mark = PROFILE_MARK.length;
    return segments(0xE2).stream()
        .filter(part -> part.to() - part.from() > mark + 2
            && Arrays.equals(file, part.from(), part.from() + mark, PROFILE_MARK, 0, mark))
        .toList();
  }

  private int word(int at) {
    return (file[at] & 255) << 8 | file[at + 1] & 255;
  }
}
