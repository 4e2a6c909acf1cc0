package dev.likeness.diffusion.internal.imagefile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Checks a JPEG file (ITU-T T.81). Markers are found as libjpeg finds them: it skips all bytes up
 * to the next marker, so junk hides no scan. The checked file has tables, frame and scans, and of
 * the application segments those that say what the channels mean.
 */
final class JpegCheck {
  // A scan is a pass over all pixels, but may have few bytes. Encoders write about ten scans.
  private static final int MAX_SCANS = 100;
  private static final long MAX_SCANNED_PIXELS = 600_000_000;
  // libjpeg keeps the coefficients of files with several scans.
  private static final long MAX_COEFFICIENT_BYTES = 400L << 20;

  private static final int MAX_SEGMENTS = 10_000;

  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  // An empty EXIF block. Its presence tells the reader that three channels are YCbCr.
  private static final byte[] EMPTY_EXIF =
      segment(0xe1, "Exif\0\0II*\0\u0008\0\0\0\0\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1));
  private static final String PROFILE_KEY = "ICC_PROFILE\0";

  private final byte[] file;
  // The ranges of bytes that are kept, with neighbours joined.
  private final List<int[]> kept = new ArrayList<>();
  private final Map<Integer, byte[]> profileParts = new TreeMap<>();
  private byte[] jfif = new byte[0];
  private byte[] exif = new byte[0];
  private byte[] adobe = new byte[0];
  private int orientation = 1;
  private int frame = -1;
  private int segments;
  private int scans;
  private boolean junk;
  private boolean partial;
  private boolean junkBeforeScan;
  private int scanEnd;

  JpegCheck(byte[] file) {
    this.file = file;
  }

  CheckedImage check() throws IOException {
    boolean ends;
    try {
      ends = readToEnd();
    } catch (IOException e) {
      if (!hasOneWholeScan()) {
        throw e;
      }
      ends = false;
    }
    if (scans == 0) {
      throw new IOException("it has no image data (no scan)");
    }
    if (!ends && hasOneWholeScan()) {
      dropBehindScan();
      ends = true;
    }
    requireCoefficientsFit();
    return result(ends);
  }

  /** Reads up to the end marker; returns false if there is none. Bytes behind it do not count. */
  private boolean readToEnd() throws IOException {
    int at = nextMarker(2);
    while (at >= 0) {
      int marker = file[at + 1] & 255;
      if (marker == EOI) {
        return true;
      }
      boolean alone = marker == 1 || marker >= 0xd0 && marker <= 0xd7;
      boolean unknown = marker > 1 && marker < 0xc0;
      junk |= unknown;
      at = nextMarker(alone || unknown ? at + 2 : readSegment(marker, at));
    }
    return false;
  }

  /**
   * Returns true if the only scan has all channels of a file that is not progressive. Nothing that
   * follows such a scan belongs to the image.
   */
  private boolean hasOneWholeScan() {
    return scans == 1 && !partial && (file[frame + 1] & 255) < 0xc2;
  }

  // Panoramas of Samsung's phones have this trailer instead of an end marker. For other files
  // without an end, nothing tells where the image data end, as when a download filled them up with
  // zeros.
  private void dropBehindScan() {
    junk = junkBeforeScan || !CheckedImage.startsWith(file, file.length - 4, "SEFT");
    kept.removeIf(range -> range[0] >= scanEnd);
    kept.forEach(range -> range[1] = Math.min(range[1], scanEnd));
  }

  // Skips to a byte ff that is followed by neither 00 nor ff, as libjpeg does.
  private int nextMarker(int from) {
    for (int at = from; at + 1 < file.length; at++) {
      int next = file[at + 1] & 255;
      if (file[at] == (byte) 0xff && next != 0 && next != 0xff) {
        return at;
      }
      junk |= file[at] != (byte) 0xff;
    }
    return -1;
  }

  /** Reads the segment at a position and returns the position behind it. */
  private int readSegment(int marker, int at) throws IOException {
    int end = at + 4 > file.length ? -1 : at + 2 + readUint16(at + 2);
    if (++segments > MAX_SEGMENTS) {
      throw new IOException("it has more than " + MAX_SEGMENTS + " segments");
    }
    if (end < at + 4 || end > file.length) {
      if (scans == 0) {
        throw new IOException("its segment at byte " + at + " has an invalid length");
      }
      junk = true;
      return file.length;
    }
    switch (marker) {
      case 0xc0, 0xc1, 0xc2 -> readFrame(at, end);
      case 0xc4, 0xdb, 0xdd -> keep(at, end);
      case SOS -> {
        return readScan(at, end);
      }
      case 0xe0, 0xe1, 0xe2, 0xee -> readApplicationData(marker, at, end);
      case SOI -> throw new IOException("a second image starts at byte " + at);
      default -> requireNoOtherFrame(marker);
    }
    return end;
  }

  private static void requireNoOtherFrame(int marker) throws IOException {
    if (marker >= 0xc3 && marker <= 0xcf && marker != 0xc8 && marker != 0xcc) {
      throw new CheckedImage.UnsupportedException("is a JPEG file of an unsupported compression"
          + " (SOF" + (marker - 0xc0) + "); save it as baseline JPEG");
    }
  }

  private void readFrame(int at, int end) throws IOException {
    int channels = end - at < 10 ? 0 : file[at + 9] & 255;
    if (frame >= 0 || channels < 1 || channels > 4 || end - at != 10 + 3 * channels) {
      throw new IOException("its frame header is wrong");
    }
    frame = at;
    for (int i = 0; i < channels; i++) {
      if (sampling(i, 4) < 1 || sampling(i, 4) > 4 || sampling(i, 0) < 1 || sampling(i, 0) > 4) {
        throw new IOException("its sampling factors are not 1 to 4");
      }
    }
    if (pixels() < 1) {
      throw new IOException("its header gives no valid size");
    }
    keep(at, end);
  }

  private void keep(int from, int to) {
    int[] last = kept.isEmpty() ? new int[2] : kept.get(kept.size() - 1);
    if (last[1] == from) {
      last[1] = to;
    } else {
      kept.add(new int[] {from, to});
    }
  }

  private int readScan(int at, int end) throws IOException {
    int channels = file[at + 4] & 255;
    if (frame < 0 || channels < 1 || channels > 4 || end - at != 8 + 2 * channels) {
      throw new IOException("its scan header is wrong");
    }
    scans++;
    partial |= channels < channels();
    junkBeforeScan = junk;
    scanEnd = firstMarker(end);
    if (scans > MAX_SCANS) {
      throw new IOException("it has more than " + MAX_SCANS + " scans");
    }
    if (scans * pixels() > MAX_SCANNED_PIXELS) {
      throw new IOException("it has " + scans + " or more scans of " + width() + " x " + height()
          + " pixels, together more than " + MAX_SCANNED_PIXELS / 1_000_000 + " megapixels");
    }
    int next = end;
    while (next + 1 < file.length) {
      int follows = file[next + 1] & 255;
      if (file[next] == (byte) 0xff
          && follows >= 0xc0
          && follows != 0xff
          && (follows < 0xd0 || follows > 0xd7)) {
        keep(at, next);
        return next;
      }
      next++;
    }
    keep(at, file.length);
    return file.length;
  }

  /** Returns where the first marker behind a position is that no entropy-coded data have. */
  private int firstMarker(int from) {
    for (int at = from; at + 1 < file.length; at++) {
      int next = file[at + 1] & 255;
      if (file[at] == (byte) 0xff && next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7)) {
        return at;
      }
    }
    return file.length;
  }

