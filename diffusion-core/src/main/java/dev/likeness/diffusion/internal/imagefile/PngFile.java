package dev.likeness.diffusion.internal.imagefile;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/**
 * A PNG file (ISO/IEC 15948). Manifests are {@code caBX} chunks; XMP is an {@code iTXt} chunk with
 * its own keyword.
 */
record PngFile(byte[] bytes, List<ImageFile.Part> parts) implements ImageFile {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final ImageFile.XmpLocation XMP =
      ImageFile.XmpLocation.of("iTXt", 8, 4, "XML:com.adobe.xmp\0\0\0\0\0");
  private static final String HEADER = "PNGh";
  private static final int CHUNK_OVERHEAD = 12;

  static boolean isPng(byte[] bytes) {
    return bytes.length >= SIGNATURE.length
        && Arrays.equals(bytes, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length);
  }

  static PngFile of(byte[] bytes) {
    return new PngFile(bytes, List.copyOf(chunks(bytes)));
  }

  private static List<ImageFile.Part> chunks(byte[] bytes) {
    List<ImageFile.Part> parts =
        new ArrayList<>(List.of(new ImageFile.Part(HEADER, 0, SIGNATURE.length)));
    for (int at = SIGNATURE.length; at < bytes.length; ) {
      long length =
          bytes.length - at < CHUNK_OVERHEAD ? -1 : ByteBuffer.wrap(bytes).getInt(at) & 0xffffffffL;
      if (length < 0 || at + CHUNK_OVERHEAD + length > bytes.length) {
        throw new InvalidInputException(
            "the PNG file ends within the chunk at byte " + at + "; download or save it again");
      }
      String type = new String(bytes, at + 4, 4, StandardCharsets.ISO_8859_1);
      int end = (int) (at + CHUNK_OVERHEAD + length);
      new ImageFile.Part(type.equals("caBX") ? ImageFile.Part.MANIFEST : type, at, end)
          .addTo(parts);
      at = end;
    }
    if (parts.size() < 2 || !parts.get(1).name().equals("IHDR")) {
      throw new InvalidInputException(
          "the PNG file does not begin with its header (IHDR); download or save it again");
    }
    return parts;
  }

  @Override
  public String mediaType() {
    return "image/png";
  }

  @Override
  public Optional<String> xmp() {
    return XMP.read(this);
  }

  @Override
  public Optional<byte[]> manifest() {
    return manifestPart().map(part -> {
      CRC32 check = new CRC32();
      check.update(bytes, part.start() + 4, part.end() - part.start() - 8);
      return (int) check.getValue() == ByteBuffer.wrap(bytes).getInt(part.end() - 4)
          ? Arrays.copyOfRange(bytes, part.start() + 8, part.end() - 4)
          : new byte[0];
    });
  }

  @Override
  public ImageFile withXmp(String packet) {
    return of(XMP.replace(this, chunk("iTXt", XMP.payload(packet))));
  }

  @Override
  public ImageFile withProfile(byte[] icc) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    // The profile's name, a zero, and the compression method, which is always 0.
    data.writeBytes("sRGB\0\0".getBytes(StandardCharsets.ISO_8859_1));
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(data)) {
      deflated.write(icc);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode an ICC profile in memory", e);
    }
    int at = parts.get(1).end();
    return of(ImageFile.splice(bytes, at, at, chunk("iCCP", data.toByteArray())));
  }

  @Override
  public int manifestOffset() {
    return parts.get(1).end();
  }

  @Override
  public byte[] wrapManifest(byte[] manifest) {
    return chunk("caBX", manifest);
  }

  private static byte[] chunk(String type, byte[] data) {
    ByteBuffer out = ByteBuffer.allocate(CHUNK_OVERHEAD + data.length);
    putChunk(out, type, data.length, () -> out.put(data));
    return out.array();
  }

  /** Writes a chunk of {@code length} bytes, which {@code data} puts. */
  static void putChunk(ByteBuffer out, String type, int length, Runnable data) {
    out.putInt(length);
    int start = out.position();
    out.put(type.getBytes(StandardCharsets.ISO_8859_1));
    data.run();
    CRC32 check = new CRC32();
    check.update(out.array(), start, 4 + length);
    out.putInt((int) check.getValue());
  }
}
