package dev.likeness.diffusion.internal.imagefile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Checks WebP, GIF and BMP files, which have little-endian headers with few fields. */
final class SimpleFormatCheck {
  private static final int MAX_CHUNKS = 100_000;
  private static final int LOOK_AHEAD = 64;
  private static final int MAX_SIDE = 1 << 24;
  private static final int MAX_PALETTE_BYTES = 1 << 20;

  // The colour spaces of BMP (MSDN, BITMAPV5HEADER). A linked profile is a path of the machine that
  // wrote the file.
  private static final int EMBEDDED_PROFILE = 0x4d424544;
  private static final int LINKED_PROFILE = 0x4c494e4b;
  private static final int SRGB = 0x73524742;

  private final byte[] file;
  private final ByteBuffer in;

  SimpleFormatCheck(byte[] file) {
    this.file = file;
    this.in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Checks a WebP file. Of an animation, its first frame is kept. */
  CheckedImage checkWebp() throws IOException {
    long announced = 8 + uint32(4);
    if (announced > file.length) {
      throw new IOException("it ends after " + file.length + " of " + announced + " bytes");
    }
    Map<String, byte[]> chunks = new HashMap<>();
    readRiff(12, (int) announced, chunks);
    byte[] frame = chunks.get("ANMF");
    if (frame != null && frame.length >= 16) {
      new SimpleFormatCheck(frame).readRiff(16, frame.length, chunks);
    }
    byte[] lossy = chunks.get("VP8 ");
    byte[] lossless = chunks.get("VP8L");
    if (lossy == null && lossless == null) {
      throw new IOException("it has no image");
    }
    byte[] alpha = lossy == null ? null : chunks.get("ALPH");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (alpha != null) {
      out.writeBytes(chunk("VP8X", extendedHeader(lossy)));
      out.writeBytes(chunk("ALPH", alpha));
    }
    // The reader of lossless images looks a few bytes ahead.
    out.writeBytes(
        lossy != null
            ? chunk("VP8 ", lossy)
            : chunk("VP8L", Arrays.copyOf(lossless, lossless.length + LOOK_AHEAD)));
    byte[] exif = chunks.getOrDefault("EXIF", new byte[0]);
    return CheckedImage.of(
        CheckedImage.Format.WEBP,
        chunk("RIFF", concat("WEBP", out.toByteArray())),
        Optional.ofNullable(chunks.get("ICCP")),
        TiffCheck.orientation(exif));
  }

  // Keeps the first chunk of each kind. After the first image, only metadata count.
  private void readRiff(int from, int to, Map<String, byte[]> chunks) throws IOException {
    int count = 0;
    for (long at = from; at + 8 <= to; ) {
      long length = uint32((int) at + 4);
      String name = new String(file, (int) at, 4, StandardCharsets.ISO_8859_1);
      if (length > to - at - 8) {
        throw new IOException("it ends within the part that begins at byte " + at);
      }
      if (++count > MAX_CHUNKS) {
        throw new IOException("it has more than " + MAX_CHUNKS + " parts");
      }
      if (name.matches("VP8 |VP8L|ALPH|ICCP|EXIF|ANMF")) {
        chunks.putIfAbsent(name, Arrays.copyOfRange(file, (int) at + 8, (int) (at + 8 + length)));
      }
      at += 8 + length + (length & 1);
    }
  }

  // The canvas has the size of the image: bytes 6 to 9 of its frame header (RFC 6386, 9.1).
  private static byte[] extendedHeader(byte[] lossy) throws IOException {
    if (lossy.length < 10) {
      throw new IOException("its image has no header");
    }
    ByteBuffer frame = ByteBuffer.wrap(lossy).order(ByteOrder.LITTLE_ENDIAN);
    int width = (frame.getShort(6) & 0x3fff) - 1;
    int height = (frame.getShort(8) & 0x3fff) - 1;
    if (width < 0 || height < 0) {
      throw new IOException("its header gives no valid size");
    }
    return ByteBuffer.allocate(10)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0x10)
        .putShort((short) width)
        .put((byte) 0)
        .putShort((short) height)
        .put((byte) 0)
        .array();
  }

  private static byte[] chunk(String name, byte[] data) {
    return ByteBuffer.allocate(8 + data.length + (data.length & 1))
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(name.getBytes(StandardCharsets.ISO_8859_1))
        .putInt(data.length)
        .put(data)
        .array();
  }