  // After the first scan, application data no longer matter.
  private void readApplicationData(int marker, int at, int end) {
    byte[] whole = scans > 0 ? new byte[0] : Arrays.copyOfRange(file, at, end);
    if (marker == 0xe0 && jfif.length == 0 && CheckedImage.startsWith(whole, 4, "JFIF\0")) {
      jfif = whole;
    } else if (marker == 0xee && adobe.length == 0 && CheckedImage.startsWith(whole, 4, "Adobe")) {
      adobe = whole;
    } else if (marker == 0xe1 && exif.length == 0 && CheckedImage.startsWith(whole, 4, "Exif\0")) {
      exif = EMPTY_EXIF;
      orientation = TiffCheck.orientation(Arrays.copyOfRange(whole, 4, whole.length));
    } else if (marker == 0xe2
        && whole.length > 18
        && CheckedImage.startsWith(whole, 4, PROFILE_KEY)) {
      profileParts.putIfAbsent(whole[16] & 255, whole);
    }
  }

  private void requireCoefficientsFit() throws IOException {
    int widest = 1;
    int highest = 1;
    for (int i = 0; i < channels(); i++) {
      widest = Math.max(widest, sampling(i, 4));
      highest = Math.max(highest, sampling(i, 0));
    }
    long bytes = 0;
    for (int i = 0; i < channels(); i++) {
      long across =
          (long) Math.ceil((double) width() * sampling(i, 4) / widest / 8) + sampling(i, 4);
      long down =
          (long) Math.ceil((double) height() * sampling(i, 0) / highest / 8) + sampling(i, 0);
      bytes += 128 * across * down;
    }
    boolean buffered = scans > 1 || partial || (file[frame + 1] & 255) == 0xc2;
    if (buffered && bytes > MAX_COEFFICIENT_BYTES) {
      throw new IOException("its scans need " + (bytes >> 20) + " MiB of memory, more than the "
          + (MAX_COEFFICIENT_BYTES >> 20) + " allowed");
    }
  }

