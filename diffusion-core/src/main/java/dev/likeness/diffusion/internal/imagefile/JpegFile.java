package dev.likeness.diffusion.internal.imagefile;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A JPEG file. Manifests are APP11 segments as in JPEG XT (ISO/IEC 18477-3, B.1); XMP is an APP1
 * segment.
 */
record JpegFile(byte[] bytes, List<ImageFile.Part> parts) implements ImageFile {
  static final int APP1 = 0xe1;
  static final int APP2 = 0xe2;
  static final int APP11 = 0xeb;
  private static final ImageFile.XmpLocation XMP =
      ImageFile.XmpLocation.of("APP1", 4, 0, "http://ns.adobe.com/xap/1.0/\0");
  private static final int MAX_MANIFEST_SEGMENT = 64000;
  private static final int INSTANCE = 0x0211;

  static boolean isJpeg(byte[] bytes) {
    return bytes.length > 3
        && (bytes[0] & 255) == 0xff
        && (bytes[1] & 255) == 0xd8
        && (bytes[2] & 255) == 0xff;
  }

  static JpegFile of(byte[] bytes) {
    return new JpegFile(bytes, List.copyOf(new JpegParser(bytes).parts()));
  }

  @Override
  public String mediaType() {
    return "image/jpeg";
  }

  @Override
  public Optional<String> xmp() {
    return XMP.read(this);
  }

  @Override
  public Optional<byte[]> manifest() {
    return manifestPart().map(part -> {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      int sequence = 1;
      for (int at = part.start(); at < part.end(); sequence++) {
        int end = at + 2 + (ByteBuffer.wrap(bytes).getShort(at + 2) & 0xffff);
        // Marker, length, CI, En and Z; later segments repeat the first box's length and type.
        int head = sequence == 1 ? 12 : 20;
        if (end < at + head || !continues(part.start(), at, sequence)) {
          return new byte[0];
        }
        out.write(bytes, at + head, end - at - head);
        at = end;
      }
      return out.toByteArray();
    });
  }

  /** Whether the segment at {@code at} says that it goes on from the one at {@code first}. */
  private boolean continues(int first, int at, int sequence) {
    return bytes[at + 4] == 'J'
        && bytes[at + 5] == 'P'
        && ByteBuffer.wrap(bytes).getInt(at + 8) == sequence
        && Arrays.equals(bytes, at + 6, at + 8, bytes, first + 6, first + 8)
        && (sequence == 1 || Arrays.equals(bytes, at + 12, at + 20, bytes, first + 12, first + 20));
  }

  @Override
  public ImageFile withXmp(String packet) {
    return of(XMP.replace(this, segment(APP1, XMP.payload(packet))));
  }

  /** The profile is one APP2 segment (ICC.1, B.4), so it has at most 65 kB. */
  @Override
  public ImageFile withProfile(byte[] icc) {
    byte[] keyword = "ICC_PROFILE\0\1\1".getBytes(StandardCharsets.ISO_8859_1);
    byte[] data = Arrays.copyOf(keyword, keyword.length + icc.length);
    System.arraycopy(icc, 0, data, keyword.length, icc.length);
    return of(ImageFile.splice(bytes, manifestOffset(), manifestOffset(), segment(APP2, data)));
  }

  /** The position is after SOI and the JFIF segment, which must come first. */
  @Override
  public int manifestOffset() {
    return parts.size() > 1 && parts.get(1).name().equals("APP0")
        ? parts.get(1).end()
        : parts.get(0).end();
  }

