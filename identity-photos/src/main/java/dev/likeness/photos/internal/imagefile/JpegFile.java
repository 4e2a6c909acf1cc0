package dev.likeness.photos.internal.imagefile;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A JPEG file: manifests are APP11 segments as JPEG XT has them (ISO/IEC 18477-3, B.1), XMP an APP1
 * segment.
 */
record JpegFile(byte[] bytes, List<FilePart> parts) implements ImageFile {
  static final int APP1 = 0xe1;
  static final int APP2 = 0xe2;
  static final int APP11 = 0xeb;
  private static final XmpPlace XMP = XmpPlace.of("APP1", 4, 0, "http://ns.adobe.com/xap/1.0/\0");
  private static final int MOST_OF_A_MANIFEST = 64000;
  private static final int INSTANCE = 0x0211;

  static boolean isJpeg(byte[] bytes) {
    return bytes.length > 3
        && (bytes[0] & 255) == 0xff
        && (bytes[1] & 255) == 0xd8
        && (bytes[2] & 255) == 0xff;
  }

  static JpegFile of(byte[] bytes) {
    return new JpegFile(bytes, List.copyOf(new JpegScan(bytes).parts()));
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
      for (int at = part.start(); at < part.end(); ) {
        int length = ByteBuffer.wrap(bytes).getShort(at + 2) & 0xffff;
        // Marker, length, CI, En and Z; later segments repeat the first box's length and type.
        int head = at == part.start() ? 12 : 20;
        out.write(bytes, at + head, Math.max(0, 2 + length - head));
        at += 2 + length;
      }
      return out.toByteArray();
    });
  }

  @Override
  public ImageFile withXmp(String packet) {
    return of(XMP.replaced(this, segment(APP1, XMP.data(packet))));
  }

  /** As one APP2 segment (ICC.1, B.4), which holds profiles of up to 65 kB. */
  @Override
  public ImageFile withProfile(byte[] icc) {
    byte[] keyword = "ICC_PROFILE\0\1\1".getBytes(StandardCharsets.ISO_8859_1);
    byte[] data = Arrays.copyOf(keyword, keyword.length + icc.length);
    System.arraycopy(icc, 0, data, keyword.length, icc.length);
    return of(ImageFile.spliced(bytes, manifestStart(), manifestStart(), segment(APP2, data)));
  }

  /** Behind the start of the image, and behind JFIF's segment, which must come first. */
  @Override
  public int manifestStart() {
    return parts.size() > 1 && parts.get(1).name().equals("APP0")
        ? parts.get(1).end()
        : parts.get(0).end();
  }

  @Override
  public byte[] wrapped(byte[] manifest) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int sequence = 1;
    for (int at = 0; at < manifest.length; at += MOST_OF_A_MANIFEST, sequence++) {
      int length = Math.min(MOST_OF_A_MANIFEST, manifest.length - at);
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
      throw new IllegalArgumentException("a JPEG segment holds 65533 bytes, given " + data.length);
    }
    return ByteBuffer.allocate(4 + data.length)
        .put((byte) 0xff)
        .put((byte) marker)
        .putShort((short) (data.length + 2))
        .put(data)
        .array();
  }
}