  private CheckedImage result(boolean hasEnd) {
    ByteArrayOutputStream profile = new ByteArrayOutputStream();
    profileParts.values().forEach(part -> profile.write(part, 18, part.length - 18));
    Optional<byte[]> icc = Optional.of(profile.toByteArray()).filter(found -> found.length > 0);
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    head.writeBytes(new byte[] {(byte) 0xff, (byte) SOI});
    head.writeBytes(jfif);
    head.writeBytes(exif);
    head.writeBytes(adobe);
    boolean readerNeedsIt = channels() == 4;
    if (readerNeedsIt && icc.filter(SrgbConversion::isSound).isPresent()) {
      profileParts.values().forEach(head::writeBytes);
    }
    int length = kept.stream().mapToInt(range -> range[1] - range[0]).sum();
    ByteBuffer out = ByteBuffer.allocate(head.size() + length + (hasEnd ? 2 : 0));
    out.put(head.toByteArray());
    kept.forEach(range -> out.put(file, range[0], range[1] - range[0]));
    if (hasEnd) {
      out.put((byte) 0xff).put((byte) EOI);
    }
    boolean threeBytes = (file[frame + 4] & 255) == 8 && channels() == 3;
    return new CheckedImage(
        CheckedImage.Format.JPEG,
        out.array(),
        icc.filter(found -> !readerNeedsIt),
        orientation,
        junk,
        threeBytes ? scans : 0);
  }

  private long pixels() {
    return (long) width() * height();
  }

  private int width() {
    return readUint16(frame + 7);
  }

  private int height() {
    return readUint16(frame + 5);
  }

  private int channels() {
    return file[frame + 9] & 255;
  }

  private int sampling(int channel, int shift) {
    return file[frame + 11 + 3 * channel] >> shift & 15;
  }

  private int readUint16(int at) {
    return (file[at] & 255) << 8 | file[at + 1] & 255;
  }

  private static byte[] segment(int marker, byte[] data) {
    byte[] whole = new byte[data.length + 4];
    whole[0] = (byte) 0xff;
    whole[1] = (byte) marker;
    whole[2] = (byte) (data.length + 2 >> 8);
    whole[3] = (byte) (data.length + 2);
    System.arraycopy(data, 0, whole, 4, data.length);
    return whole;
  }
}
