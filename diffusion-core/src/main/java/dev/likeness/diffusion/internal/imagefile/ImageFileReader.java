package dev.likeness.diffusion.internal.imagefile;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.CurrentWork;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;
import javax.imageio.stream.ImageInputStream;

/**
 * Reads image files to sRGB pixels, wherever the library reads one. It applies colour profiles and
 * writes nothing to disk.
 */
public final class ImageFileReader implements AutoCloseable {
  /** The longest side of an image, in pixels. */
  public static final int MAX_SIDE = 100_000;

  /** In place of a background: transparent pixels keep the colours that the file stores. */
  public static final int STORED_COLOURS = -1;

  private static final int MAX_BYTES = 200_000_000;
  private static final long MAX_PIXELS = 1 << 26;
  // Readers also warn about harmless problems, such as an unknown colour profile or bytes after the
  // image data. Only warnings that match this pattern mean damage.
  private static final Pattern DAMAGE_WARNING =
      Pattern.compile("(?i)truncated|premature|corrupt(?!.* before marker 0xd9)");

  /**
   * Pixels in sRGB as they are stored.
   *
   * @param width width in pixels
   * @param height height in pixels
   * @param rgb red, green and blue of each pixel, rows from the top
   */
  public record Pixels(int width, int height, byte[] rgb) {}

  /**
   * Turns pixels upright.
   *
   * @param <T> the type of images
   */
  @FunctionalInterface
  public interface Turn<T> {
    /** Makes an image of stored pixels and the EXIF orientation, 1 to 8. */
    T upright(Pixels stored, int orientation);
  }

  /** Takes the rows of an image from the top, and keeps or reduces them. */
  public interface Rows {
    /** Takes row {@code y}: red, green and blue of each pixel from the left. */
    void accept(int y, byte[] row);

    /** Returns true if all rows have arrived. */
    boolean isComplete();

    /** Returns the pixels, after all rows have arrived. */
    Pixels toPixels();

    /** Makes rows for an image of a size. */
    @FunctionalInterface
    interface Factory {
      /** Makes rows for {@code height} rows of {@code width} pixels. */
      Rows of(int width, int height);
    }
  }

  private final ImageReader reader;
  private final ImageInputStream in;
  private final CheckedImage file;
  private final AtomicBoolean damaged = new AtomicBoolean();
  private final ReadCancellation cancellation = new ReadCancellation();

  /**
   * Opens a file.
   *
   * @throws CheckedImage.UnsupportedException if ImageIO has no reader of its format
   */
  public ImageFileReader(CheckedImage file) throws IOException {
    this(findReader(file), file);
  }

  /** Opens a file of a format that is not checked, with a reader that an application brings. */
  public ImageFileReader(ImageReader reader, byte[] file) {
    this(reader, new CheckedImage(null, file, Optional.empty(), 1, false, 0));
  }

  private ImageFileReader(ImageReader reader, CheckedImage file) {
    this.reader = reader;
    this.file = file;
    this.in = new CheckedImage.PixelStream(file.pixels());
    reader.setInput(in, false, true);
    reader.addIIOReadWarningListener((source, warning) ->
        damaged.compareAndSet(false, DAMAGE_WARNING.matcher(warning).find()));
    reader.addIIOReadProgressListener(cancellation);
  }

  /** Aborts the reading of a large image if the work of its thread was cancelled. */
  private static final class ReadCancellation implements IIOReadProgressListener {
    private CancelledException cancelled;

    // Readers report exceptions of listeners as broken files, so that it is thrown after the read.
    @Override
    public void imageProgress(ImageReader source, float percentage) {
      try {
        CurrentWork.throwIfCancelled();
      } catch (CancelledException e) {
        cancelled = e;
        source.abort();
      }
    }

    void throwIfAborted() {
      if (cancelled != null) {
        throw cancelled;
      }
    }

    @Override
    public void imageStarted(ImageReader source, int index) {}

    @Override
    public void imageComplete(ImageReader source) {}

    @Override
    public void readAborted(ImageReader source) {}

    @Override
    public void sequenceStarted(ImageReader source, int index) {}