  @Override
  public byte[] wrapManifest(byte[] manifest) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int sequence = 1;
    for (int at = 0; at < manifest.length; at += MAX_MANIFEST_SEGMENT, sequence++) {
      int length = Math.min(MAX_MANIFEST_SEGMENT, manifest.length - at);
      int repeated = at == 0 ? 0 : 8;
      ByteBuffer data = ByteBuffer.allocate(8 + repeated + length)
          .put((byte) 'J')
          .put((byte) 'P')
          .putShort((short) INSTANCE)
          .putInt(sequence);
      out.writeBytes(segment(
          APP11, data.put(manifest, 0, repeated).put(manifest, at, length).array()));
    }
    return out.toByteArray();
  }

  private static byte[] segment(int marker, byte[] data) {
    if (data.length > 0xffff - 2) {
      throw new IllegalArgumentException(
          "a JPEG segment has at most 65533 bytes, got " + data.length);
    }
    return ByteBuffer.allocate(4 + data.length)
        .put((byte) 0xff)
        .put((byte) marker)
        .putShort((short) (data.length + 2))
        .put(data)
        .array();
  }

  /** Finds the segments of a JPEG file (ISO/IEC 10918-1, annex B). Used once. */
  static final class JpegParser {
    private static final int SOI = 0xd8;
    private static final int EOI = 0xd9;
    private static final int SOS = 0xda;
    private static final int C2PA_TYPE_OFFSET = 28;

    private final byte[] bytes;
    private final List<ImageFile.Part> parts = new ArrayList<>();
    private int instance = -1;
    private int position;

    JpegParser(byte[] bytes) {
      this.bytes = bytes;
    }

    List<ImageFile.Part> parts() {
      while (position < bytes.length) {
        int marker = readMarker();
        int start = position;
        position = marker == SOI || marker == EOI ? position + 2 : segmentEnd();
        if (marker == SOS) {
          skipEntropyCodedData();
        }
        add(marker, start);
        if (marker == EOI) {
          addTrailer();
        }
      }
      return parts;
    }

    private int readMarker() {
      if (position + 1 >= bytes.length || (bytes[position] & 255) != 0xff) {
        throw new InvalidInputException(
            "the JPEG file has no marker at byte " + position + "; download or save it again");
      }
      return bytes[position + 1] & 255;
    }

    private int segmentEnd() {
      int length =
          position + 4 > bytes.length ? -1 : ByteBuffer.wrap(bytes).getShort(position + 2) & 0xffff;
      if (length < 2 || position + 2 + length > bytes.length) {
        throw new InvalidInputException("the JPEG file ends within the segment at byte " + position
            + "; download or save it again");
      }
      return position + 2 + length;
    }

    // In entropy-coded data, 0xff only occurs before a stuffed zero or a restart marker.
    private void skipEntropyCodedData() {
      while (position + 1 < bytes.length) {
        int next = bytes[position + 1] & 255;
        if ((bytes[position] & 255) == 0xff
            && next != 0
            && (next < 0xd0 || next > 0xd7)
            && next != 0xff) {
          return;
        }
        position++;
      }
      position = bytes.length;
    }

    // Bytes after the image belong to no segment, but the hash of the file covers them.
    private void addTrailer() {
      if (position < bytes.length) {
        new ImageFile.Part("trailer", position, bytes.length).addTo(parts);
        position = bytes.length;
      }
    }

    private void add(int marker, int start) {
      if (marker == JpegFile.APP11 && isManifest(start)) {
        ImageFile.Part last = parts.get(parts.size() - 1);
        if (last.name().equals(ImageFile.Part.MANIFEST)) {
          parts.remove(last);
          new ImageFile.Part(ImageFile.Part.MANIFEST, last.start(), position).addTo(parts);
        } else {
          new ImageFile.Part(ImageFile.Part.MANIFEST, start, position).addTo(parts);
        }
        return;
      }
      new ImageFile.Part(markerName(marker), start, position).addTo(parts);
    }

    private boolean isManifest(int start) {
      if (position - start < C2PA_TYPE_OFFSET + 4) {
        return false;
      }
      int number = ByteBuffer.wrap(bytes).getShort(start + 6);
      boolean first = new String(bytes, start + C2PA_TYPE_OFFSET, 4, StandardCharsets.ISO_8859_1)
          .equals("c2pa");
      boolean more =
          number == instance && parts.get(parts.size() - 1).name().equals(ImageFile.Part.MANIFEST);
      if (first) {
        instance = number;
      }
      return first || more;
    }

    private static String markerName(int marker) {
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
}
