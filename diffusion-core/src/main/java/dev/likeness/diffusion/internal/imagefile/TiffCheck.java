package dev.likeness.diffusion.internal.imagefile;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Checks a TIFF file (TIFF 6.0), and reads the block of EXIF data, which has the same form. Only
 * the first directory is read. The checked file has the tags that decode pixels and strips of its
 * own.
 */
final class TiffCheck {
  private static final int NEW_SUBFILE_TYPE = 254;
  private static final int SUBFILE_TYPE = 255;
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS = 258;
  private static final int COMPRESSION = 259;
  private static final int PHOTOMETRIC = 262;
  private static final int STRIP_OFFSETS = 273;
  private static final int ORIENTATION = 274;
  private static final int CHANNELS = 277;
  private static final int ROWS_PER_STRIP = 278;
  private static final int STRIP_BYTE_COUNTS = 279;
  private static final int PLANAR = 284;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_BYTE_COUNTS = 325;
  private static final int SUB_DIRECTORIES = 330;
  private static final int SAMPLE_FORMAT = 339;
  private static final int PROFILE = 34675;
  private static final int DNG_VERSION = 50706;

  // Compressions: none, fax, LZW, Deflate (two numbers), PackBits. 6 and 7 are JPEG.
  private static final Set<Integer> COMPRESSIONS = Set.of(1, 2, 3, 4, 5, 8, 32773, 32946);
  // The tags that a reader needs to decode pixels, except the places of strips and tiles. Tags
  // without a name above are: fill order, fax options, predictor, palette, extra channels, and the
  // constants of YCbCr.
  private static final int[] PIXEL_TAGS = {
    256, 257, 258, 259, 262, 266, 277, 278, 284, 292, 293, 317, 320, 322, 323, 338, 339, 529, 530,
    531, 532
  };
  private static final int[] TYPE_SIZES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
  private static final int CMYK = 5;
  private static final int MAX_PIECES = 100_000;
  private static final int MAX_VALUES = 3 << 16;
  private static final long MAX_PIECE_BYTES = 1 << 28;

  /** An entry of a directory: its type, the number of values, and where these are in the file. */
  private record Entry(int type, int count, int start) {
    int bytes() {
      return TYPE_SIZES[type] * count;
    }
  }

  private final ByteBuffer file;
  private final Map<Integer, Entry> entries;