    @Override
    public void sequenceComplete(ImageReader source) {}

    @Override
    public void thumbnailStarted(ImageReader source, int index, int thumbnail) {}

    @Override
    public void thumbnailProgress(ImageReader source, float percentage) {}

    @Override
    public void thumbnailComplete(ImageReader source) {}
  }

  private static ImageReader findReader(CheckedImage file) throws IOException {
    Iterator<ImageReader> readers =
        ImageIO.getImageReadersByFormatName(file.format().readerName());
    if (!readers.hasNext()) {
      throw new CheckedImage.UnsupportedException(
          "is a " + file.format() + " file, which is not supported; save it as PNG or JPEG");
    }
    return readers.next();
  }

  /** Returns the stored width in pixels, at least 1. */
  public int width() throws IOException {
    return requireSize(reader.getWidth(0));
  }

  /** Returns the stored height in pixels, at least 1. */
  public int height() throws IOException {
    return requireSize(reader.getHeight(0));
  }

  private static int requireSize(int side) throws IOException {
    if (side < 1) {
      throw new IOException("its header gives no valid size");
    }
    return side;
  }

  /** Returns the EXIF orientation, 1 to 8. */
  public int orientation() {
    return file.orientation();
  }

  /** Returns true if a read has replaced damaged parts. */
  public boolean isDamaged() {
    return file.isDamaged() || damaged.get();
  }

  /**
   * Reads the image.
   *
   * @param target makes the rows
   * @param mostPixels above this size, whole pixels are skipped, which bounds the reader's buffers
   * @param background the grey value behind transparent pixels, 0 to 255, or
   *     {@link #STORED_COLOURS}
   * @return the pixels as stored, in sRGB
   */
  public Pixels read(Rows.Factory target, long mostPixels, int background) throws IOException {
    Optional<Pixels> byRow = file.passes() > 0 ? readByRow(target) : Optional.empty();
    Pixels stored = byRow.isPresent() ? byRow.get() : readWhole(target, mostPixels, background);
    return file.profile().map(icc -> SrgbConversion.convert(stored, icc)).orElse(stored);
  }

  // Empty if the reader does not write its rows into the raster, once per scan. Some readers
  // deliver all rows at once because they convert colours themselves, and the raster has no memory
  // for that.
  private Optional<Pixels> readByRow(Rows.Factory target) throws IOException {
    Rows rows = target.of(width(), height());
    SrgbConversion.RowRaster raster =
        new SrgbConversion.RowRaster(width(), height(), rows, file.passes());
    ImageReadParam param = reader.getDefaultReadParam();
    param.setDestination(raster.toBufferedImage());
    try {
      reader.read(0, param);
    } catch (RuntimeException allAtOnce) {
      return Optional.empty();
    } finally {
      cancellation.throwIfAborted();
    }
    return rows.isComplete() ? Optional.of(rows.toPixels()) : Optional.empty();
  }

  private Pixels readWhole(Rows.Factory target, long mostPixels, int background)
      throws IOException {
    ImageReadParam param = reader.getDefaultReadParam();
    int skip = (int) Math.ceil(Math.sqrt((double) width() * height() / mostPixels));
    param.setSourceSubsampling(skip, skip, 0, 0);
    BufferedImage image = reader.read(0, param);
    cancellation.throwIfAborted();
    Rows rows = target.of(image.getWidth(), image.getHeight());
    SrgbConversion.convert(image, background, rows);
    return rows.toPixels();
  }

  @Override
  public void close() throws IOException {
    reader.dispose();
    in.close();
  }

  /**
   * Reads a file of at most 200 MB and 67 megapixels. Only regular files are read, so a pipe cannot
   * block.
   *
   * @param <T> the type of images
   * @param background the grey value behind transparent pixels, 0 to 255, or
   *     {@link #STORED_COLOURS}
   * @param turn turns the pixels upright
   * @throws InvalidInputException if the file cannot be read, or is no complete image
   */
  public static <T> T read(Path file, int background, Turn<T> turn) {
    try {
      return read(file.toString(), readBytes(file, MAX_BYTES), background, turn);
    } catch (NoSuchFileException e) {
      throw new InvalidInputException("cannot read the image " + file + ": no such file", e);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read the image " + file + ": " + reason(e), e);
    }
  }