  private static byte[] concat(String name, byte[] data) {
    return ByteBuffer.allocate(4 + data.length)
        .put(name.getBytes(StandardCharsets.ISO_8859_1))
        .put(data)
        .array();
  }

  /** Checks a GIF file (GIF89a). Only the first frame and its transparency are kept. */
  CheckedImage checkGif() throws IOException {
    int at = 13 + colourTable(10);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    require(at);
    out.write(file, 0, at);
    byte[] control = new byte[0];
    while (true) {
      require(at + 2);
      int kind = file[at] & 255;
      if (kind == 0x2c) {
        break;
      }
      if (kind != 0x21) {
        throw new IOException("it has no image");
      }
      int end = subBlocksEnd(at + 2);
      control = file[at + 1] == (byte) 0xf9 && end == at + 8
          ? Arrays.copyOfRange(file, at, end)
          : control;
      at = end;
    }
    require(at + 11);
    int data = at + 10 + colourTable(at + 9);
    int end = subBlocksEnd(data + 1);
    out.writeBytes(control);
    out.write(file, at, end - at);
    out.write(0x3b);
    return CheckedImage.of(CheckedImage.Format.GIF, out.toByteArray(), Optional.empty(), 1);
  }

  private int colourTable(int flags) throws IOException {
    require(flags + 1);
    return (file[flags] & 0x80) == 0 ? 0 : 3 * (2 << (file[flags] & 7));
  }

  private int subBlocksEnd(int from) throws IOException {
    int at = from;
    while (true) {
      require(at + 1);
      int length = file[at] & 255;
      at += 1 + length;
      if (length == 0) {
        return at;
      }
    }
  }

  private void require(int length) throws IOException {
    if (length > file.length) {
      throw new IOException(
          "it ends after " + file.length + " bytes, before its header or image is complete");
    }
  }

  /** Checks a BMP file. The sizes in its header must be those of the file. */
  CheckedImage checkBmp() throws IOException {
    require(26);
    long header = uint32(14);
    long start = uint32(10);
    boolean old = header == 12;
    if (!old && header < 40 || header > 124 || start < 14 + header || start > file.length) {
      throw new IOException("its header is wrong");
    }
    long width = old ? in.getShort(18) & 0xffff : in.getInt(18);
    long height = Math.abs(old ? in.getShort(20) & 0xffff : (long) in.getInt(22));
    int bits = in.getShort(old ? 24 : 28) & 0xffff;
    int compression = old ? 0 : in.getInt(30);
    if (compression == 4 || compression == 5) {
      throw new CheckedImage.UnsupportedException("is a BMP file with "
          + (compression == 4 ? "JPEG" : "PNG") + " data inside, which is not supported; save it as"
          + " JPEG or PNG");
    }
    boolean packed = compression == 1 || compression == 2;
    if (!packed && compression != 0 && compression != 3 && compression != 6
        || start - 14 - header > MAX_PALETTE_BYTES) {
      throw new IOException("its compression or palette is wrong");
    }
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE || bits > 32) {
      throw new IOException("its header gives no valid size");
    }
    long row = (width * bits + 31) / 32 * 4;
    if (!packed && row * (height - 1) + (width * bits + 7) / 8 > file.length - start) {
      throw new IOException("it ends within its pixels");
    }
    return result(old, header, (int) start);
  }

  private CheckedImage result(boolean old, long header, int start) {
    byte[] pixels = file.clone();
    ByteBuffer out = ByteBuffer.wrap(pixels).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(2, file.length);
    if (!old) {
      out.putInt(34, file.length - start);
    }
    int space = header >= 108 ? in.getInt(70) : SRGB;
    Optional<byte[]> profile = Optional.empty();
    if (space == EMBEDDED_PROFILE || space == LINKED_PROFILE) {
      out.putInt(70, SRGB);
      long from = header >= 124 ? 14 + uint32(126) : 0;
      long length = header >= 124 ? uint32(130) : 0;
      if (space == EMBEDDED_PROFILE && length > 0 && from + length <= file.length) {
        profile = Optional.of(Arrays.copyOfRange(file, (int) from, (int) (from + length)));
      }
    }
    return CheckedImage.of(CheckedImage.Format.BMP, pixels, profile, 1);
  }

  private long uint32(int at) {
    return at + 4 > file.length ? 0 : in.getInt(at) & 0xffffffffL;
  }
}
