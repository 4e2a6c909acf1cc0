package dev.likeness.photos.internal.imagefile;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Finds the segments of a JPEG file (ISO/IEC 10918-1, annex B). Used once. */
final class JpegScan {
  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int C2PA_TYPE_AT = 28;

  private final byte[] bytes;
  private final List<FilePart> parts = new ArrayList<>();
  private int instance = -1;
  private int at;

  JpegScan(byte[] bytes) {
    this.bytes = bytes;
  }

  List<FilePart> parts() {
    while (at < bytes.length) {
      int marker = marker();
      int start = at;
      at = marker == SOI || marker == EOI ? at + 2 : segmentEnd();
      if (marker == SOS) {
        skipEntropyCodedData();
      }
      add(marker, start);
      if (marker == EOI) {
        trailer();
      }
    }
    return parts;
  }

  private int marker() {
    if (at + 1 >= bytes.length || (bytes[at] & 255) != 0xff) {
      throw new InvalidInputException(
          "the JPEG file has no marker at byte " + at + "; download or save it again");
    }
    return bytes[at + 1] & 255;
  }

  private int segmentEnd() {
    int length = at + 4 > bytes.length ? -1 : ByteBuffer.wrap(bytes).getShort(at + 2) & 0xffff;
    if (length < 2 || at + 2 + length > bytes.length) {
      throw new InvalidInputException(
          "the JPEG file ends within the segment at byte " + at + "; download or save it again");
    }
    return at + 2 + length;
  }

  // Entropy-coded data holds 0xff only before a stuffed zero or a restart marker.
  private void skipEntropyCodedData() {
    while (at + 1 < bytes.length) {
      int next = bytes[at + 1] & 255;
      if ((bytes[at] & 255) == 0xff && next != 0 && (next < 0xd0 || next > 0xd7) && next != 0xff) {
        return;
      }
      at++;
    }
    at = bytes.length;
  }

  // Whatever follows the picture is nobody's segment, yet is hashed with the file.
  private void trailer() {
    if (at < bytes.length) {
      parts.add(new FilePart("trailer", at, bytes.length));
      at = bytes.length;
    }
  }

  private void add(int marker, int start) {
    if (marker == JpegFile.APP11 && isManifest(start)) {
      FilePart last = parts.get(parts.size() - 1);
      if (last.name().equals(FilePart.MANIFEST)) {
        parts.remove(last);
        parts.add(new FilePart(FilePart.MANIFEST, last.start(), at));
      } else {
        parts.add(new FilePart(FilePart.MANIFEST, start, at));
      }
      return;
    }
    parts.add(new FilePart(name(marker), start, at));
  }

  private boolean isManifest(int start) {
    if (at - start < C2PA_TYPE_AT + 4) {
      return false;
    }
    int number = ByteBuffer.wrap(bytes).getShort(start + 6);
    boolean first =
        new String(bytes, start + C2PA_TYPE_AT, 4, StandardCharsets.ISO_8859_1).equals("c2pa");
    boolean more =
        number == instance && parts.get(parts.size() - 1).name().equals(FilePart.MANIFEST);
    if (first) {
      instance = number;
    }
    return first || more;
  }

  private static String name(int marker) {
    if (marker >= 0xe0 && marker <= 0xef) {
      return "APP" + (marker - 0xe0);
    }
    return switch (marker) {
      case SOI -> "SOI";
      case EOI -> "EOI";
      case SOS -> "SOS";
      case 0xc4 -> "DHT";
      case 0xcc -> "DAC";
      case 0xdb -> "DQT";
      case 0xdd -> "DRI";
      case 0xfe -> "COM";
      default -> marker >= 0xc0 && marker <= 0xcf ? "SOF" + (marker - 0xc0) : "marker " + marker;
    };
  }
}
