package dev.likeness.photos.decode;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.decode.UnreadablePhotoException.Fault;
import dev.likeness.photos.internal.image.RowReducer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes untrusted photo files to upright sRGB images without metadata. Thread-safe.
 *
 * <p>It detects the format from the content and checks the size in the header before it reads
 * pixels. Of several images in a file it reads the first. It writes nothing to disk, except for
 * HEIC and AVIF files that an installed program converts.
 */
public final class PhotoDecoder {
  // A larger image is read with whole pixels skipped, which bounds the reader's own buffers.
  private static final long MAX_UNSUBSAMPLED_PIXELS = 32_000_000;
  // Readers also warn about harmless problems, such as an unknown colour profile or bytes after the
  // image data. Only warnings that match this pattern mean damage.
  private static final Pattern DAMAGE_WARNING =
      Pattern.compile("(?i)truncated|premature|corrupt(?!.* before marker 0xd9)");

  // The limit is shared by all decoders, because they share one memory. The semaphore is fair, so
  // small images cannot block a large one forever.
  static final int MAX_CONCURRENT_MEGAPIXELS = 64;
  static final Semaphore MEGAPIXELS = new Semaphore(MAX_CONCURRENT_MEGAPIXELS, true);

  private final DecodeLimits limits;

  /**
   * Makes a decoder.
   *
   * @param limits limits of file size, image size and decoded size
   */
  public PhotoDecoder(DecodeLimits limits) {
    this.limits = limits;
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
   * @throws UnreadablePhotoException if the file is not a complete image within the limits; broken
   *     files cause no other exception
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
              "%s has more than %d MB; save it smaller",
              name,
              limits.maxBytes() / 1_000_000),
          null);
    }
    PhotoFormat format = PhotoFormat.of(file)
        .orElseThrow(() -> new UnreadablePhotoException(
            Fault.NOT_AN_IMAGE,
            name + " is not an image file; give a JPEG, PNG, WebP, GIF, BMP or TIFF file"));
    try {
      return read(name, file, format);
    } catch (OutOfMemoryError e) {
      throw new UnreadablePhotoException(
          Fault.TOO_MANY_PIXELS,
          Double.NaN,
          Double.NaN,
          name + " needs more memory than the JVM has free; save it smaller, or raise -Xmx",
          e);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      if (e instanceof UnreadablePhotoException known) {
        throw known;
      }
      throw new UnreadablePhotoException(
          Fault.BROKEN,
          Double.NaN,
          Double.NaN,
          name + " is a broken " + format.displayName() + " file: " + firstLine(e)
              + "; export or copy it again",
          e);
    }
  }

  private DecodedPhoto read(String name, byte[] file, PhotoFormat format) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.readerName());
    if (readers.hasNext()) {
      return read(
          name,
          file,
          format,
          readers.next(),
          ExifOrientation.of(ExifOrientation.ExifOrientationReader.of(format, file)));
    }
    PhotoConverter converter = findConverter(name, format);
    long[] size = HeifConverter.HeifSize.of(file);
    requirePixelLimit(name, Math.max(1, size[0]), Math.max(1, size[1]));
    byte[] plain = converter.convert(format, file);
    PhotoFormat plainFormat = PhotoFormat.of(plain)
        .filter(known -> known == PhotoFormat.PNG || known == PhotoFormat.JPEG)
        .orElseThrow(() -> new IOException("the converter's result is neither PNG nor JPEG"));
    ImageReader reader =
        ImageIO.getImageReadersByFormatName(plainFormat.readerName()).next();
    DecodedPhoto decoded = read(name, plain, plainFormat, reader, ExifOrientation.UPRIGHT);
    return new DecodedPhoto(
        decoded.image(),
        format,
        decoded.fullWidth(),
        decoded.fullHeight(),
        decoded.isDamaged(),
        OptionalInt.empty());
  }

  private DecodedPhoto read(
      String name, byte[] file, PhotoFormat format, ImageReader reader, ExifOrientation orientation)
      throws IOException {
    int scans = format == PhotoFormat.JPEG ? JpegSegments.JpegScans.count(file) : 0;
    if (format == PhotoFormat.WEBP) {
      requireComplete(file);
    }
    Optional<byte[]> profile = iccProfile(format, file);
    byte[] bare = format == PhotoFormat.JPEG && profile.isPresent()
        ? new JpegSegments(file).withoutProfile()
        : file;
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bare))) {
      reader.setInput(in, false, true);
      AtomicBoolean damaged = new AtomicBoolean();
      reader.addIIOReadWarningListener((source, warning) ->
          damaged.compareAndSet(false, DAMAGE_WARNING.matcher(warning).find()));
      requirePixelLimit(name, reader.getWidth(0), reader.getHeight(0));
      requirePixelLimit(name, reader.getTileWidth(0), reader.getTileHeight(0));
      int width = reader.getWidth(0);
      int height = reader.getHeight(0);
      boolean byRow = format == PhotoFormat.JPEG && new JpegSegments(bare).isThreeBytesPerPixel();
      RgbImage stored = readWithinMemory(reader, byRow ? scans : 0, width, height);
      RgbImage image = orientation.toUpright(
          profile.map(icc -> SrgbConversion.convert(stored, icc)).orElse(stored));
      boolean turned = orientation.ordinal() >= ExifOrientation.TRANSPOSED.ordinal();
      return new DecodedPhoto(
          image,
          format,
          turned ? height : width,
          turned ? width : height,
          damaged.get(),
          format == PhotoFormat.JPEG ? JpegSegments.JpegQuality.of(file) : OptionalInt.empty());
    } finally {
      reader.dispose();
    }
  }

  // The reader would invent the missing pixels of a truncated lossless image. The length in a RIFF
  // header does not count the header's first eight bytes.
  private static void requireComplete(byte[] webp) throws IOException {
    long announced = 8
        + Integer.toUnsignedLong(
            ByteBuffer.wrap(webp).order(ByteOrder.LITTLE_ENDIAN).getInt(4));
    if (announced > webp.length) {
      throw new IOException("it ends after " + webp.length + " of " + announced + " bytes");
    }
  }

  // Returns the profiles that this class applies after reducing. The readers apply the profiles of
  // other formats.
  private static Optional<byte[]> iccProfile(PhotoFormat format, byte[] file) {
    return switch (format) {
      case JPEG -> new JpegSegments(file).iccProfile();
      case PNG -> new PngChunks(file).iccProfile();
      default -> Optional.empty();
    };
  }

  // Limits the megapixels that are decoded at the same time. Images of usual size do not wait.
  private RgbImage readWithinMemory(ImageReader reader, int scans, int width, int height)
      throws IOException {
    int megapixels =
        (int) Math.max(1, Math.min(MAX_CONCURRENT_MEGAPIXELS, (long) width * height / 1_000_000));
    MEGAPIXELS.acquireUninterruptibly(megapixels);
    try {
      Optional<RgbImage> byRow =
          scans > 0 ? readByRow(reader, scans, width, height) : Optional.empty();
      return byRow.isPresent() ? byRow.get() : readWhole(reader, (long) width * height);
    } finally {
      MEGAPIXELS.release(megapixels);
    }
  }

  // Empty if the reader does not write its rows into the raster, once per scan. Some readers
  // deliver all rows at once because they convert colours themselves, and the raster has no memory
  // for that.
  private Optional<RgbImage> readByRow(ImageReader reader, int scans, int width, int height)
      throws IOException {
    RowReducer.ReducingRaster raster =
        new RowReducer.ReducingRaster(width, height, limits.maxLongSide(), scans);
    ImageReadParam param = reader.getDefaultReadParam();
    param.setDestination(raster.toBufferedImage());
    try {
      reader.read(0, param);
    } catch (RuntimeException allAtOnce) {
      return Optional.empty();
    }
    return raster.isComplete() ? Optional.of(raster.toImage()) : Optional.empty();
  }

  private RgbImage readWhole(ImageReader reader, long pixels) throws IOException {
    ImageReadParam param = reader.getDefaultReadParam();
    int skip = (int) Math.ceil(Math.sqrt((double) pixels / MAX_UNSUBSAMPLED_PIXELS));
    param.setSourceSubsampling(skip, skip, 0, 0);
    return SrgbConversion.convert(reader.read(0, param), limits.maxLongSide());
  }

  private void requirePixelLimit(String name, long width, long height) {
    if (width < 1 || height < 1 || width * height > limits.maxPixels()) {
      throw new UnreadablePhotoException(
          Fault.TOO_MANY_PIXELS,
          (double) width * height,
          limits.maxPixels(),
          String.format(
              Locale.ROOT,
              "%s has %d x %d pixels, more than %d megapixels; save it smaller",
              name,
              width,
              height,
              limits.maxPixels() / 1_000_000),
          null);
    }
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
            name + " is in the "
                + format.displayName()
                + " format, which cannot be read here; save it as JPEG (iPhone: Settings >"
                + " Camera > Formats > Most Compatible; command: heif-convert or magick)"));
  }

  private static String firstLine(Throwable e) {
    String text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return text.lines().findFirst().orElse(text).strip();
  }
}