  /**
   * Reads the bytes of a regular file. A longer file is cut to {@code most + 1} bytes.
   *
   * @throws IOException if it cannot be read, or is a pipe or a device
   */
  public static byte[] readBytes(Path file, int most) throws IOException {
    if (!Files.readAttributes(file, BasicFileAttributes.class).isRegularFile()) {
      throw new IOException("it is not a regular file; give an image file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(Math.max(most, most + 1));
    }
  }

  /** Reads a stream to its end, as {@link #read(String, byte[], int, Turn)} reads bytes. */
  public static <T> T read(String name, InputStream file, int background, Turn<T> turn) {
    try {
      return read(name, file.readNBytes(MAX_BYTES + 1), background, turn);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read the image " + name + ": " + reason(e), e);
    }
  }

  /**
   * Reads the bytes of a file.
   *
   * @param name the name in messages
   */
  public static <T> T read(String name, byte[] file, int background, Turn<T> turn) {
    CheckedImage.Format format = CheckedImage.Format.of(file)
        .orElseThrow(() -> new InvalidInputException(name + " "
            + CheckedImage.Foreign.of(file)
                .map(CheckedImage.Foreign::refusal)
                .orElse("is not an image this library reads; give a PNG or JPEG file")));
    if (file.length > MAX_BYTES) {
      throw new InvalidInputException(name + " has more than 200 MB; save it smaller");
    }
    try (ImageFileReader reader = new ImageFileReader(CheckedImage.of(format, file))) {
      int width = reader.width();
      int height = reader.height();
      if (Math.max(width, height) > MAX_SIDE || (long) width * height > MAX_PIXELS) {
        throw new InvalidInputException(String.format(
            Locale.ROOT,
            "%s has %d x %d pixels, more than %s; save it smaller",
            name,
            width,
            height,
            (long) width * height > MAX_PIXELS
                ? MAX_PIXELS / 1_000_000 + " megapixels"
                : MAX_SIDE + " pixels per side"));
      }
      return turn.upright(
          reader.read(WholeImage::new, MAX_PIXELS, background), reader.orientation());
    } catch (CheckedImage.UnsupportedException e) {
      throw new InvalidInputException(name + " " + e.getMessage(), e);
    } catch (CancelledException | InvalidInputException e) {
      throw e;
    } catch (OutOfMemoryError e) {
      throw new InvalidInputException(
          name
              + " needs more memory than the JVM has free; save it smaller, or raise the JVM's"
              + " limit: -Xmx, for the command in LIKENESS_JAVA_OPTIONS",
          e);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      throw new InvalidInputException(
          name + " is a broken " + format + " file: " + reason(e) + "; export or copy it again", e);
    }
  }

  /** Returns one line of printable text of at most 200 characters for a failed read. */
  public static String reason(Throwable e) {
    String text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    // These exceptions of decoders name their own variables, which tell a user nothing.
    if (e instanceof NullPointerException
        || e instanceof IndexOutOfBoundsException
        || e instanceof NegativeArraySizeException
        || e instanceof ClassCastException) {
      text = "its pixels cannot be decoded";
    }
    String line = text.lines().findFirst().orElse("").strip().replaceAll("[^ -~]", "?");
    return line.substring(0, Math.min(line.length(), 200));
  }

  /** Rows that are kept as they are. */
  private static final class WholeImage implements Rows {
    private final int width;
    private final int height;
    private final byte[] rgb;
    private int next;

    WholeImage(int width, int height) {
      this.width = width;
      this.height = height;
      this.rgb = new byte[Math.multiplyExact(Math.multiplyExact(width, height), 3)];
    }

    @Override
    public void accept(int y, byte[] row) {
      System.arraycopy(row, 0, rgb, 3 * width * next++, 3 * width);
    }

    @Override
    public boolean isComplete() {
      return next == height;
    }

    @Override
    public Pixels toPixels() {
      return new Pixels(width, height, rgb);
    }
  }
}