  TiffCheck(byte[] bytes) {
    file = ByteBuffer.wrap(bytes);
    file.order(
        CheckedImage.startsWith(bytes, 0, "II") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    entries = bytes.length < 8 ? Map.of() : readDirectory(file.getInt(4));
  }

  /** Returns the orientation of a block of EXIF data; 1 if it is missing or broken. */
  static int orientation(byte[] exif) {
    int from = CheckedImage.startsWith(exif, 0, "Exif\0\0") ? 6 : 0;
    byte[] block = Arrays.copyOfRange(exif, from, exif.length);
    boolean known =
        CheckedImage.Format.of(block).filter(CheckedImage.Format.TIFF::equals).isPresent();
    return known ? new TiffCheck(block).orientation() : 1;
  }

  private int orientation() {
    long value = number(ORIENTATION, 1);
    return value >= 1 && value <= 8 ? (int) value : 1;
  }

  CheckedImage check() throws IOException {
    requireNoRawPhoto();
    int compression = (int) number(COMPRESSION, 1);
    if (compression == 6 || compression == 7) {
      throw new CheckedImage.UnsupportedException(
          "is a TIFF file with JPEG data inside, which is not supported; save it as JPEG or PNG");
    }
    if (!COMPRESSIONS.contains(compression)) {
      throw new CheckedImage.UnsupportedException("is a TIFF file of compression " + compression
          + ", which is not supported; save it as JPEG or PNG");
    }
    if (number(SAMPLE_FORMAT, 1) == 3) {
      throw new CheckedImage.UnsupportedException("is a TIFF file of floating-point samples, which "
          + "is not supported; save it with 8 or 16 bits per channel");
    }
    List<int[]> pieces = pieces();
    requireOwnBytes(pieces);
    Optional<byte[]> profile = Optional.ofNullable(entries.get(PROFILE)).map(this::valueBytes);
    boolean readerNeedsIt = number(PHOTOMETRIC, 1) == CMYK;
    byte[] pixels =
        rebuild(pieces, readerNeedsIt && profile.filter(SrgbConversion::isSound).isPresent());
    return CheckedImage.of(
        CheckedImage.Format.TIFF, pixels, profile.filter(icc -> !readerNeedsIt), orientation());
  }

  // Cameras put a small preview first, and the photo itself behind it or into a directory below it.
  private void requireNoRawPhoto() throws IOException {
    boolean reduced = (number(NEW_SUBFILE_TYPE, 0) & 1) == 1 || number(SUBFILE_TYPE, 1) == 2;
    boolean raw = entries.containsKey(DNG_VERSION)
        || CheckedImage.startsWith(file.array(), 8, "CR")
        || List.of(32803L, 34892L).contains(number(PHOTOMETRIC, 1));
    if (raw || reduced || isPreview()) {
      throw new CheckedImage.UnsupportedException(
          "is a raw photo, whose only readable image is a preview; export it as JPEG");
    }
  }

  private boolean isPreview() {
    long[] places = numbers(SUB_DIRECTORIES, 16);
    return Arrays.stream(places).anyMatch(place -> {
      Map<Integer, Entry> below = readDirectory(place);
      return (double) number(below, WIDTH, 0) * number(below, HEIGHT, 0)
          > (double) number(WIDTH, 0) * number(HEIGHT, 0);
    });
  }

  /** Returns start and length of each strip or tile. */
  private List<int[]> pieces() throws IOException {
    long width = number(WIDTH, 0);
    long height = number(HEIGHT, 0);
    if (width < 1 || height < 1 || width > Integer.MAX_VALUE || height > Integer.MAX_VALUE) {
      throw new IOException("its header gives no valid size");
    }
    boolean tiled = entries.containsKey(TILE_WIDTH);
    long across = tiled ? number(TILE_WIDTH, 0) : width;
    long down = tiled ? number(TILE_HEIGHT, 0) : Math.min(height, number(ROWS_PER_STRIP, height));
    int channels = requireChannels();
    boolean planar = number(PLANAR, 1) == 2;
    if (across < 1 || down < 1 || across > Integer.MAX_VALUE || down > Integer.MAX_VALUE) {
      throw new IOException("the size of its strips or tiles is not valid");
    }
    long bits =
        planar ? 32 : channels * Arrays.stream(numbers(BITS, channels)).max().orElse(1);
    if ((double) across * down * bits / 8 > MAX_PIECE_BYTES) {
      throw new IOException("it has strips of more than " + (MAX_PIECE_BYTES >> 20) + " MiB");
    }
    double expected = Math.ceil((double) width / across)
        * Math.ceil((double) height / down)
        * (planar ? channels : 1);
    if (expected > MAX_PIECES) {
      throw new IOException("it has more than " + MAX_PIECES + " strips");
    }
    return pieces((int) expected, tiled, planar ? 0 : (width * bits + 7) / 8, down, height);
  }

  /**
   * Returns the places of {@code count} pieces. Rows of {@code rowBytes} bytes must be in the file
   * if they are not compressed; 0 if their length is not known.
   */
  private List<int[]> pieces(int count, boolean tiled, long rowBytes, long down, long height)
      throws IOException {
    long[] starts = numbers(tiled ? TILE_OFFSETS : STRIP_OFFSETS, count);
    long[] lengths = numbers(tiled ? TILE_BYTE_COUNTS : STRIP_BYTE_COUNTS, count);
    boolean plain = number(COMPRESSION, 1) == 1;
    if (lengths.length == 0 && count == 1 && plain) {
      lengths = new long[] {rowBytes * height};
    }
    List<int[]> pieces = new ArrayList<>();
    if (starts.length < count || lengths.length < count) {
      throw new IOException("it has fewer strips than its size needs");
    }
    for (int i = 0; i < count; i++) {
      if (plain && !tiled && lengths[i] < rowBytes * Math.min(down, height - i * down)) {
        throw new IOException("its strip " + (i + 1) + " is too short");
      }
      if (lengths[i] < 1 || starts[i] < 8 || starts[i] + lengths[i] > file.capacity()) {
        throw new IOException("its strip " + (i + 1) + " is not in the file");
      }
      pieces.add(new int[] {(int) starts[i], (int) lengths[i]});
    }
    return pieces;
  }

  private int requireChannels() throws IOException {
    long channels = number(CHANNELS, 1);
    var bits = Arrays.stream(numbers(BITS, 8)).summaryStatistics();
    if (channels < 1 || channels > 8 || bits.getMin() < 1 || bits.getMax() > 32) {
      throw new IOException("it has " + channels + " channels of " + bits.getMin() + " to "
          + bits.getMax() + " bits, expected 1 to 8 channels of 1 to 32 bits");
    }
    return (int) channels;
  }

  // A byte that many strips share would be decoded many times.
  private static void requireOwnBytes(List<int[]> pieces) throws IOException {
    int end = 0;
    for (int[] piece :
        pieces.stream().sorted(Comparator.comparingInt((int[] p) -> p[0])).toList()) {
      if (piece[0] < end) {
        throw new IOException("its strips overlap");
      }
      end = piece[0] + piece[1];
    }
  }

  // Header, strips, values of entries, directory.
  private byte[] rebuild(List<int[]> pieces, boolean withProfile) {
    boolean tiled = entries.containsKey(TILE_WIDTH);
    Map<Integer, Entry> kept = new TreeMap<>(entries);
    kept.entrySet()
        .removeIf(field -> Arrays.binarySearch(PIXEL_TAGS, field.getKey()) < 0
            || field.getValue().count() > MAX_VALUES);
    if (withProfile) {
      kept.put(PROFILE, entries.get(PROFILE));
    }
    int data = pieces.stream().mapToInt(piece -> piece[1]).sum();
    int values = kept.values().stream().mapToInt(entry -> entry.bytes() + 4).sum();
    ByteBuffer out = ByteBuffer.allocate(
            8 + data + values + 8 * pieces.size() + 12 * (kept.size() + 2) + 16)
        .order(file.order());
    out.put(file.array(), 0, 4).putInt(0);
    int[] starts = new int[pieces.size()];
    for (int i = 0; i < starts.length; i++) {
      starts[i] = out.position();
      out.put(file.array(), pieces.get(i)[0], pieces.get(i)[1]);
    }
    Map<Integer, ByteBuffer> directory = new TreeMap<>();
    kept.forEach((tag, entry) ->
        directory.put(tag, field(out, tag, entry.type(), entry.count(), valueBytes(entry))));
    int[] lengths = pieces.stream().mapToInt(piece -> piece[1]).toArray();
    directory.put(
        tiled ? TILE_OFFSETS : STRIP_OFFSETS,
        integers(out, tiled ? TILE_OFFSETS : STRIP_OFFSETS, starts));
    directory.put(
        tiled ? TILE_BYTE_COUNTS : STRIP_BYTE_COUNTS,
        integers(out, tiled ? TILE_BYTE_COUNTS : STRIP_BYTE_COUNTS, lengths));
    align(out);
    out.putInt(4, out.position()).putShort((short) directory.size());
    directory.values().forEach(out::put);
    out.putInt(0);
    return Arrays.copyOf(out.array(), out.position());
  }

  private static ByteBuffer integers(ByteBuffer out, int tag, int[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(out.order());
    IntStream.of(values).forEach(bytes::putInt);
    return field(out, tag, 4, values.length, bytes.array());
  }

  // Values of up to four bytes stand in the entry itself.
  private static ByteBuffer field(ByteBuffer out, int tag, int type, int count, byte[] value) {
    ByteBuffer field = ByteBuffer.allocate(12).order(out.order());
    field.putShort((short) tag).putShort((short) type).putInt(count);
    if (value.length <= 4) {
      return field.put(value).rewind();
    }
    align(out);
    field.putInt(out.position());
    out.put(value);
    return field.rewind();
  }

  private static void align(ByteBuffer out) {
    if (out.position() % 2 == 1) {
      out.put((byte) 0);
    }
  }

  /** Reads a directory. Entries that are not wholly in the file are left out. */
  private Map<Integer, Entry> readDirectory(long place) {
    Map<Integer, Entry> found = new TreeMap<>();
    if (place < 8 || place + 2 > file.capacity()) {
      return found;
    }
    int count = file.getShort((int) place) & 0xffff;
    for (int i = 0, at = (int) place + 2; i < count && at + 12 <= file.capacity(); i++, at += 12) {
      int type = file.getShort(at + 2) & 0xffff;
      long values = file.getInt(at + 4) & 0xffffffffL;
      if (type < 1 || type >= TYPE_SIZES.length || values > file.capacity()) {
        continue;
      }
      long bytes = values * TYPE_SIZES[type];
      long start = bytes <= 4 ? at + 8 : file.getInt(at + 8) & 0xffffffffL;
      if (start + bytes <= file.capacity()) {
        found.putIfAbsent(file.getShort(at) & 0xffff, new Entry(type, (int) values, (int) start));
      }
    }
    return found;
  }

  private byte[] valueBytes(Entry entry) {
    return Arrays.copyOfRange(file.array(), entry.start(), entry.start() + entry.bytes());
  }

  private long number(int tag, long otherwise) {
    return number(entries, tag, otherwise);
  }

  private long number(Map<Integer, Entry> directory, int tag, long otherwise) {
    Entry entry = directory.get(tag);
    return entry == null || entry.count() < 1 ? otherwise : value(entry, 0, otherwise);
  }

  /** Returns at most {@code most} values of an entry; none if it is absent. */
  private long[] numbers(int tag, int most) {
    Entry entry = entries.get(tag);
    return entry == null
        ? new long[0]
        : IntStream.range(0, Math.min(most, entry.count()))
            .mapToLong(i -> value(entry, i, 0))
            .toArray();
  }

  private long value(Entry entry, int i, long otherwise) {
    int at = entry.start() + i * TYPE_SIZES[entry.type()];
    return switch (entry.type()) {
      case 1, 7 -> file.get(at) & 255;
      case 3 -> file.getShort(at) & 0xffff;
      case 4, 13 -> file.getInt(at) & 0xffffffffL;
      case 6 -> file.get(at);
      case 8 -> file.getShort(at);
      case 9 -> file.getInt(at);
      default -> otherwise;
    };
  }
}
