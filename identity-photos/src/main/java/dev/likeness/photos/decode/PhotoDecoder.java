package dev.likeness.photos.decode;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.diffusion.internal.imagefile.CheckedImage;
import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import dev.likeness.photos.decode.UnreadablePhotoException.Fault;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/**
 * Decodes untrusted photo files to upright sRGB images without metadata. Thread-safe.
 *
 * <p>The decoder detects the format from the content and checks the size in the header before it
 * reads pixels. If a file contains several images, the decoder reads the first image. It writes
 * nothing to disk, except for HEIC and AVIF files that an installed program converts. It refuses
 * raw photos, and BMP and TIFF files with JPEG or PNG data inside.
 */
public final class PhotoDecoder {
  // A larger image is read with whole pixels skipped, which bounds the reader's own buffers.
  private static final long MAX_UNSUBSAMPLED_PIXELS = 32_000_000;
  private static final int WHITE = 255;
  // The limit is shared by all decoders, because they share one memory. The semaphore is fair, so
  // small images cannot block a large one forever.
  static final int MAX_CONCURRENT_MEGAPIXELS = 64;
  static final Semaphore MEGAPIXELS = new Semaphore(MAX_CONCURRENT_MEGAPIXELS, true);

  private final DecodeLimits limits;
  private final int background;

  /**
   * Makes a decoder that composites transparent pixels over white.
   *
   * @param limits limits of the file size, the image size and the size of the result
   */
  public PhotoDecoder(DecodeLimits limits) {
    this(limits, WHITE);
  }

  private PhotoDecoder(DecodeLimits limits, int background) {
    this.limits = limits;
    this.background = background;
  }

  /**
   * {@return a decoder for reference images, in which transparency does not count} A transparent
   * pixel keeps the colour that the file stores, as in diffusers.
   */
  public PhotoDecoder withStoredColours() {
    return new PhotoDecoder(limits, ImageFileReader.STORED_COLOURS);
  }

  /** {@return the limits of this decoder} */
  public DecodeLimits limits() {
    return limits;
  }

  /**
   * Decodes one file.
   *
   * @param name the photo's name for messages
   * @param file the bytes of the file; not changed
   * @return the photo as an upright sRGB image
   * @throws UnreadablePhotoException if the file is empty, not an image, too large or broken, or if
   *     no converter for its format is available; the file causes no other exception
   */
  public DecodedPhoto decode(String name, byte[] file) {
    if (file.length == 0) {
      throw new UnreadablePhotoException(Fault.EMPTY, name + " has 0 bytes; copy the photo again");
    }
    if (file.length > limits.maxBytes()) {
      throw new UnreadablePhotoException(
          Fault.TOO_MANY_BYTES,
          file.length,
          limits.maxBytes(),
          String.format(
              Locale.ROOT,
              "%s has more than %s MB; save it smaller",
              name,
              millions(limits.maxBytes())),
          null);
    }
    PhotoFormat format = PhotoFormat.of(file)
        .orElseThrow(() -> new UnreadablePhotoException(
            Fault.NOT_AN_IMAGE,
            name + " is not an image file; give a JPEG, PNG, WebP, GIF, BMP or TIFF file"));
    try {
      return read(name, file, format);
    } catch (CancelledException e) {
      throw e;
    } catch (OutOfMemoryError e) {
      throw new UnreadablePhotoException(
          Fault.TOO_MANY_PIXELS,
          Double.NaN,
          Double.NaN,
          name
              + " needs more memory than the JVM has free; save it smaller, or raise the JVM's"
              + " limit: -Xmx, for the command in LIKENESS_JAVA_OPTIONS",
          e);
    } catch (CheckedImage.UnsupportedException e) {
      throw new UnreadablePhotoException(
          Fault.NEEDS_CONVERSION, Double.NaN, Double.NaN, name + " " + e.getMessage(), e);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      if (e instanceof UnreadablePhotoException known) {
        throw known;
      }
      throw new UnreadablePhotoException(
          Fault.BROKEN,
          Double.NaN,
          Double.NaN,
          name + " is a broken " + format.displayName() + " file: " + ImageFileReader.reason(e)
              + "; export or copy it again",
          e);
    }
  }

