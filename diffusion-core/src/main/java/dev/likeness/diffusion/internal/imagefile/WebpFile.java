package dev.likeness.diffusion.internal.imagefile;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A WebP file (RFC 9649). Profiles are {@code ICCP} chunks and XMP is an {@code XMP } chunk; both
 * need the extended header {@code VP8X}. Manifests are {@code C2PA} chunks at the end.
 */
record WebpFile(byte[] bytes, List<ImageFile.Part> parts) implements ImageFile {
  private static final int HEADER = 12;
  private static final int CHUNK = 8;
  private static final ImageFile.XmpLocation XMP = ImageFile.XmpLocation.of("XMP ", CHUNK, 0, "");
  private static final int HAS_PROFILE = 0x20;
  private static final int HAS_ALPHA = 0x10;
  private static final int HAS_XMP = 0x04;
  private static final int SIZE_MASK = 0x3fff;

  static boolean isWebp(byte[] bytes) {
    return bytes.length >= HEADER
        && fourCc(bytes, 0).equals("RIFF")
        && fourCc(bytes, 8).equals("WEBP");
  }

  static WebpFile of(byte[] bytes) {
    return new WebpFile(bytes, List.copyOf(chunks(bytes)));
  }

  private static List<ImageFile.Part> chunks(byte[] bytes) {
    List<ImageFile.Part> parts = new ArrayList<>(List.of(new ImageFile.Part("RIFF", 0, HEADER)));
    for (int at = HEADER; at < bytes.length; ) {
      long length = bytes.length - at < CHUNK ? -1 : readInt(bytes, at + 4) & 0xffffffffL;
      long end = at + CHUNK + length + (length & 1);
      if (length < 0 || end > bytes.length) {
        throw new InvalidInputException(
            "the WebP file ends within the chunk at byte " + at + "; download or save it again");
      }
      String name = fourCc(bytes, at);
      new ImageFile.Part(name.equals("C2PA") ? ImageFile.Part.MANIFEST : name, at, (int) end)
          .addTo(parts);
      at = (int) end;
    }
    if (parts.size() < 2) {
      throw new InvalidInputException("the WebP file has no chunk; download or save it again");
    }
    return parts;
  }

  @Override
  public String mediaType() {
    return "image/webp";
  }

  @Override
  public Optional<String> xmp() {
    // A chunk of odd length is padded with a zero.
    return XMP.read(this)
        .map(text -> text.endsWith("\0") ? text.substring(0, text.length() - 1) : text);
  }

  @Override
  public Optional<byte[]> manifest() {
    return manifestPart().map(part -> {
      int start = part.start() + CHUNK;
      int end = start + readInt(bytes, part.start() + 4);
      return end == part.end() || bytes[end] == 0
          ? Arrays.copyOfRange(bytes, start, end)
          : new byte[0];
    });
  }

  @Override
  public ImageFile withXmp(String packet) {
    WebpFile extended = toExtended(HAS_XMP);
    return of(withRiffSize(XMP.replace(extended, chunk("XMP ", XMP.payload(packet)))));
  }

  @Override
  public ImageFile withProfile(byte[] icc) {
    WebpFile extended = toExtended(HAS_PROFILE);
    int at = extended.parts.get(1).end();
    return of(withRiffSize(ImageFile.splice(extended.bytes, at, at, chunk("ICCP", icc))));
  }

  @Override
  public int manifestOffset() {
    return bytes.length;
  }

  @Override
  public byte[] wrapManifest(byte[] manifest) {
    return chunk("C2PA", manifest);
  }

  @Override
  public byte[] insertManifest(byte[] wrapped) {
    return withRiffSize(ImageFile.splice(bytes, bytes.length, bytes.length, wrapped));
  }

  /** The size in the RIFF header includes the manifest. */
  @Override
  public byte[] bytesAroundManifest(int manifestLength) {
    return withRiffSize(bytes, bytes.length + manifestLength);
  }

  /** Returns this file with an extended header in which {@code flag} is set. */
  private WebpFile toExtended(int flag) {
    if (parts.get(1).name().equals("VP8X")) {
      byte[] flagged = bytes.clone();
      flagged[HEADER + CHUNK] |= (byte) flag;
      return of(flagged);
    }
    ByteBuffer image = ByteBuffer.wrap(
            bytes, parts.get(1).start() + CHUNK, bytes.length - HEADER - CHUNK)
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN);
    boolean lossless = parts.get(1).name().equals("VP8L");
    int both = lossless ? image.getInt(1) : 0;
    int width = lossless ? both & SIZE_MASK : (image.getShort(6) & SIZE_MASK) - 1;
    int height = lossless ? both >> 14 & SIZE_MASK : (image.getShort(8) & SIZE_MASK) - 1;
    boolean alpha = lossless && (both >> 28 & 1) == 1;
    ByteBuffer header = ByteBuffer.allocate(10)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(flag | (alpha ? HAS_ALPHA : 0))
        .putShort((short) width)
        .put((byte) 0)
        .putShort((short) height)
        .put((byte) 0);
    return of(withRiffSize(ImageFile.splice(bytes, HEADER, HEADER, chunk("VP8X", header.array()))));
  }

  private static byte[] chunk(String name, byte[] data) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(name.getBytes(StandardCharsets.ISO_8859_1));
    out.writeBytes(ByteBuffer.allocate(4)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(data.length)
        .array());
    out.writeBytes(data);
    if (data.length % 2 == 1) {
      out.write(0);
    }
    return out.toByteArray();
  }

  private static byte[] withRiffSize(byte[] file) {
    return withRiffSize(file, file.length);
  }

  /** Returns the file with the RIFF header of a file of {@code length} bytes. */
  private static byte[] withRiffSize(byte[] file, int length) {
    byte[] out = file.clone();
    ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN).putInt(4, length - 8);
    return out;
  }

  private static String fourCc(byte[] bytes, int at) {
    return new String(bytes, at, 4, StandardCharsets.ISO_8859_1);
  }

  private static int readInt(byte[] bytes, int at) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(at);
  }
}