  private DecodedPhoto read(String name, byte[] file, PhotoFormat format) throws IOException {
    Optional<CheckedImage.Format> checked = CheckedImage.Format.of(file);
    if (checked.isPresent()) {
      CheckedImage image = CheckedImage.of(checked.get(), file);
      OptionalInt quality =
          format == PhotoFormat.JPEG ? JpegQuality.of(image.pixels()) : OptionalInt.empty();
      return read(name, format, new ImageFileReader(image), quality);
    }
    long[] size = HeifConverter.HeifSize.of(file);
    requirePixelLimit(name, Math.max(1, size[0]), Math.max(1, size[1]));
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.readerName());
    if (readers.hasNext()) {
      return read(name, format, new ImageFileReader(readers.next(), file), OptionalInt.empty());
    }
    byte[] plain = findConverter(name, format).convert(format, file);
    CheckedImage.Format plainFormat = CheckedImage.Format.of(plain)
        .filter(known -> known == CheckedImage.Format.PNG || known == CheckedImage.Format.JPEG)
        .orElseThrow(() -> new IOException("the converter's result is neither PNG nor JPEG"));
    CheckedImage image = CheckedImage.of(plainFormat, plain);
    return read(name, format, new ImageFileReader(image.upright()), OptionalInt.empty());
  }

  private DecodedPhoto read(
      String name, PhotoFormat format, ImageFileReader opened, OptionalInt quality)
      throws IOException {
    try (ImageFileReader reader = opened) {
      int width = reader.width();
      int height = reader.height();
      requirePixelLimit(name, width, height);
      ImageFileReader.Pixels stored = readWithinMemory(reader, width, height);
      ExifOrientation orientation = ExifOrientation.of(reader.orientation());
      RgbImage image =
          orientation.toUpright(RgbImage.of(stored.width(), stored.height(), stored.rgb()));
      boolean turned = orientation.isQuarterTurn();
      return new DecodedPhoto(
          image,
          format,
          turned ? height : width,
          turned ? width : height,
          reader.isDamaged(),
          quality);
    }
  }

  // Limits the megapixels that are decoded at the same time. Images of usual size do not wait.
  private ImageFileReader.Pixels readWithinMemory(ImageFileReader reader, int width, int height)
      throws IOException {
    int megapixels =
        (int) Math.max(1, Math.min(MAX_CONCURRENT_MEGAPIXELS, (long) width * height / 1_000_000));
    MEGAPIXELS.acquireUninterruptibly(megapixels);
    try {
      return reader.read(
          (w, h) -> new Resampler.RowReducer(w, h, limits.maxLongSide()),
          MAX_UNSUBSAMPLED_PIXELS,
          background);
    } finally {
      MEGAPIXELS.release(megapixels);
    }
  }

  private void requirePixelLimit(String name, long width, long height) {
    if (Math.max(width, height) > ImageFileReader.MAX_SIDE) {
      throw new UnreadablePhotoException(
          Fault.TOO_MANY_PIXELS,
          Math.max(width, height),
          ImageFileReader.MAX_SIDE,
          name + " has " + width + " x " + height + " pixels, more than " + ImageFileReader.MAX_SIDE
              + " pixels on a side; save it smaller",
          null);
    }
    if (width * height > limits.maxPixels()) {
      throw new UnreadablePhotoException(
          Fault.TOO_MANY_PIXELS,
          (double) width * height,
          limits.maxPixels(),
          String.format(
              Locale.ROOT,
              "%s has %d x %d pixels, more than %s megapixels; save it smaller",
              name,
              width,
              height,
              millions(limits.maxPixels())),
          null);
    }
  }

  private static String millions(long limit) {
    return BigDecimal.valueOf(limit, 6).stripTrailingZeros().toPlainString();
  }

  private PhotoConverter findConverter(String name, PhotoFormat format) {
    Stream<PhotoConverter> given =
        ServiceLoader.load(PhotoConverter.class).stream().map(ServiceLoader.Provider::get);
    Stream<PhotoConverter> programs =
        limits.allowsPrograms() ? Stream.of(new HeifConverter()) : Stream.empty();
    return Stream.concat(given, programs)
        .filter(converter -> converter.supports(format))
        .findFirst()
        .orElseThrow(() -> new UnreadablePhotoException(
            Fault.NEEDS_CONVERSION,
            name + " " + CheckedImage.Foreign.valueOf(format.name()).refusal()));
  }

  /**
   * Estimates the quality setting, 1 to 100, from the luminance quantisation table. It is the
   * setting that scales the example table (ITU-T T.81, K.1) to the nearest mean.
   */
  static final class JpegQuality {
    // Table K.1, row by row.
    private static final int[] LUMINANCE_TABLE = {
      16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69,
      56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104,
      113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99
    };

    private JpegQuality() {}

    /**
     * Returns the quality setting of a checked file, whose segments follow each other up to the
     * first scan; empty if no table 0 precedes the image.
     */
    static OptionalInt of(byte[] file) {
      for (int at = 2; (file[at + 1] & 255) != 0xda; ) {
        int end = at + 2 + ((file[at + 2] & 255) << 8 | file[at + 3] & 255);
        if ((file[at + 1] & 255) == 0xdb) {
          OptionalInt quality = qualityOfTable(file, at + 4, end);
          if (quality.isPresent()) {
            return quality;
          }
        }
        at = end;
      }
      return OptionalInt.empty();
    }

    private static OptionalInt qualityOfTable(byte[] file, int from, int to) {
      for (int at = from; at < to; ) {
        int bytes = 1 + (file[at] >> 4 & 15);
        int next = at + 1 + 64 * bytes;
        if (bytes > 2 || next > to) {
          return OptionalInt.empty();
        }
        if ((file[at] & 15) == 0) {
          return OptionalInt.of(closestQuality(mean(file, at + 1, bytes)));
        }
        at = next;
      }
      return OptionalInt.empty();
    }

    private static double mean(byte[] file, int at, int bytes) {
      double sum = 0;
      for (int i = 0; i < 64 * bytes; i += bytes) {
        sum += bytes == 1 ? file[at + i] & 255 : (file[at + i] & 255) << 8 | file[at + i + 1] & 255;
      }
      return sum / 64;
    }

    private static int closestQuality(double mean) {
      return IntStream.rangeClosed(1, 100)
          .boxed()
          .min(Comparator.comparingDouble(q -> Math.abs(meanAt(q) - mean)))
          .orElseThrow();
    }

    // libjpeg scales the table by 200 - 2 q per cent from quality 50 upwards and by 5000 / q below.
    // Entries are integers from 1 to 255.
    private static double meanAt(int quality) {
      int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
      return IntStream.of(LUMINANCE_TABLE)
          .map(value -> Math.max(1, Math.min(255, (value * scale + 50) / 100)))
          .average()
          .orElseThrow();
    }
  }
}
